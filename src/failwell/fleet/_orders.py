"""How the breakers of a process come to do what operators order.

The last order for a name counts; where orders are kept is not known here.
"""

from collections.abc import Iterable

from failwell.resilience import CIRCUITS
from failwell.store import CircuitOrder


class Follower:
    """Has the breakers of this process do what is ordered.

    A breaker that has been let go by code of the application meanwhile is held again, and
    one that is made later is held from the start. What this follower never held, it does
    not let go; so overrides that a program sets by itself stay, and several followers do
    not disturb one another.
    """

    def __init__(self) -> None:
        self._known: dict[str, CircuitOrder] | None = None

    def follow(self, orders: Iterable[CircuitOrder]) -> None:
        """Obey the orders there are now; those that are gone no longer count."""
        before, now = self._known, {order.name: order for order in orders}
        self._known = now
        for name, order in now.items():
            if order.override is not None:
                _hold(name, order.override)
            elif before is not None and order != before.get(name):
                # An old one says nothing to a process that has just begun: what has
                # opened there opened since.
                CIRCUITS.hold(name, None)
        for name, order in (before or {}).items():
            if name not in now and order.override is not None:
                CIRCUITS.hold(name, None)


def _hold(name: str, override: str) -> None:
    is_new = CIRCUITS.override(name) != override
    if is_new or any(b.override != override for b in CIRCUITS.named(name)):
        CIRCUITS.hold(name, override)
