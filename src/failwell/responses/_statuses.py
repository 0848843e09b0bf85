"""`abort()` for the error statuses that Werkzeug has no class for, such as 402."""

from http import HTTPStatus

from flask import Flask
from werkzeug.exceptions import HTTPException


def complete_aborter(app: Flask) -> None:
    """Let `abort(402)` answer 402; without a class it is a `LookupError` and 500."""
    for status in HTTPStatus:
        if status >= HTTPStatus.BAD_REQUEST:
            app.aborter.mapping.setdefault(status.value, _exception_class(status))


def _exception_class(status: HTTPStatus) -> type[HTTPException]:
    members = {"code": status.value, "description": status.description or None}
    return type(f"HTTP{status.value}", (HTTPException,), members)
