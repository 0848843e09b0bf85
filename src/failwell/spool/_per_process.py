"""A state that each process has for itself."""

import os
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class PerProcess(Generic[T]):
    """Gives every process its own state, made at the first use after a fork.

    It asks for the process id each time: not every fork is Python's, and those run no
    hooks. It has no lock, which a fork could leave locked.

    Args:
        make: Makes a state; it must hold nothing that needs closing yet.
        abandon: Lets go of the state that was inherited from the parent.
    """

    def __init__(self, make: Callable[[], T], abandon: Callable[[T], None]) -> None:
        self._make = make
        self._abandon = abandon
        self._by_pid: dict[int, T] = {}

    def get(self) -> T:
        """Return this process's state."""
        found = self._by_pid.get(os.getpid())
        return self._enter() if found is None else found

    def _enter(self) -> T:
        pid = os.getpid()
        # Both are atomic: of two threads that come here, one makes and one abandons.
        mine = self._by_pid.setdefault(pid, self._make())
        for other in [known for known in list(self._by_pid) if known != pid]:
            inherited = self._by_pid.pop(other, None)
            if inherited is not None:
                self._abandon(inherited)
        return mine
