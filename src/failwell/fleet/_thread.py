"""The thread that takes a process's turns at the board, beside its requests."""

import contextlib
import logging
import os
import threading
import weakref
from collections.abc import Callable

from failwell._dice import DICE
from failwell.store import StoreError

_logger = logging.getLogger("failwell")

_JITTER = 0.2


class TurnThread:
    """One daemon thread in each process that asks for it; it ends with this object.

    Args:
        make_turn: Returns what takes a turn; called once in each process, by its thread.
            It must not hold this object, which the thread does not either.
        interval_s: How long it rests between two turns, give or take a fifth.
    """

    def __init__(
        self, make_turn: Callable[[], Callable[[], None]], interval_s: float
    ) -> None:
        self._make_turn = make_turn
        self._interval_s = interval_s
        # A thread does not survive a fork, and a lock may be inherited while held.
        self._processes: dict[int, _Process] = {}

    def start(self) -> None:
        """Start the thread of this process, once; never raises.

        Where no thread can be had, the next call tries again.
        """
        pid = os.getpid()
        known = self._processes.get(pid)
        if known is None:
            made = _Process(self._make_turn, self._interval_s)
            known = self._processes.setdefault(pid, made)
            weakref.finalize(self, known.end)
        known.start()

    def stop(self, timeout_s: float = 5.0) -> None:
        """End the thread of this process, waiting at most that long."""
        known = self._processes.pop(os.getpid(), None)
        if known is not None:
            known.stop(timeout_s)


class _Process:
    def __init__(
        self, make_turn: Callable[[], Callable[[], None]], interval_s: float
    ) -> None:
        self._make_turn = make_turn
        self._interval_s = interval_s
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_away = False

    def start(self) -> None:
        if self._thread is not None:
            return
        with self._lock, contextlib.suppress(RuntimeError):
            if self._thread is None:
                thread = threading.Thread(
                    target=self._run, name="failwell-circuits", daemon=True
                )
                thread.start()
                self._thread = thread

    def end(self) -> None:
        self._stop.set()

    def stop(self, timeout_s: float) -> None:
        self.end()
        with self._lock:
            if self._thread is not None:
                self._thread.join(timeout_s)

    def _run(self) -> None:
        take: Callable[[], None] | None = None
        while not self._stop.is_set():
            try:
                take = take or self._make_turn()
                take()
            except StoreError as error:
                self._note_outage(error.describe())
            except Exception as error:  # noqa: BLE001 - a dead thread would obey nothing
                self._note_outage(f"{type(error).__name__}: {error}")
            else:
                self._note_return()
            # Processes that were started together do not come together for ever.
            spread = DICE.uniform(1 - _JITTER, 1 + _JITTER)
            self._stop.wait(self._interval_s * spread)

    def _note_outage(self, what: str) -> None:
        if not self._is_away:
            self._is_away = True
            self._write(
                logging.WARNING,
                "%s; circuit breakers go on, held to what was ordered last",
                what,
            )

    def _note_return(self) -> None:
        if self._is_away:
            self._is_away = False
            self._write(logging.INFO, "Orders for circuit breakers are read again")

    def _write(self, level: int, line: str, *args: object) -> None:
        # It may be the log that fails: a filter or handler of the application's.
        with contextlib.suppress(Exception):
            _logger.log(level, line, *args)
