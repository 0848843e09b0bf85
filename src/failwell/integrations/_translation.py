"""A framework's exceptions, turned into ours before a handler is looked for.

Owns that step, and the error that carries what a framework's exception says. Refuses
what a handler of the application takes.
"""

from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException

from failwell.exceptions import AppError, Headers

Translation = Callable[[Exception], AppError | None]

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


def translate_unhandled(app: Flask, translation: Translation) -> None:
    """Let `app` answer an exception as the error that `translation` makes of it.

    Handlers of the application are asked for the exception first, and then, as for
    every error, for what it became.

    Args:
        app: The application; its error handlers are registered already.
        translation: Returns the error, None to leave an exception as it is.
    """
    handle = app.handle_user_exception

    def handle_user_exception(
        exception: Exception,
    ) -> HTTPException | ResponseReturnValue:
        # Private, but the only place that knows Flask's order of handlers.
        if app._find_error_handler(exception, request.blueprints) is None:  # noqa: SLF001 - see above
            translated = translation(exception)
            if translated is not None:
                translated.__cause__ = exception
                return handle(translated)
        return handle(exception)

    vars(app)["handle_user_exception"] = handle_user_exception


def forget_handler(app: Flask, kind: type[Exception], module: str) -> None:
    """Take the handler for `kind` off `app` where it was registered by `module`."""
    handlers: dict[Any, Any] = app.error_handler_spec[None][None]
    if getattr(handlers.get(kind), "__module__", None) == module:
        del handlers[kind]
