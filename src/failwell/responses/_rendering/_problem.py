"""Problem details (RFC 9457): the second form of an answer's body."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from failwell._request_id import current_request_id
from failwell.catalog import CATALOG
from failwell.exceptions import AppError, ValidationError
from failwell.responses._rendering._json import text_of

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


def problem_of(
    error: AppError, status: int, *, root: str | None, error_id: str | None
) -> dict[str, Any]:
    """Return the members of the problem that tells of `error`.

    Args:
        error: The error.
        status: The HTTP status, which the member repeats.
        root: Where the application is mounted, so that `type` leads to the catalogue
            there; None where no catalogue is served, and `type` is `about:blank`.
        error_id: Under which it was recorded.
    """
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
        {"parameter": text_of(facts["parameter"], path)}
        if "parameter" in facts
        else {"pointer": text_of(facts.get("pointer"), _pointer(path))}
    )
    return {
        **place,
        "code": text_of(facts.get("code"), "invalid"),
        "detail": text_of(facts.get("message"), ""),
    }


def _pointer(path: str) -> str:
    """Return a JSON pointer as a URI fragment (RFC 6901, section 6)."""
    steps = (step.replace("~", "~0").replace("/", "~1") for step in path.split("."))
    return "#/" + "/".join(quote(step, errors="replace") for step in steps)
