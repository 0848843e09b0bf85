"""Which exceptions were captured already, so that each counts once in a request.

The mark stands on the exception itself: a table of exceptions would hold them and
their frames, or take a reused address for an old acquaintance.
"""

import msgspec

_MARK = "_failwell_seen"


class Seen(msgspec.Struct, frozen=True, gc=False):
    """What a captured exception carries."""

    request_id: str | None
    error_id: str
    kept: bool
    explicit: bool


def seen_in(error: BaseException, request_id: str | None) -> Seen | None:
    """Return the mark that `error` got in this request, or None.

    An object that is raised again in another request is another error.
    """
    try:
        seen = error.__dict__.get(_MARK)
    except Exception:  # noqa: BLE001 - a class may replace the attribute by code
        return None
    return seen if isinstance(seen, Seen) and seen.request_id == request_id else None


def mark_seen(error: BaseException, seen: Seen) -> None:
    """Leave the mark; where an exception refuses it, it will count again."""
    # Past `__setattr__`, which frozen ones close.
    try:
        error.__dict__[_MARK] = seen
    except Exception:  # noqa: BLE001 - as said above; nothing else depends on it
        return
