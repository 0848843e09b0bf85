"""`@raises`: what it accepts, what it leaves as it is, and how it is found again."""

import functools
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.views import MethodView
from werkzeug.exceptions import NotFound

from failwell import AppError, ConflictError, NotFoundError, ValidationError, raises
from failwell.responses import declared_errors


class RoomTakenError(AppError):
    """An application's own error."""

    code = "ROOM_TAKEN"
    status_code = 409


class CodelessError(AppError):
    """An error that says nothing until it is made."""

    def __init__(self) -> None:
        super().__init__("Taken", "TAKEN_SOMEHOW", 409)


class StatuslessError(AppError):
    """An error whose status nobody knows."""

    code = "NEVER_DESCRIBED"


def _passing_on(view: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(view)
    def outer(*args: Any, **values: Any) -> Any:  # noqa: ANN401 - a view's own
        return view(*args, **values)

    return outer


def test_the_view_stays_the_same_object() -> None:
    """Nothing is wrapped: it is called as before, and knows its declaration."""

    def view() -> str:
        return "fine"

    marked = raises(NotFoundError, "RATE_LIMITED")(view)

    assert marked is view
    assert declared_errors(marked) == (NotFoundError, "RATE_LIMITED")


def test_a_view_without_a_mark_declares_nothing() -> None:
    """Which is not the same as declaring that there are no errors."""
    assert declared_errors(lambda: "") == ()


@pytest.mark.parametrize(
    "decorators",
    [
        (_passing_on, raises(NotFoundError), raises(ConflictError)),
        (raises(NotFoundError), _passing_on, raises(ConflictError)),
        (raises(NotFoundError), raises(ConflictError), _passing_on),
        (raises(NotFoundError, ConflictError), _passing_on, _passing_on),
    ],
)
def test_it_is_found_above_and_below_other_decorators(
    decorators: tuple[Callable[..., Any], ...],
) -> None:
    """Also several times on one view, without repeating an error."""

    @raises(ConflictError)
    def view() -> str:
        return "fine"

    wrapped = functools.reduce(lambda made, decorate: decorate(made), decorators, view)

    assert set(declared_errors(wrapped)) == {NotFoundError, ConflictError}
    assert len(declared_errors(wrapped)) == 2


def test_marking_the_wrapper_leaves_the_wrapped_alone() -> None:
    """A view may be served in two ways that fail in different ones."""

    @raises(NotFoundError)
    def view() -> str:
        return "fine"

    outer = raises(ConflictError)(_passing_on(view))

    assert declared_errors(view) == (NotFoundError,)
    assert declared_errors(outer) == (NotFoundError, ConflictError)


def test_a_method_view_declares_by_method_and_by_class() -> None:
    """The class stands for all its methods, and a subclass inherits."""

    @raises(NotFoundError)
    class Rooms(MethodView):
        @raises("RATE_LIMITED")
        def get(self) -> str:
            return "fine"

        @raises(RoomTakenError)
        def post(self) -> str:
            return "fine"

    @raises(ValidationError)
    class Halls(Rooms):
        pass

    app = Flask("backend")
    app.add_url_rule("/rooms", view_func=Rooms.as_view("rooms"))
    app.add_url_rule("/halls", view_func=Halls.as_view("halls"))
    rooms, halls = app.view_functions["rooms"], app.view_functions["halls"]

    assert declared_errors(rooms, "GET") == (NotFoundError, "RATE_LIMITED")
    assert declared_errors(rooms, "HEAD") == (NotFoundError, "RATE_LIMITED")
    assert declared_errors(rooms, "POST") == (NotFoundError, RoomTakenError)
    assert declared_errors(rooms) == (NotFoundError, "RATE_LIMITED", RoomTakenError)
    assert declared_errors(Rooms, "post") == (NotFoundError, RoomTakenError)
    assert declared_errors(halls, "PUT") == (NotFoundError, ValidationError)


def test_an_async_view_is_served_as_before() -> None:
    """Flask still sees the coroutine function."""
    app = Flask("backend")

    @app.get("/")
    @raises(NotFoundError)
    async def view() -> str:
        """Stand for a view that awaits."""
        return "fine"

    assert app.test_client().get("/").text == "fine"
    assert declared_errors(app.view_functions["view"]) == (NotFoundError,)


@pytest.mark.parametrize(
    ("wrong", "kind", "sentence"),
    [
        (AppError, TypeError, "AppError itself would declare everything"),
        (NotFoundError("Room", 7), TypeError, "give NotFoundError itself, without"),
        (NotFound, TypeError, "give 'NOT_FOUND' for NotFound"),
        (KeyError, TypeError, "subclasses of AppError and codes of the catalogue"),
        (404, TypeError, "404 is neither"),
        (CodelessError, TypeError, "as attributes of CodelessError"),
        (StatuslessError, TypeError, "as attributes of StatuslessError"),
        ("NOT_FUOND", ValueError, "did you mean 'NOT_FOUND'"),
        ("ROOM_ON_FIRE", ValueError, "CATALOG.add"),
    ],
)
def test_a_wrong_argument_is_refused_at_decoration(
    wrong: object, kind: type[Exception], sentence: str
) -> None:
    """The sentence says what is allowed."""
    with pytest.raises(kind, match="@raises takes") as refusal:
        raises(wrong)  # type: ignore[arg-type]  # that is the point

    assert sentence in str(refusal.value)


def test_no_argument_and_a_missing_call_are_refused() -> None:
    """Both are forgotten parentheses, or what stands between them."""
    with pytest.raises(TypeError, match="at least one"):
        raises()
    with pytest.raises(TypeError, match="view is neither"):

        @raises  # type: ignore[arg-type]  # that is the point
        def view() -> str:
            return "fine"


def test_what_cannot_be_marked_is_refused() -> None:
    """A bound method has no place for a mark of its own."""

    class Desk:
        def serve(self) -> str:
            return "fine"

    with pytest.raises(TypeError, match="function or a class"):
        raises(NotFoundError)(Desk().serve)


def test_a_phrase_of_a_status_is_a_code() -> None:
    """What `abort(415)` answers can be declared, though no entry describes it."""
    mark = raises("UNSUPPORTED_MEDIA_TYPE")

    assert declared_errors(mark(lambda: "")) == ("UNSUPPORTED_MEDIA_TYPE",)
