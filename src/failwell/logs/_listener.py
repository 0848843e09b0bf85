"""One thread of the process writes what every other thread hands over.

Owns the queue, the thread, and what becomes of both in a fork and at exit. Knows
nothing of logging but the name of its own thread and one warning about lost lines.
"""

import atexit
import contextlib
import logging
import os
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, NamedTuple

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.logs._escape import escape

Consume = Callable[[Any], None]

_LIMIT = 10_000
_PATIENCE_S = 0.25
_EXIT_S = 2.0
_EXIT_ROUNDS = 5
_FORK_S = 1.0
_LULL_S = 0.01

_log = logging.getLogger(__name__)


class _Worker(NamedTuple):
    pid: int
    # Not queue.Queue: its lock deadlocks when a finaliser logs during `get`.
    queue: SimpleQueue[tuple[Consume, Any] | None]
    thread: threading.Thread


class Listener:
    """Calls `consume(item)` for every `put(consume, item)`, in order, on its thread.

    The thread starts with the first item of a process, and anew after a fork. When
    10,000 items wait, a caller waits up to a quarter of a second for room; after that
    the item is dropped, counted, and the count is logged once there is room again.

    Args:
        clock: Where the patience comes from.
    """

    def __init__(self, *, clock: Clock = SYSTEM_CLOCK) -> None:
        self._clock = clock
        self.renew()

    def renew(self) -> None:
        """Forget the thread and its queue; in a forked child they are the parent's."""
        self._worker: _Worker | None = None
        # Reentrant, both: a signal handler may log, a log handler may fork.
        self._starting = threading.RLock()
        # Held while an item is consumed.
        self._consuming = threading.RLock()
        self._paused_by: int | None = None
        self._closed = False
        self._jammed = False
        self._dropped = 0

    def put(self, consume: Consume, item: object) -> None:
        """Hand `item` over; where no thread can take it, consume it here."""
        worker = self._worker
        # Besides the fork hook: servers written in C may fork without calling it.
        if worker is None or worker.pid != os.getpid():
            worker = self._start()
        if worker is None:
            consume_safely(consume, item)
        elif worker.queue.qsize() < _LIMIT or self._wait_for_room(worker):
            worker.queue.put((consume, item))
        else:
            self._dropped += 1

    def is_current(self) -> bool:
        """Return whether the calling thread is the listener's."""
        worker = self._worker
        return worker is not None and worker.thread is threading.current_thread()

    def settle(self, timeout_s: float = 2.0) -> bool:
        """Wait until what was put before is consumed; return whether it was."""
        worker = self._worker
        if worker is None or worker.pid != os.getpid() or self.is_current():
            return True
        reached = threading.Event()
        worker.queue.put((lambda _: reached.set(), None))
        return reached.wait(timeout_s)

    def stop(self, timeout_s: float = _EXIT_S) -> None:
        """Consume what waits and end the thread.

        Gives up after `timeout_s` without progress, and after five times as long.
        """
        worker, self._worker = self._worker, None
        if worker is None or worker.pid != os.getpid():
            return
        worker.queue.put(None)
        for _ in range(_EXIT_ROUNDS):
            waiting = worker.queue.qsize()
            worker.thread.join(timeout_s)
            if not worker.thread.is_alive() or worker.queue.qsize() >= waiting:
                break
        # What a caller put behind the end mark while this happened.
        while not worker.thread.is_alive() and not worker.queue.empty():
            if (job := worker.queue.get()) is not None:
                consume_safely(*job)

    def close(self) -> None:
        """Stop for good: from now on every item is consumed by its caller."""
        self._closed = True
        self.stop()

    def pause(self) -> None:
        """Wait up to a second until no item is being consumed, and hold it so.

        Before a fork: else the child would inherit half a line in a file's buffer, or
        a lock of the interpreter's that nobody in the child will ever release.
        """
        if self._consuming.acquire(timeout=_FORK_S):
            self._paused_by = threading.get_ident()

    def resume(self) -> None:
        """Go on after `pause`, if that one got hold of it."""
        if self._paused_by == threading.get_ident():
            self._paused_by = None
            self._consuming.release()

    def _start(self) -> _Worker | None:
        with self._starting:
            if self._closed:
                return None
            worker = self._worker
            if worker is not None and worker.pid == os.getpid():
                return worker
            queue: SimpleQueue[tuple[Consume, Any] | None] = SimpleQueue()
            thread = threading.Thread(
                target=self._run, args=(queue,), name="failwell-log", daemon=True
            )
            try:
                thread.start()
            except RuntimeError:
                # No thread to be had: at the interpreter's end, or at the limit of
                # the machine. The caller then does the work.
                return None
            self._worker = worker = _Worker(os.getpid(), queue, thread)
            _stop_with_multiprocessing(self)
            return worker

    def _run(self, queue: SimpleQueue[tuple[Consume, Any] | None]) -> None:
        while (job := queue.get()) is not None:
            with self._consuming:
                consume_safely(*job)
            del job
            self._jammed = False
            if queue.empty():
                # Lines come in bursts: to be woken for each would cost the thread that
                # hands it over more than the line itself.
                self._clock.sleep(_LULL_S)
            if self._dropped and queue.qsize() < _LIMIT // 2:
                dropped, self._dropped = self._dropped, 0
                _log.warning(
                    "%d log lines were dropped: the handlers could not keep up",
                    dropped,
                )

    def _wait_for_room(self, worker: _Worker) -> bool:
        deadline = self._clock.monotonic() + _PATIENCE_S
        while worker.queue.qsize() >= _LIMIT and not self.is_current():
            if self._jammed or self._clock.monotonic() >= deadline:
                # Nobody waits again until the thread has finished an item.
                self._jammed = True
                return False
            self._clock.sleep(0.001)
        return True


def consume_safely(consume: Consume, item: object) -> None:
    """Call `consume(item)`; a failure goes to standard error and no further."""
    try:
        consume(item)
    except Exception as error:  # noqa: BLE001 - one bad item must not end the thread
        complain(f"a log line was lost: {type(error).__name__}: {error}")


def complain(message: str) -> None:
    """Write one line to standard error, whatever state it is in."""
    # Nothing is left to complain to where standard error is closed or full.
    with contextlib.suppress(Exception):
        sys.stderr.write(f"failwell: {escape(message)}\n")


def _stop_with_multiprocessing(listener: Listener) -> None:
    # A child of multiprocessing ends without atexit; it runs its own finalisers. The
    # module is there exactly when this process may be such a child.
    util = sys.modules.get("multiprocessing.util")
    if util is not None:
        util.Finalize(None, listener.stop, exitpriority=0)


LISTENER = Listener()
"""The listener of this process."""

atexit.register(LISTENER.close)
if hasattr(os, "register_at_fork"):  # not on Windows
    os.register_at_fork(
        before=LISTENER.pause,
        after_in_parent=LISTENER.resume,
        after_in_child=LISTENER.renew,
    )
