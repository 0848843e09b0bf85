"""What a process remembers from one batch to the next: nothing that has to be true."""

from failwell.store._intake._stacks import StackReader

_MOST_FACETS = 50_000


class Memory:
    """Saves work; where it is wrong or empty, the work is done again."""

    def __init__(self) -> None:
        self.stacks = StackReader()
        self._facets: set[tuple[int, str, str]] = set()

    def knows_facet(self, key: tuple[int, str, str]) -> bool:
        """Return whether a facet is known to have a row of its own."""
        return key in self._facets

    def note_facet(self, key: tuple[int, str, str]) -> None:
        """Note that a facet has a row of its own."""
        if len(self._facets) >= _MOST_FACETS:
            self._facets.clear()
        self._facets.add(key)
