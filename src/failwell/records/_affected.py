"""Which users an error has met: told to the sink as hashes, each pair about once.

Owns the hash, and the memory of what was told already. The sink counts distinct users
from these, of errors that are not kept, too.
"""

from hashlib import blake2b

from failwell._clock import Clock
from failwell.records._sink import Sink

_HASH_BYTES = 8
_LIMIT = 4096
_PERIOD_S = 3600


class AffectedUsers:
    """Tells a sink which users each group has.

    Args:
        application: Keys the hash: the same user is another one elsewhere.
        sink: Is told.
        clock: Ends the memory with each hour, for users are counted by day.
    """

    def __init__(self, application: str, sink: Sink, clock: Clock) -> None:
        key = blake2b(application.encode("utf-8", "backslashreplace")).digest()
        self._hash = blake2b(digest_size=_HASH_BYTES, key=key, person=b"failwell-user")
        self._sink = sink
        self._clock = clock
        self._told: set[tuple[bytes, str]] = set()
        self._period = 0

    def note(self, key: bytes, user_id: str) -> None:
        """Tell the sink that the group of `key` has this user, unless it was told lately.

        Raises:
            OSError: The sink did not take it.
        """
        period = int(self._clock.now()) // _PERIOD_S
        if period != self._period or len(self._told) >= _LIMIT:
            self._told.clear()
            self._period = period
        pair = key, user_id
        if pair in self._told:
            return
        hashed = self._hash.copy()
        hashed.update(user_id.encode("utf-8", "backslashreplace"))
        self._sink.note_user(key, hashed.digest())
        self._told.add(pair)
