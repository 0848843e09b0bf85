"""Views that raise: errors of ours, of HTTP, and such as nobody foresaw."""

import json
import math
from datetime import timedelta
from typing import Any, NoReturn

from flask import abort
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import (
    HTTPException,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
)

from failwell import (
    AppError,
    AuthenticationError,
    AuthorizationError,
    CircuitBreakerError,
    ConflictError,
    DeadlineExceededError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)
from misbehaving._secrets import (
    ClosedError,
    DeclinedError,
    HallTakenError,
    HandledError,
    HeadlessError,
    RateLimitedError,
    RephrasedError,
    Unreadable,
    UnreadableError,
    UnrenderableError,
    secret,
    sent,
)
from misbehaving._views import Views, answering

views: Views = {}
FAULT = "INTERNAL_ERROR"


@answering(views, NotFoundError)
def missing_thing() -> NoReturn:
    """Repeat what was sent, as this error does."""
    raise NotFoundError("Thing", sent())


@answering(views, ValidationError)
def problems_by_hand() -> NoReturn:
    """Put into the details what no library would."""
    raise ValidationError(
        details={
            "a\ud800.b": "a text",
            "": [Unreadable(), {"message": math.nan, "code": {1, 2}}],
            "x": {"parameter": object(), "message": KeyError(secret())},
            sent(): None,
            7: 7,  # type: ignore[dict-item] # on purpose
        }
    )


@answering(views, ConflictError)
def odd_details() -> NoReturn:
    """Put into the details what is no JSON."""
    cycle: list[object] = []
    cycle.append(cycle)
    odd: dict[Any, object] = {
        "set": {1},
        "nan": math.nan,
        "cycle": cycle,
        "object": object(),
        "unreadable": Unreadable(),
        "bytes": b"\xff",
        "error": KeyError(secret()),
        "surrogate": "\ud800",
        ("a", "b"): 1,
        "huge": 10**5000,
    }
    raise ConflictError(details=odd)


@answering(views, ConflictError)
def exception_as_a_message() -> NoReturn:
    """Pass an exception on as if it were a sentence."""
    raise ConflictError(KeyError(secret()))  # type: ignore[arg-type] # as people do


@answering(views, ConflictError)
def nothing_as_a_message() -> NoReturn:
    """Say nothing."""
    raise ConflictError(None)  # type: ignore[arg-type] # as above


@answering(views, HallTakenError)
def details_like_members() -> NoReturn:
    """Name the details like what a problem says by itself."""
    names = ("type", "title", "status", "detail", "instance", "code", "errors", "id")
    raise HallTakenError(sent(), details=dict.fromkeys(names, 200))


@answering(views, AuthenticationError)
def broken_challenge() -> NoReturn:
    """Build a challenge from what was sent."""
    raise AuthenticationError(challenge=f'Bearer realm="{sent()}\r\nSet-Cookie: a=b"')


@answering(views, "UNAUTHORIZED")
def two_challenges() -> NoReturn:
    """Ask for either of two ways to sign in."""
    kinds = [WWWAuthenticate("basic", {"realm": "a"}), WWWAuthenticate("digest")]
    raise Unauthorized(www_authenticate=kinds)


@answering(views, "UNAUTHORIZED")
def no_challenge() -> NoReturn:
    """Say only that nobody is signed in."""
    abort(401)


@answering(views, AuthorizationError)
def forbidden_thing() -> NoReturn:
    """Say what would be needed, in a type that is no list."""
    raise AuthorizationError(required_permissions=("things:write", sent()))


@answering(views, RateLimitedError)
def rate_limited() -> NoReturn:
    """Say when to come back."""
    raise RateLimitedError("Too fast")


@answering(views, "TOO_MANY_REQUESTS")
def too_many_requests() -> NoReturn:
    """Say when to come back, in less than a second."""
    raise TooManyRequests(retry_after=0.2)  # type: ignore[arg-type] # on purpose


@answering(views, ServiceUnavailableError)
def unavailable_in_the_past() -> NoReturn:
    """Say to come back before now."""
    raise ServiceUnavailable(retry_after=-5)


