"""The thread that brings to the disk what the kernel holds.

Owns the bound on what a power cut can take, and the group commit: whoever waits for the
disk waits for the next round, which covers all that were written before it began. The
thread alone syncs and closes units, so that no request hangs with the disk, and none is
closed while it is being synced.
"""

import contextlib
import errno
import logging
import queue
import threading
from collections import deque
from collections.abc import Callable
from enum import Enum

from failwell.records import NotSyncedError
from failwell.spool._live_unit import LiveUnit

_logger = logging.getLogger("failwell")

INTERVAL_S = 0.1
"""Seconds after which what was written is brought to the disk."""
PATIENCE_S = 2.0
"""Seconds that anybody waits for the disk, at most."""


class _Token(Enum):
    SYNC = "something was written"
    NOW = "somebody waits for it"
    END = "sync once more and end"


class Syncer:
    """Syncs a writer's unit while there is something to sync.

    What ends in `_locked` needs the writer's lock, which no round holds while it syncs.

    Args:
        prepare: Returns the unit to sync now, or None; True beside it asks for
            another round even if nothing is written.
    """

    def __init__(self, prepare: Callable[[], tuple[LiveUnit | None, bool]]) -> None:
        self._prepare = prepare
        self._retired: deque[LiveUnit] = deque()
        # A SimpleQueue may be used again by a signal handler or a destructor that
        # interrupts it; an Event would deadlock.
        self._tokens: queue.SimpleQueue[_Token] = queue.SimpleQueue()
        self._round = threading.Lock()
        self._thread: threading.Thread | None = None
        self.is_awake = False
        """Whether a round follows in which all that is written now is synced."""
        self._failures = 0
        self._waiting: deque[queue.SimpleQueue[None]] = deque()
        self._is_late = False
        self._is_refused = False

    def wake_locked(self) -> None:
        """Have what was written until now synced."""
        if self.is_awake or (self._thread is None and not self._start()):
            return
        self.is_awake = True
        self._tokens.put(_Token.SYNC)

    def mark(self) -> int:
        """Return what `wait` must be given: to be asked for before the writing."""
        # What is waited for may have been counted before a round that failed.
        return -1 if self._is_refused else self._failures

    def wait(self, mark: int) -> None:
        """Return when all that this thread wrote is on the disk.

        A sync that failed since the mark counts against it, whoever it was for: the
        kernel tells of lost pages once, and forgets. While a sync takes longer than 2
        seconds nobody else waits for it.

        Raises:
            NotSyncedError: It may not be on the disk.
        """
        # A destructor may record on the thread itself, which cannot wait for itself.
        thread = self._thread
        if self._is_late or thread is None or thread is threading.current_thread():
            raise NotSyncedError(errno.EAGAIN, "no sync can be waited for at present")
        done: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._waiting.append(done)
        self._tokens.put(_Token.NOW)
        try:
            done.get(timeout=PATIENCE_S)
        except queue.Empty:
            self._is_late = True
            message = f"the disk did not answer within {PATIENCE_S:g} seconds"
            raise NotSyncedError(errno.ETIMEDOUT, message) from None
        if self._failures != mark:
            raise NotSyncedError(errno.EIO, "the disk refused a sync")

    def retire_locked(self, unit: LiveUnit) -> None:
        """Have a unit synced and closed, which nobody writes any more."""
        self._retired.append(unit)
        self.is_awake = False
        self.wake_locked()
        if self._thread is None:
            self.abandon()

    def end_locked(self) -> threading.Thread | None:
        """Have the thread end after a last round; return it to be waited for."""
        thread, self._thread = self._thread, None
        self._tokens.put(_Token.END)
        self.is_awake = False
        return thread

    def abandon(self) -> None:
        """Close what was retired, without bringing it to the disk."""
        while self._retired:
            self._retired.popleft().close()

    def _start(self) -> bool:
        tokens: queue.SimpleQueue[_Token] = queue.SimpleQueue()
        thread = threading.Thread(
            target=self._run, args=(tokens,), name="failwell-spool-sync", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            # No thread can be had, at exit for example. The kernel writes back in
            # its own time, and the next call tries again.
            return False
        self._tokens, self._thread = tokens, thread
        return True

    def _run(self, tokens: "queue.SimpleQueue[_Token]") -> None:
        token = _Token.SYNC
        while token is not _Token.END:
            token = tokens.get()
            if token is _Token.SYNC:
                token = self._pause(tokens)
            # Of many that waited, the first one's round took the others along.
            if self.is_awake or self._waiting or token is _Token.END:
                self._go_round(tokens)

    def _pause(self, tokens: "queue.SimpleQueue[_Token]") -> _Token:
        try:
            return tokens.get(timeout=INTERVAL_S)
        except queue.Empty:
            return _Token.SYNC

    def _go_round(self, tokens: "queue.SimpleQueue[_Token]") -> None:
        self.is_awake = False
        # First of all: what comes later may have written to what is not synced below.
        waiting = [self._waiting.popleft() for _ in range(len(self._waiting))]
        try:
            if self._sync_all():
                self.is_awake = True
                tokens.put(_Token.SYNC)
        except Exception as error:  # noqa: BLE001 - without a thread no unit is closed
            self._complain(error)
        self._is_late = False
        for done in waiting:
            done.put(None)

    def _sync_all(self) -> bool:
        with self._round:
            unit, again = self._prepare()
            if unit is not None:
                self._sync(unit)
            while self._retired:
                retired = self._retired.popleft()
                self._sync(retired)
                retired.finish()
        return again

    def _sync(self, unit: LiveUnit) -> None:
        try:
            unit.sync()
            self._is_refused = False
        except OSError as error:
            self._complain(error)

    def _complain(self, error: Exception) -> None:
        self._failures += 1
        if self._is_refused:
            return
        self._is_refused = True
        # It may be the log that fails: a filter or handler of the application's.
        with contextlib.suppress(Exception):
            _logger.error(
                "The spool cannot be brought to the disk (%s: %s): a power cut may "
                "take what was recorded since; check the disk",
                type(error).__name__,
                error,
            )
