"""Which statuses are errors, and `abort()` for those that Werkzeug has no class for.

Owns the range of statuses that an error may be answered with.
"""

from http import HTTPStatus
from typing import TypeGuard

from flask import Flask
from werkzeug.exceptions import HTTPException

from failwell.exceptions import AppError

# Plain numbers: looking up a member of an enumeration costs more than comparing it.
UNAUTHORIZED = HTTPStatus.UNAUTHORIZED.value
INTERNAL_SERVER_ERROR = HTTPStatus.INTERNAL_SERVER_ERROR.value
_ERRORS = range(400, 600)


def is_error_status(status: object) -> TypeGuard[int]:
    """Return whether `status` tells the client of an error."""
    return isinstance(status, int) and status in _ERRORS


def http_status(error: AppError) -> int:
    """Return the status that `error` is answered with: its own, or 500 for nonsense."""
    status = error.status_code
    return int(status) if is_error_status(status) else INTERNAL_SERVER_ERROR


def is_server_fault(error: AppError) -> bool:
    """Return whether `error` is answered with 500 or above."""
    return http_status(error) >= INTERNAL_SERVER_ERROR


def complete_aborter(app: Flask) -> None:
    """Let `abort(402)` answer 402; without a class it is a `LookupError` and 500."""
    for status in HTTPStatus:
        if is_error_status(status):
            app.aborter.mapping.setdefault(status.value, _exception_class(status))


def _exception_class(status: HTTPStatus) -> type[HTTPException]:
    members = {"code": status.value, "description": status.description or None}
    return type(f"HTTP{status.value}", (HTTPException,), members)
