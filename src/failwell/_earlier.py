"""That other errors came before one: the attempts of a call that was made again.

Owns how an error tells it: each earlier one is the context at the end of all that led to
the next, as if it were still being handled, and a mark says where they begin. By the mark
who groups errors tells what came before an error from what led to it.
"""

from collections.abc import Sequence

_MARK = "__failwell_earlier__"
_LONGEST = 10

# A class that lets no attribute be set, as a frozen dataclass, is told all the same.
_set_context = BaseException.__dict__["__context__"].__set__


def is_earlier(error: BaseException) -> bool:
    """Return whether the context of `error` came before it, and did not lead to it."""
    # Python itself may have put another context in its place.
    context = error.__context__
    return context is not None and error.__dict__.get(_MARK) == id(context)


def put_before(error: BaseException, earlier: Sequence[BaseException]) -> None:
    """Say that these came before `error`; causes stay, and contexts of its own.

    What was said before of an error that is raised again does not. Where one belongs to
    what led to the next, or more than ten errors led to either, it is left out.

    Args:
        error: The error that comes out.
        earlier: Those before it, in the order in which they were raised.
    """
    is_marked = False
    for before in reversed(earlier):
        try:
            # Nearly all errors have no context, and need no look at what led to them.
            alone = error.__context__ is None and before.__context__ is None
            end = error if alone and error is not before else _end(error, before)
            if end is not None:
                _set_context(end, before)
                if not is_marked:
                    end.__dict__[_MARK] = id(before)
                    is_marked = True
        except Exception:  # noqa: BLE001 - a class may replace these attributes by code; what counts is the error
            return
        error = before


def _end(error: BaseException, before: BaseException) -> BaseException | None:
    """Return the first of what led to `error`, None where a circle would come of it."""
    own, known = _line(error, is_own=True), _line(before, is_own=False)
    if not own or not known or any(own[-1] is one for one in known):
        return None
    return own[-1]


def _line(error: BaseException, *, is_own: bool) -> list[BaseException]:
    """Return `error` and its contexts, the first last; empty where there are too many."""
    line = [error]
    while (context := line[-1].__context__) is not None:
        if is_own and is_earlier(line[-1]):
            break
        if len(line) > _LONGEST:
            return []
        line.append(context)
    return line
