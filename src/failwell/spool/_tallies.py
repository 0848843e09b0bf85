"""How often a process counted what, in the present hour and minute."""

from failwell.records import Tally

_MAX_KEYS = 20_000


class Tallies:
    """Counts of this process since the hour began. Calls need the owner's lock.

    Past 20,000 keys in an hour all tallies begin again: memory stays bounded, and the
    worst that follows is that more is kept than was asked for.
    """

    def __init__(self) -> None:
        self._hour = -1
        self._keys: dict[bytes, list[int]] = {}

    def add(self, key: bytes, minute: int) -> Tally:
        """Add one to a key in a minute since 1970 and return the tally."""
        hour = minute // 60
        if hour != self._hour or len(self._keys) >= _MAX_KEYS:
            self._hour = hour
            self._keys.clear()
        tally = self._keys.get(key)
        if tally is None:
            tally = self._keys[key] = [0, minute, 0]
        in_hour, last_minute, in_minute = tally
        in_minute = in_minute + 1 if last_minute == minute else 1
        tally[:] = in_hour + 1, minute, in_minute
        return Tally(in_hour + 1, in_minute)

    def in_hour(self, key: bytes) -> int:
        """Return how often a key was tallied in the hour of the latest tally."""
        tally = self._keys.get(key)
        return 0 if tally is None else tally[0]
