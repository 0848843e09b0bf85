"""Which exceptions were captured already, so that each counts once.

The mark stands on the exception itself: a table of exceptions would hold them and
their frames, or take a reused address for an old acquaintance.
"""

import msgspec

_MARK = "_failwell_seen"
# Every exception has this dictionary, whatever its class makes of `__dict__`,
# `__setattr__` and `__slots__`; and no code of that class runs to reach it.
_dictionary = vars(BaseException)["__dict__"].__get__


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What a captured exception carries."""

    request_id: str | None
    error_id: str
    kept: bool
    explicit: bool

    def __reduce__(self) -> tuple[type[tuple[object, ...]], tuple[tuple[object, ...]]]:
        """Be pickled as a plain tuple: who reads the exception may have no failwell."""
        return tuple, (msgspec.structs.astuple(self),)


def seen_in(error: BaseException, request_id: str | None) -> Seen | None:
    """Return the mark that `error` got in this request, or None.

    An object that is raised again in another request is another error. What is done
    outside of requests belongs to any: a thread that logs its error and hands it to the
    request that waits for it reports one error.
    """
    mark = _dictionary(error).get(_MARK)
    if mark is None:
        return None
    seen = mark if isinstance(mark, Seen) else _unpickled(mark)
    if seen is None or seen.request_id == request_id or request_id is None:
        return seen
    if seen.request_id is None:
        # It belongs to this request from now on, so that it is new to the next one.
        seen = msgspec.structs.replace(seen, request_id=request_id)
        mark_seen(error, seen)
        return seen
    return None


def _unpickled(mark: object) -> Seen | None:
    try:
        return Seen(*msgspec.convert(mark, tuple[str | None, str, bool, bool]))
    except msgspec.ValidationError:
        # Another program's, of the same name.
        return None


def mark_seen(error: BaseException, seen: Seen) -> None:
    """Leave the mark."""
    _dictionary(error)[_MARK] = seen
