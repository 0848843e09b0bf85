"""The writer's lock: taken by threads that run, and not by those that wait to.

A thread that blocks in a lock is handed it before it has the interpreter, and holds it
while it waits for that: every other one blocks in its turn, and each call costs two
switches between cores, so that eight threads on two cores count a third of what one does.
This lock is only ever tried, by whoever has the interpreter at that moment.
"""

import threading
import time

_NAP_S = 0.00005
_NAPS = 40


class TurnLock:
    """A re-entrant lock for what takes microseconds.

    `take` stands within the `try` whose `finally` gives it back: a signal that raises
    may come as soon as it is taken. No context manager written in Python can do that.
    """

    __slots__ = ("_acquire", "_release")

    def __init__(self) -> None:
        lock = threading.RLock()
        self._acquire, self._release = lock.acquire, lock.release

    def take(self) -> None:
        """Wait for it."""
        if self._acquire(blocking=False):
            return
        for _ in range(_NAPS):
            # Not an injected clock's: a thread that has the lock waits for this one to
            # let go of the interpreter.
            time.sleep(_NAP_S)  # noqa: TID251 - see above
            if self._acquire(blocking=False):
                return
        # Whoever has it so long waits for a disk.
        self._acquire()

    def give_back(self) -> None:
        """Let others take it; does nothing where this thread has not taken it."""
        try:  # noqa: SIM105 - suppress() would cost as much as all else
            self._release()
        except RuntimeError:
            pass
