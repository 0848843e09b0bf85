"""An `AppError` as bytes: the envelope or problem+json, from the same facts.

Owns both bodies and the headers of an answer. Refuses to choose what is answered.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple
from urllib.parse import quote

from flask import Flask, Response, has_request_context, request

from failwell._request_id import current_request_id
from failwell.catalog import CATALOG
from failwell.exceptions import BEARER_CHALLENGE, AppError, ValidationError
from failwell.responses._json import strict_json
from failwell.responses._negotiation import JSON, PROBLEM, prefers_problem
from failwell.responses._statuses import UNAUTHORIZED, http_status

STYLE = "failwell.style"

_RESERVED = frozenset(
    {
        "type",
        "title",
        "status",
        "detail",
        "instance",
        "code",
        "request_id",
        "errors",
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How one application renders.

    Args:
        form: `auto` negotiates; the others fix the form.
        has_catalogue: Whether `/problems/` is served, so that `type` leads there.
    """

    form: Literal["auto", "envelope", "problem"] = "auto"
    has_catalogue: bool = False


_DEFAULT_STYLE = Style()


class Answer(NamedTuple):
    """An answer that no framework has touched yet."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes


def render(app: Flask, error: AppError, *, error_id: str | None = None) -> Response:
    """Return the response of `error`, in the form that the current request prefers.

    Args:
        app: Whose style and class of responses are used.
        error: What to answer. A status outside 400 to 599 becomes 500.
        error_id: The id under which it was recorded; the client can quote it.

    Returns:
        `{"error": {"code", "message", "details"[, "id"]}}` as `application/json`, or
        the same facts as `application/problem+json` (RFC 9457).
    """
    environ = request.environ if has_request_context() else {}
    answer = compose(error, style_of(app), environ, error_id=error_id)
    return app.response_class(answer.body, answer.status, headers=answer.headers)


def style_of(app: Flask) -> Style:
    """Return how `app` renders."""
    style: Style = app.extensions.get(STYLE, _DEFAULT_STYLE)
    return style


def compose(
    error: AppError,
    style: Style,
    environ: Mapping[str, Any],
    *,
    error_id: str | None = None,
) -> Answer:
    """Return the answer to `error` for the request of a WSGI environment."""
    status = http_status(error)
    headers = [(name, _header_value(value)) for name, value in error.headers]
    names = {name.lower() for name, _ in headers}
    if status == UNAUTHORIZED and "www-authenticate" not in names:
        headers.append(("WWW-Authenticate", BEARER_CHALLENGE))
    problem = style.form == "problem"
    if style.form == "auto":
        problem = prefers_problem(environ.get("HTTP_ACCEPT", ""))
        headers.append(("Vary", "Accept"))
    if problem:
        root = environ.get("SCRIPT_NAME", "") if style.has_catalogue else None
        body = _problem(error, status, root=root, error_id=error_id)
    else:
        body = _envelope(error, error_id)
    headers.append(("Content-Type", PROBLEM if problem else JSON))
    return Answer(status, headers, strict_json(body))


def _header_value(value: object) -> str:
    """Return a value that cannot end its line; servers refuse or split the others."""
    text = str(value)
    if text.isascii() and text.isprintable():
        return text
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in text)


def _envelope(error: AppError, error_id: str | None) -> dict[str, Any]:
    body = error.to_dict()
    if error_id is None:
        return body
    return {**body, "error": {**body["error"], "id": error_id}}


def _problem(
    error: AppError, status: int, *, root: str | None, error_id: str | None
) -> dict[str, Any]:
    listed = root is not None and CATALOG.get(error.code) is not None
    body: dict[str, Any] = {
        "type": f"{root}/problems/{quote(error.code)}" if listed else "about:blank",
        "title": CATALOG.title(error.code, status),
        "status": status,
        "detail": error.message,
        "code": error.code,
    }
    if error_id is not None:
        body["instance"] = f"urn:failwell:error:{error_id}"
    request_id = current_request_id()
    if request_id is not None:
        body["request_id"] = request_id
    if isinstance(error, ValidationError):
        body["errors"] = list(_field_problems(error.details))
    else:
        _add_members(body, error.details)
    return body


def _add_members(body: dict[str, Any], details: Mapping[str, Any]) -> None:
    for key, value in details.items():
        name = str(key)
        # The body's own members are facts about the answer: a detail of the same
        # name steps aside and never overwrites them.
        while name in _RESERVED or name in body:
            name = f"details_{name}"
        body[name] = value


def _field_problems(details: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for path, problems in details.items():
        several = problems if isinstance(problems, (list, tuple)) else [problems]
        for problem in several:
            yield _field_problem(str(path), problem)


def _field_problem(path: str, problem: object) -> dict[str, Any]:
    facts = problem if isinstance(problem, Mapping) else {"message": problem}
    place = (
        {"parameter": facts["parameter"]}
        if "parameter" in facts
        else {"pointer": facts.get("pointer", _pointer(path))}
    )
    return {
        **place,
        "code": facts.get("code", "invalid"),
        "detail": facts.get("message", ""),
    }


def _pointer(path: str) -> str:
    """Return a JSON pointer as a URI fragment (RFC 6901, section 6)."""
    steps = (step.replace("~", "~0").replace("/", "~1") for step in path.split("."))
    return "#/" + "/".join(quote(step) for step in steps)
