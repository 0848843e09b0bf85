"""The breakers of this process by name, and what an operator holds them to.

Owns that a breaker which is made later is held, too.
"""

from collections.abc import Mapping
from typing import Protocol, TypeVar

from failwell.resilience._circuits._states import CircuitOverride
from failwell.resilience._registry import Named, Registry


class Held(Named, Protocol):
    """A breaker, as an operator sees it."""

    @property
    def override(self) -> CircuitOverride | None:
        """What it is held to."""

    def hold(self, override: CircuitOverride | None) -> None:
        """Hold it to a state; None lets the calls decide again."""


B = TypeVar("B", bound=Held)


class Circuits(Registry[B]):
    """All living breakers, and the overrides of their names."""

    def __init__(self) -> None:
        super().__init__()
        self._overrides: dict[str, CircuitOverride] = {}

    def override(self, name: str) -> CircuitOverride | None:
        """Return what breakers of this name are held to, None when they are not."""
        return self._overrides.get(name)

    @property
    def overrides(self) -> Mapping[str, CircuitOverride]:
        """What is held, by name."""
        return dict(self._overrides)

    def hold(self, name: str, override: CircuitOverride | str | None) -> int:
        """Hold all breakers of a name, those to come too; None lets them go.

        Args:
            name: Their name.
            override: A `CircuitOverride` or its value.

        Returns:
            How many breakers of this name there are now.

        Raises:
            ValueError: It is none of those.
        """
        kind = None if override is None else CircuitOverride(override)
        if kind is None:
            self._overrides.pop(name, None)
        else:
            self._overrides[name] = kind
        breakers = self.named(name)
        for breaker in breakers:
            breaker.hold(kind)
        return len(breakers)
