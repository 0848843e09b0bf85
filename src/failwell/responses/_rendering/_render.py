"""An `AppError` as bytes: the envelope, problem+json or a page, from the same facts.

Owns the headers of an answer and the choice of its body. Refuses to choose what is
answered.
"""

import copy
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from flask import Flask, Response, has_request_context, request

from failwell.catalog import CATALOG
from failwell.exceptions import BEARER_CHALLENGE, AppError, Headers
from failwell.responses._rendering._html import HTML, page_of
from failwell.responses._rendering._json import strict_json, text_of
from failwell.responses._rendering._negotiation import JSON, PROBLEM
from failwell.responses._rendering._problem import problem_of
from failwell.responses._rendering._retry_after import retry_after_of
from failwell.responses._rendering._statuses import UNAUTHORIZED, http_status
from failwell.responses._rendering._style import style_of


class Answer(NamedTuple):
    """An answer that no framework has touched yet."""

    status: int
    content_type: str
    headers: list[tuple[str, str]]
    """All others but those of the body."""
    body: bytes


def render(app: Flask, error: AppError, *, error_id: str | None = None) -> Response:
    """Return the response of `error`, in the form that the current request prefers.

    Args:
        app: Whose style and class of responses are used.
        error: What to answer. A status outside 400 to 599 becomes 500.
        error_id: The id under which it was recorded; the client can quote it.

    Returns:
        `{"error": {"code", "message", "details"[, "id"]}}` as `application/json`, the
        same facts as `application/problem+json` (RFC 9457), or a page.
    """
    environ = request.environ if has_request_context() else {}
    return respond(app, compose(app, error, environ, error_id=error_id))


def respond(app: Flask, answer: Answer) -> Response:
    """Return an answer as a response of the application's class."""
    # The type apart from the headers: Werkzeug looks for it among them otherwise, which
    # takes as long as the whole rendering.
    return app.response_class(
        answer.body,
        answer.status,
        headers=answer.headers,
        content_type=answer.content_type,
    )


def compose(
    app: Flask,
    error: AppError,
    environ: Mapping[str, Any],
    *,
    error_id: str | None = None,
) -> Answer:
    """Return the answer to `error` for the request of a WSGI environment."""
    status = http_status(error)
    said: object = error.message
    if not isinstance(said, str):
        error = _with_text(error, text_of(said, CATALOG.title(error.code, status)))
    given = error.headers
    headers = list(_sendable(given)) if given else []
    if status == UNAUTHORIZED and not _has_challenge(headers):
        headers.append(("WWW-Authenticate", BEARER_CHALLENGE))
    style = style_of(app)
    choice = style.choose(environ.get("PATH_INFO", ""))
    if choice.is_negotiated:
        headers.append(("Vary", "Accept"))
    form = choice.settle(environ.get("HTTP_ACCEPT", ""))
    if form == "html":
        page = page_of(app, error, status, error_id)
        headers += page.headers
        return Answer(status, HTML, headers, page.body)
    if form == "problem":
        root = environ.get("SCRIPT_NAME", "") if style.has_catalogue else None
        body = problem_of(error, status, root=root, error_id=error_id)
    else:
        body = envelope_of(error, error_id)
    kind = PROBLEM if form == "problem" else JSON
    return Answer(status, kind, headers, strict_json(body))


def _with_text(error: AppError, message: str) -> AppError:
    """Return a copy that says it in words: some raise `ConflictError(exception)`."""
    copied = copy.copy(error)
    copied.message = message
    return copied


def _sendable(headers: Headers) -> Iterator[tuple[str, str]]:
    for name, value in headers:
        if name.lower() != "retry-after":
            yield name, _header_value(value)
        elif (wait := retry_after_of(value)) is not None:
            yield name, wait


def _has_challenge(headers: list[tuple[str, str]]) -> bool:
    return any(name.lower() == "www-authenticate" for name, _ in headers)


def _header_value(value: object) -> str:
    """Return a value that cannot end its line; servers refuse or split the others."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in text)


def envelope_of(error: AppError, error_id: str | None) -> dict[str, Any]:
    """Return the default body: `to_dict()`, and the id of what was recorded."""
    body = error.to_dict()
    if error_id is None:
        return body
    return {**body, "error": {**body["error"], "id": error_id}}
