"""What there is by name: breakers, bulkheads, budgets, policies.

Owns no life: what nobody else holds is gone from here, too. So a breaker for each of a
thousand hosts may be made and forgotten.
"""

import threading
import weakref
from collections.abc import Iterator
from typing import Generic, Protocol, TypeVar


class Named(Protocol):
    """What can be registered."""

    @property
    def name(self) -> str:
        """What it is found by."""


T = TypeVar("T", bound=Named)


class Registry(Generic[T]):
    """The living things of one kind; several may have the same name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._things: weakref.WeakSet[T] = weakref.WeakSet()

    def add(self, thing: T) -> None:
        """Make it known while somebody holds it."""
        with self._lock:
            self._things.add(thing)

    def named(self, name: str) -> list[T]:
        """Return those of this name: none, one, or several that were made alike."""
        return [thing for thing in self if thing.name == name]

    def __iter__(self) -> Iterator[T]:
        """Go through all of them, sorted by name."""
        with self._lock:
            things = list(self._things)
        return iter(sorted(things, key=lambda thing: thing.name))
