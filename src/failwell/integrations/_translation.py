"""What a framework's exception says, as one of our errors.

Owns that error, and the taking away of a framework's own error handlers.
"""

from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Flask

from failwell.exceptions import AppError, Headers

INTERNAL_MESSAGE = "An internal server error occurred"


class FrameworkError(AppError):
    """What a framework's exception says, with the headers that it came with."""

    def __init__(self, facts: "Facts") -> None:
        super().__init__(facts.message, facts.code, facts.status, facts.details)
        self._headers = tuple(facts.headers)

    @property
    def headers(self) -> Headers:
        """The exception's own headers."""
        return self._headers


class FrameworkUnavailableError(FrameworkError):
    """One of 503: kin of `ServiceUnavailableError`, so not recorded."""

    retryable = True
    record = False


class Facts(NamedTuple):
    """What is known of a framework's exception."""

    status: int
    code: str
    message: str
    details: Mapping[str, Any]
    headers: Iterable[tuple[str, str]]


def framework_error(facts: Facts) -> AppError:
    """Return the error that answers with `facts`; one of 500 says nothing of its cause."""
    if facts.status == HTTPStatus.INTERNAL_SERVER_ERROR:
        return AppError(INTERNAL_MESSAGE)
    if facts.status == HTTPStatus.SERVICE_UNAVAILABLE:
        return FrameworkUnavailableError(facts)
    return FrameworkError(facts)


def forget_handler(app: Flask, kind: type[Exception], module: str) -> None:
    """Take the handler for `kind` off `app` where it was registered by `module`."""
    handlers: dict[Any, Any] = app.error_handler_spec[None][None]
    if getattr(handlers.get(kind), "__module__", None) == module:
        del handlers[kind]
