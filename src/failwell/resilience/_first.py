"""The first circuit breaker of a process, for those who have nothing to do before it.

Owns that nobody has to load the breakers to learn that there are none. Holds nobody.
"""

import weakref
from collections.abc import Callable


class First:
    """Something that comes once, and who waits for it."""

    def __init__(self) -> None:
        self._has_come = False
        self._waiting: dict[weakref.WeakMethod[Callable[[], object]], None] = {}

    def announce(self) -> None:
        """Say that it is there; those who wait are called, each once."""
        self._has_come = True
        while self._waiting:
            try:
                waiting = self._waiting.popitem()[0]()
            except KeyError:  # somebody else said so at the same time
                return
            if waiting is not None:
                waiting()

    def call(self, method: Callable[[], object]) -> None:
        """Have a method called when it is there, or now; it must not raise.

        To ask again before it is there changes nothing. A method whose object is gone by
        then is not called.
        """
        # In this order: of the one who comes and the one who waits, one sees the other.
        self._waiting[weakref.WeakMethod(method)] = None
        if self._has_come:
            self.announce()


FIRST_CIRCUIT = First()
"""The first breaker of this process."""
