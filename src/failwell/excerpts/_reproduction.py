"""A test that sends the request again, as Python that holds no word of it as code.

Everything recorded stands in it as a literal, made by `repr`, or is left out. The
request is the redacted one: where a secret or a large body made the difference, it has
to be put in by hand.
"""

import keyword
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pprint import pformat
from typing import Any
from urllib.parse import quote, urlencode

from failwell.records import ErrorRecord, RequestInfo

_HEADERS = frozenset(
    {
        "accept",
        "accept-language",
        "origin",
        "referer",
        "user-agent",
        "x-forwarded-proto",
        "x-requested-with",
    }
)
_HEADER_VALUE = re.compile(r"[\x20-\x7e]*")
_METHOD = re.compile(r"[A-Z]{1,20}")
_JSON = re.compile(r"application/(?:[a-z0-9.+-]+\+)?json(?:;.*)?", re.IGNORECASE)
_REDACTED = "[redacted]"
_WIDTH = 80


def as_test(record: ErrorRecord) -> str | None:
    """Return a pytest test that sends the request of an error to the application.

    It asserts that the answer's status is below 500, so that it fails until the error
    is mended. The application is imported as `app` from the module that the record is
    named after.

    Returns:
        None where the error did not come of a request.
    """
    request = record.request
    if request is None or not request.method:
        return None
    lines = [
        '"""A request that failed once."""',
        "",
        *_import(record.application),
        "",
        "",
        *_about(record, request),
        f"def test_{_name(record)}() -> None:",
        '    """The request is answered without an error of the server."""',
        "    app.testing = True  # nothing is recorded, and what is raised shows",
        "",
        "    response = app.test_client().open(",
        *_arguments(request),
        "    )",
        "",
        "    assert response.status_code < 500",
        "",
    ]
    return "\n".join(lines)


def _import(application: str) -> Iterator[str]:
    parts = application.split(".")
    known = all(
        part.isidentifier() and part.isascii() and not keyword.iskeyword(part)
        for part in parts
    )
    if known and application != "__main__":
        yield f"from {application} import app"
        return
    yield f"# The application is called {application!r}: say here where it is."
    yield "from application import app"


def _about(record: ErrorRecord, request: RequestInfo) -> Iterator[str]:
    at = datetime.fromtimestamp(record.timestamp, UTC)
    yield f"# {record.type!r}, {at:%Y-%m-%d %H:%M:%S} UTC, error {record.id!r}"
    yield f"# {record.message!r}"
    if request.content_length and request.body is None:
        told = f"{request.content_length} bytes of {request.content_type!r}"
        yield f"# The body was not kept ({told}): put in what makes the difference."
    if _REDACTED in repr((request.query, request.body, request.path)):
        yield f"# What was {_REDACTED} has to be put in by hand, if it matters."


def _name(record: ErrorRecord) -> str:
    return f"error_{re.sub('[^0-9a-f]', '', record.id)[-16:]}"


def _arguments(request: RequestInfo) -> Iterator[str]:
    method = request.method if _METHOD.fullmatch(request.method) else "GET"
    yield from _argument("path", _path(request.path))
    yield from _argument("method", method)
    if request.query:
        yield from _argument("query_string", _query(request.query))
    if headers := _headers(request):
        yield from _argument("headers", headers)
    yield from _body(request)


def _path(path: str) -> str:
    # Two slashes at the beginning would name a host.
    quoted = quote(path, errors="replace")
    return (
        f"/{quoted.lstrip('/')}" if not quoted.startswith("//") else f"/%2F{quoted[2:]}"
    )


def _query(query: str) -> str:
    """Return what is kept decoded as it can be sent."""
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    return urlencode(pairs, errors="replace")


def _headers(request: RequestInfo) -> dict[str, str]:
    return {
        name: value
        for name, value in request.headers.items()
        if name.lower() in _HEADERS
        and _HEADER_VALUE.fullmatch(value)
        and _REDACTED not in value
    }


def _body(request: RequestInfo) -> Iterator[str]:
    body, kind = request.body, request.content_type
    if body is None:
        return
    if _JSON.fullmatch(kind) and not isinstance(body, str):
        yield from _argument("json", body)
        return
    yield from _argument("data", body if isinstance(body, dict) else str(body))
    if _HEADER_VALUE.fullmatch(kind) and "boundary" not in kind:
        yield from _argument("content_type", kind)


def _argument(name: str, value: Any) -> Iterator[str]:  # noqa: ANN401 - literals
    first, *others = pformat(value, width=_WIDTH, sort_dicts=False).split("\n")
    yield f"        {name}={first}" + ("" if others else ",")
    for number, line in enumerate(others, 1):
        end = "," if number == len(others) else ""
        yield f"        {line}{end}"
