"""`@raises`: the errors that a view answers with, marked on the view itself.

Owns the marks and how they are found again behind other decorators. Refuses to wrap
anything: a marked view is the same object, and a request runs through nothing new.
"""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from failwell.responses._documents._codes import Declared, check

View = TypeVar("View", bound=Callable[..., Any])

_MARK = "__failwell_raises__"


def raises(*errors: Declared) -> Callable[[View], View]:
    """Declare the errors that a view answers with.

        @app.post("/rooms/<int:room_id>/meetings")
        @raises(NotFoundError, RoomTakenError, "RATE_LIMITED")
        def book(room_id): ...

    The view only carries a mark; it is not wrapped. The OpenAPI document is made of the
    marks, and under `TESTING` an `AppError` that leaves the view without being declared
    fails the test. `INTERNAL_ERROR` needs no declaration. Works on functions, async
    functions, the methods of a `MethodView` and its class, which stands for all of its
    methods; above or below other decorators, and several times.

    Args:
        errors: Subclasses of `AppError`, each of which also covers its own subclasses;
            or codes of the catalogue, also those that are the phrase of a status, such
            as `METHOD_NOT_ALLOWED`.

    Returns:
        A decorator that returns the view itself.

    Raises:
        TypeError: An argument is neither a class with a code nor a text, or there is
            none; or the view cannot be marked.
        ValueError: A code is not in the catalogue.
    """
    if not errors:
        message = "@raises needs at least one error: @raises(NotFoundError)"
        raise TypeError(message)
    for error in errors:
        check(error)

    def mark(view: View) -> View:
        try:
            known = vars(view).get(_MARK, ())
            setattr(view, _MARK, tuple(dict.fromkeys((*known, *errors))))
        except (AttributeError, TypeError) as failure:
            message = f"@raises cannot mark {view!r}: use it on a function or a class"
            raise TypeError(message) from failure
        return view

    return mark


def declared_errors(
    view: Callable[..., Any], method: str | None = None
) -> tuple[Declared, ...]:
    """Return what `@raises` declares for a view, in the order of declaration.

    Args:
        view: A view function, as `app.view_functions` has it, or a `MethodView` class.
        method: The HTTP method that chooses among the methods of a `MethodView`; None
            takes them all.

    Returns:
        The classes and codes; empty when the view carries no `@raises`.
    """
    kind = view if isinstance(view, type) else getattr(view, "view_class", None)
    functions = list(_unwrapped(view))
    if kind is not None:
        functions += reversed(kind.__mro__)
        functions += _of_methods(kind, method)
    marks = (getattr(f, "__dict__", {}).get(_MARK, ()) for f in functions)
    return tuple(dict.fromkeys(error for mark in marks for error in mark))


def _unwrapped(view: object) -> Iterator[object]:
    # `functools.wraps` copies what was marked before it; what is marked after it is on
    # the outer function alone.
    seen: set[int] = set()
    while view is not None and id(view) not in seen:
        seen.add(id(view))
        yield view
        view = getattr(view, "__wrapped__", None)


def _of_methods(kind: type, method: str | None) -> Iterator[object]:
    names = [method] if method else sorted(getattr(kind, "methods", None) or ())
    for name in names:
        found = getattr(kind, name.lower(), None)
        # Flask answers HEAD by `get` where there is no `head`.
        if found is None and name.upper() == "HEAD":
            found = getattr(kind, "get", None)
        yield from _unwrapped(found)
