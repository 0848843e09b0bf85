"""`Failwell.map`: the rows that an application adds to the table."""

from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from werkzeug.exceptions import Gone

from failwell import AppError, ConflictError, Failwell, NotFoundError
from failwell.responses import to_app_error


class SeatTakenError(LookupError):
    """An application's own error that knows nothing of HTTP."""

    def __init__(self, seat: str = "7a") -> None:
        super().__init__(f"secret {seat}")
        self.seat = seat


class LastSeatTakenError(SeatTakenError):
    """A kind of it."""


Answer = Callable[[Exception], tuple[int, str, str]]


@pytest.fixture
def failwell() -> Failwell:
    """An extension without an application."""
    return Failwell()


@pytest.fixture
def answer(failwell: Failwell, app: Flask) -> Answer:
    """Return the status, code and message that an error is answered with."""

    def raise_and_read(error: Exception) -> tuple[int, str, str]:
        app.view_functions["fails"] = lambda: _raise(error)
        response = app.test_client().get("/fails")
        body = response.get_json()["error"]
        return response.status_code, body["code"], body["message"]

    return raise_and_read


@pytest.fixture
def app(failwell: Failwell) -> Iterator[Flask]:
    """An application under test with one route."""
    app = Flask("backend")
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    failwell.init_app(app)
    app.add_url_rule("/fails", "fails")
    yield app
    app.extensions["failwell"].store.close()


def _raise(error: Exception) -> None:
    raise error


def test_an_instance_is_copied_for_each_answer(
    failwell: Failwell, answer: Answer
) -> None:
    """What one answer does to its error leaves the next one alone."""
    failwell.map(
        SeatTakenError, to=ConflictError("The seat is taken", {"hint": "try 8a"})
    )

    first, second = (to_app_error(SeatTakenError()) for _ in range(2))
    assert first.code == "INTERNAL_ERROR", "outside of the application nothing is known"
    assert answer(SeatTakenError()) == (409, "CONFLICT", "The seat is taken")
    assert first is not second


def test_a_copy_shares_no_details(failwell: Failwell, app: Flask) -> None:
    """A handler may add to the details of the error that it was given."""
    template = ConflictError("The seat is taken")
    failwell.map(SeatTakenError, to=template)

    with app.app_context():
        made = to_app_error(SeatTakenError())
    made.details["seat"] = "7a"

    assert made is not template
    assert template.details == {}
    assert isinstance(made.__cause__, SeatTakenError)


def test_a_class_is_made_without_arguments(failwell: Failwell, answer: Answer) -> None:
    """Its default message is sent, never the text of the exception."""
    failwell.map(SeatTakenError, to=ConflictError)

    status, code, message = answer(SeatTakenError())

    assert (status, code) == (409, "CONFLICT")
    assert "secret" not in message


def test_a_function_gets_the_exception(failwell: Failwell, answer: Answer) -> None:
    """It chooses what of it the client may see."""
    failwell.map(SeatTakenError, to=lambda error: NotFoundError("Seat", error.seat))

    assert answer(SeatTakenError("9c")) == (
        404,
        "NOT_FOUND",
        "Seat with id 9c not found",
    )


def test_the_nearest_class_counts(failwell: Failwell, answer: Answer) -> None:
    """Whatever was declared first; a second row for a class replaces the first."""
    failwell.map(LookupError, to=AppError("a", "A", 410))
    failwell.map(LastSeatTakenError, to=AppError("b", "B", 410))
    failwell.map(SeatTakenError, to=AppError("c", "C", 410))
    failwell.map(SeatTakenError, to=AppError("d", "D", 410))

    raised = (LastSeatTakenError(), SeatTakenError(), KeyError())
    assert [answer(error)[1] for error in raised] == ["B", "D", "A"]


def test_a_row_goes_before_what_failwell_knows(
    failwell: Failwell, answer: Answer
) -> None:
    """An HTTP exception, say, may mean something of its own here."""
    failwell.map(Gone, to=AppError("Moved out", "MOVED_OUT", 410))

    assert answer(Gone()) == (410, "MOVED_OUT", "Moved out")


def test_a_handler_of_the_user_goes_before_a_row(
    failwell: Failwell, app: Flask
) -> None:
    """As before everything else."""
    failwell.map(SeatTakenError, to=ConflictError)
    app.register_error_handler(SeatTakenError, lambda _: ("mine", 418))
    app.view_functions["fails"] = lambda: _raise(SeatTakenError())

    response = app.test_client().get("/fails")

    assert (response.status_code, response.text) == (418, "mine")


@pytest.mark.parametrize("returned", [None, ValueError("x"), "text"])
def test_a_row_that_fails_gives_a_correct_500(
    failwell: Failwell,
    answer: Answer,
    caplog: pytest.LogCaptureFixture,
    returned: object,
) -> None:
    """The exception is recorded as unexpected, and why the row failed is logged."""

    def make(_: SeatTakenError) -> AppError:
        if isinstance(returned, Exception):
            raise returned
        return returned  # type: ignore[return-value] # that is what is tested

    failwell.map(SeatTakenError, to=make)

    assert answer(SeatTakenError())[:2] == (500, "INTERNAL_ERROR")
    (line,) = (r for r in caplog.records if "map()" in r.getMessage())
    assert "SeatTakenError" in line.getMessage()


@pytest.mark.parametrize(
    ("kind", "to", "said"),
    [
        ("SeatTakenError", ConflictError, "takes a class of exceptions first"),
        (KeyboardInterrupt, ConflictError, "takes a class of exceptions first"),
        (
            SeatTakenError,
            NotFoundError,
            "cannot make a NotFoundError without arguments",
        ),
        (SeatTakenError, ValueError, "takes as `to`"),
        (SeatTakenError, 409, "takes as `to`"),
    ],
)
def test_a_row_that_cannot_work_is_refused_at_once(
    failwell: Failwell, kind: type[Exception], to: type[AppError], said: str
) -> None:
    """With what is allowed; not at the first error in production."""
    with pytest.raises(TypeError, match=said):
        failwell.map(kind, to=to)
