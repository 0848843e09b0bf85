"""Views that return what is no answer, and async ones."""

import asyncio
from collections.abc import Iterator
from typing import Any

from flask import Response, render_template, request

from failwell import (
    AuthorizationError,
    ConflictError,
    NotFoundError,
    ServiceUnavailableError,
)
from misbehaving._errors import FAULT
from misbehaving._secrets import secret
from misbehaving._views import Views, answering

views: Views = {}


@answering(views, FAULT)
def nothing() -> None:
    """Return nothing."""


@answering(views, FAULT)
def any_object() -> object:
    """Return what is no response."""
    return object()


@answering(views, FAULT)
def too_long_a_tuple() -> object:
    """Return more than a body, a status and headers."""
    return secret(), 200, {}, secret()


@answering(views, FAULT)
def json_that_is_none() -> object:
    """Return what cannot be JSON."""
    return {"secret": object()}


@answering(views, FAULT)
def header_with_a_line_break() -> object:
    """Return a header that would be two."""
    return "fine", {"X-Secret": f"{secret()}\r\nSet-Cookie: a=b"}


@answering(views, FAULT)
def missing_template() -> str:
    """Render a page that is not there."""
    return render_template("canary.html")


@answering(views, "BAD_REQUEST")
def missing_field() -> str:
    """Read a field that nobody sent."""
    return request.form["canary"]


@answering(views, FAULT)
def stream_that_fails_at_once() -> Response:
    """Fail before the first part of the body."""

    def parts() -> Iterator[str]:
        raise KeyError(secret())
        yield ""

    return Response(parts())


@answering(views, ServiceUnavailableError)
def stream_with_a_known_error() -> Response:
    """Raise a known error before the first part of the body."""

    def parts() -> Iterator[str]:
        raise ServiceUnavailableError(retry_after=3)
        yield ""

    return Response(parts())


@answering(views, NotFoundError)
async def async_known_error() -> None:
    """Raise a known error after a wait."""
    await asyncio.sleep(0)
    raise NotFoundError("Thing", 1)


@answering(views, FAULT)
async def async_fault() -> None:
    """Raise after a wait what nobody foresaw."""
    await asyncio.sleep(0)
    raise KeyError(secret())


@answering(views, ConflictError)
async def async_group() -> None:
    """Fail in two tasks at once."""
    await _together(AuthorizationError(), ConflictError())


@answering(views, FAULT)
async def async_group_with_a_fault() -> None:
    """Fail in two tasks at once, in one as nobody foresaw."""
    await _together(ConflictError(), KeyError(secret()))


async def _together(*errors: Exception) -> None:
    async def fail(error: Exception) -> Any:  # noqa: ANN401 - never returns
        raise error

    async with asyncio.TaskGroup() as group:
        for error in errors:
            group.create_task(fail(error))
