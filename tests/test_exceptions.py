"""The tree of errors: codes, statuses, bodies and headers as the contract has them."""

import pickle

import pytest

from failwell import exceptions
from failwell.exceptions import (
    AppError,
    AuthenticationError,
    AuthorizationError,
    CircuitBreakerError,
    ConflictError,
    ConstraintViolationError,
    DatabaseError,
    DeadlineExceededError,
    InvalidTokenError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)

EVERY_ERROR = [
    (AppError("Broken"), "INTERNAL_ERROR", 500, "Broken", {}),
    (AppError("Tea", "TEAPOT", 418, {"a": 1}), "TEAPOT", 418, "Tea", {"a": 1}),
    (ValidationError(), "VALIDATION_ERROR", 400, "Validation error", {}),
    (
        NotFoundError("Room", 7),
        "NOT_FOUND",
        404,
        "Room with id 7 not found",
        {"resource": "Room", "resource_id": 7},
    ),
    (
        AuthenticationError(),
        "AUTHENTICATION_ERROR",
        401,
        "Authentication failed",
        {},
    ),
    (
        InvalidTokenError("expired"),
        "INVALID_TOKEN",
        401,
        "Invalid or expired token",
        {"reason": "expired"},
    ),
    (
        AuthorizationError(required_permissions=["rooms:write"]),
        "AUTHORIZATION_ERROR",
        403,
        "Insufficient permissions",
        {"required_permissions": ["rooms:write"]},
    ),
    (
        ConflictError(),
        "CONFLICT",
        409,
        "The request conflicts with the current state",
        {},
    ),
    (
        ConstraintViolationError(),
        "CONSTRAINT_VIOLATION",
        422,
        "The data violates a rule of the database",
        {},
    ),
    (
        DeadlineExceededError(retry_after=2),
        "DEADLINE_EXCEEDED",
        504,
        "The deadline was exceeded",
        {"retry_after": 2},
    ),
    (DatabaseError(), "DATABASE_ERROR", 500, "A database error occurred", {}),
    (
        ServiceUnavailableError(retry_after=3),
        "SERVICE_UNAVAILABLE",
        503,
        "Service temporarily unavailable",
        {"retry_after": 3},
    ),
    (
        CircuitBreakerError("calendar", 41.5),
        "CIRCUIT_OPEN",
        503,
        "Circuit breaker calendar is open",
        {"breaker": "calendar", "state": "open", "retry_after": 41.5},
    ),
]


@pytest.mark.parametrize(
    ("error", "code", "status", "message", "details"),
    EVERY_ERROR,
    ids=lambda value: type(value).__name__ if isinstance(value, AppError) else "",
)
def test_error_carries_what_the_contract_names(
    error: AppError, code: str, status: int, message: str, details: dict[str, object]
) -> None:
    """Code, status, message, details, `str` and `to_dict` are the contract's."""
    expected = {"error": {"code": code, "message": message, "details": details}}

    assert (error.code, error.status_code) == (code, status)
    assert (error.message, str(error)) == (message, message)
    assert error.to_dict() == expected


@pytest.mark.parametrize("error", [row[0] for row in EVERY_ERROR])
def test_error_survives_pickling(error: AppError) -> None:
    """An error comes back whole from a process pool, whatever its constructor takes."""
    copy = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own bytes

    assert type(copy) is type(error)
    assert copy.to_dict() == error.to_dict()
    assert copy.headers == error.headers


def test_the_text_is_the_message_even_reworded() -> None:
    """`str(error) == message` holds at any time."""
    error = AppError("first")

    error.message = "reworded"

    assert str(error) == error.message


def test_details_are_a_copy() -> None:
    """Changing the mapping that was given does not change the error."""
    given = {"a": 1}
    error = AppError("Broken", details=given)

    given["a"] = 2

    assert error.details == {"a": 1}


def test_a_401_always_carries_a_challenge() -> None:
    """Both kinds of 401 say how to authenticate; only a bad token says so."""
    missing = dict(AuthenticationError().headers)["WWW-Authenticate"]
    invalid = dict(InvalidTokenError().headers)["WWW-Authenticate"]

    assert missing == 'Bearer realm="api"'
    assert invalid == 'Bearer realm="api", error="invalid_token"'


@pytest.mark.parametrize(
    ("seconds", "header"),
    [(0, "1"), (0.2, "1"), (1.01, "2"), (60, "60"), (-5, "1")],
)
def test_retry_after_is_whole_seconds_rounded_up(seconds: float, header: str) -> None:
    """The header is a positive whole number, whatever the clock left over."""
    error = ServiceUnavailableError(retry_after=seconds)

    assert dict(error.headers)["Retry-After"] == header


@pytest.mark.parametrize("seconds", [None, float("inf"), float("nan")])
def test_unknown_retry_after_sends_no_header(seconds: float | None) -> None:
    """Nothing is promised that is not known."""
    assert ServiceUnavailableError(retry_after=seconds).headers == ()


def test_the_drawn_tree_is_the_real_one() -> None:
    """Every class of the module stands in its docstring, and nothing else does."""
    drawn = {word for word in (exceptions.__doc__ or "").split() if "Error" in word}
    real = {
        name
        for name, value in vars(exceptions).items()
        if isinstance(value, type) and issubclass(value, AppError)
    }

    assert drawn == real
