"""What no answer may contain, and the exceptions that carry it."""

from typing import Any, NoReturn

from flask import has_request_context, request

from failwell import AppError

CANARIES = (
    "canary",
    "traceback",
    ".py",
    "/usr/",
    "/work/",
    "/home/",
    "misbehav",
    "sqlalchemy",
    "sqlite",
    "pyjwt",
    "werkzeug",
    "exception",
    "keyerror",
    "typeerror",
    "valueerror",
    "declinederror",
    "object at 0x",
    "insert into",
    "delete from",
    "users",
    "loans",
    "uq_",
    "ck_",
    "fk_",
)
"""In small letters: secret values, paths, SQL, and the names of classes and modules."""


def secret() -> str:
    """Return a text that must stay inside, with what the client sent in it."""
    return f"canary {sent()}"


def sent() -> str:
    """Return what the client sent."""
    return request.args.get("text", "") if has_request_context() else ""


class DeclinedError(Exception):
    """An exception that a row of the application answers."""


class HandledError(Exception):
    """An exception whose handler fails."""


class RephrasedError(Exception):
    """An exception whose handler raises a known error."""


class HallTakenError(AppError):
    """An application's own error, which nobody described."""

    code = "HALL_TAKEN"
    status_code = 409


class ClosedError(AppError):
    """An error of a status that is in no list."""

    code = "CLIENT_CLOSED"
    status_code = 499


class RateLimitedError(AppError):
    """An error with a header of its own."""

    code = "RATE_LIMITED"
    status_code = 429

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """When to come back."""
        return (("Retry-After", "30"),)


class UnrenderableError(AppError):
    """An error whose body cannot be made."""

    code = "CONFLICT"
    status_code = 409

    def to_dict(self) -> dict[str, Any]:
        """Fail."""
        raise KeyError(secret())


class HeadlessError(AppError):
    """An error whose headers cannot be made."""

    code = "CONFLICT"
    status_code = 409

    @property
    def headers(self) -> NoReturn:
        """Fail."""
        raise KeyError(secret())


class Unreadable:
    """An object without a text."""

    def __str__(self) -> str:
        raise KeyError(secret())

    __repr__ = __str__


class UnreadableError(Exception):
    """An exception without a text."""

    def __str__(self) -> str:
        raise KeyError(secret())

    __repr__ = __str__
