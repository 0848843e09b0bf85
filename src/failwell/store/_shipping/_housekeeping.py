"""Retention in the pauses of the shipper: when it is due, and for how long at once."""

from collections.abc import Callable, Iterator

from failwell._clock import Clock
from failwell.store._errors import StoreError
from failwell.store._model import Pruned
from failwell.store._store import Store

_EVERY_S = 60.0
_LONGEST_S = 0.25
_ROUNDS_PER_THOROUGH = 60


class Housekeeper:
    """Prunes a store once a minute, and once an hour thoroughly; used by one thread.

    Args:
        store: What is pruned.
        clock: Says when it is due.
    """

    def __init__(self, store: Store, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._steps: Iterator[Pruned] | None = None
        self._rounds = 0
        self._due = clock.monotonic() + _EVERY_S

    def work(self, proceed: Callable[[], bool]) -> None:
        """Take what steps are due, a quarter of a second at most; then go on next time.

        Args:
            proceed: Asked after each step; False ends it early.
        """
        begin = self._clock.monotonic()
        if self._steps is None:
            if begin < self._due:
                return
            thorough = self._rounds % _ROUNDS_PER_THOROUGH == 0
            self._steps = self._store.prune(thorough=thorough)
        try:
            for _ in self._steps:
                if not proceed() or self._clock.monotonic() - begin > _LONGEST_S:
                    return
        except StoreError:
            # The shipper says so where the store is away, and the next round does what
            # was not done.
            pass
        self._steps = None
        self._rounds += 1
        self._due = self._clock.monotonic() + _EVERY_S