@answering(views, ServiceUnavailableError)
def unavailable_for_a_while() -> NoReturn:
    """Say when to come back, as Python counts time."""
    raise ServiceUnavailableError(retry_after=timedelta(seconds=1.5))


@answering(views, CircuitBreakerError)
def open_circuit() -> NoReturn:
    """Be refused by a breaker."""
    raise CircuitBreakerError("calendar", 0.25)


@answering(views, DeadlineExceededError)
def late_answer() -> NoReturn:
    """Wait for too long."""
    raise DeadlineExceededError(retry_after=math.inf)


@answering(views, ClosedError)
def unlisted_status() -> NoReturn:
    """Answer with a status that has no phrase."""
    raise ClosedError("Closed")


@answering(views, "PAYMENT_REQUIRED")
def payment_required() -> NoReturn:
    """Abort with a status that Werkzeug has no class for."""
    abort(402)


@answering(views, "I_M_A_TEAPOT")
def teapot() -> NoReturn:
    """Abort with words of one's own."""
    abort(418, f"Short and stout {sent()}")


@answering(views, ConflictError)
def declined() -> NoReturn:
    """Raise what a row of the application answers."""
    raise DeclinedError(secret())


@answering(views, FAULT)
def handler_that_fails() -> NoReturn:
    """Raise what a handler of the application fails at."""
    raise HandledError(secret())


@answering(views, NotFoundError)
def handler_that_raises_a_known_error() -> NoReturn:
    """Raise what a handler of the application turns into another error."""
    raise RephrasedError(secret())


@answering(views, FAULT)
def http_exception_without_a_code() -> NoReturn:
    """Raise what bare Flask answers with 200."""
    raise HTTPException(secret())


@answering(views, FAULT)
def http_exception_of_success() -> NoReturn:
    """Raise success."""
    error = HTTPException(secret())
    error.code = 200
    raise error


@answering(views, FAULT)
def http_exception_that_cannot_be_read() -> NoReturn:
    """Raise a 418 with a description that has no text."""
    error = HTTPException(Unreadable())  # type: ignore[arg-type] # on purpose
    error.code = 418
    raise error


@answering(views, "INTERNAL_SERVER_ERROR", FAULT)
def internal_server_error() -> NoReturn:
    """Abort with words that must stay inside."""
    abort(500, secret())


@answering(views, FAULT)
def error_without_a_body() -> NoReturn:
    """Raise an error that cannot be rendered."""
    raise UnrenderableError("Taken", UnrenderableError.code)


@answering(views, FAULT)
def error_without_headers() -> NoReturn:
    """Raise an error whose headers cannot be made."""
    raise HeadlessError("Taken")


@answering(views, FAULT)
def key_error() -> NoReturn:
    """Raise what nobody foresaw."""
    raise KeyError(secret())


@answering(views, FAULT)
def unreadable_error() -> NoReturn:
    """Raise what has no text."""
    raise UnreadableError(secret())


@answering(views, FAULT)
def error_of_an_error() -> None:
    """Fail in handling a failure."""
    try:
        raise LookupError(secret())
    except LookupError as error:
        raise OSError(2, secret(), f"/usr/{secret()}") from error


@answering(views, FAULT)
def endless_recursion() -> None:
    """Call oneself."""
    endless_recursion()


@answering(views, FAULT)
def deep_json_of_our_own() -> object:
    """Read JSON that no client sent."""
    return json.loads("[" * 100_000)


@answering(views, FAULT)
def memory_error() -> NoReturn:
    """Ask for more memory than there is."""
    raise MemoryError(secret())


@answering(views, FAULT)
def stopped_iteration() -> object:
    """Ask for the next of nothing."""
    return next(iter(()))


@answering(views, ConflictError)
def group_of_known_errors() -> NoReturn:
    """Fail twice, in ways that have answers."""
    inner = ExceptionGroup(secret(), [ConflictError()])
    raise ExceptionGroup(secret(), [NotFoundError("Thing", 1), inner])


@answering(views, FAULT)
def group_with_a_fault() -> NoReturn:
    """Fail twice, once in a way that nobody foresaw."""
    raise ExceptionGroup(secret(), [AppError("x", status_code=409), KeyError(secret())])
