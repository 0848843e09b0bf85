"""The messages of marshmallow and webargs, by part of the request, as one of our errors."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import marshmallow

from failwell.exceptions import ValidationError

_LOCATIONS: dict[str, Literal["body", "query", "headers", "path"]] = {
    "query": "query",
    "querystring": "query",
    "headers": "headers",
    "cookies": "headers",
    "path": "path",
    "view_args": "path",
}


def invalid_input(messages: Mapping[str, Any], data: object = None) -> ValidationError:
    """Return the error that names every field.

    Args:
        messages: By webargs' name of the part, such as `json` or `query`.
        data: What was validated, where it is known.
    """
    details: dict[str, Any] = {}
    for part, inner in messages.items():
        found = marshmallow.ValidationError(inner, data=data)  # type: ignore[arg-type]  # anything
        location = _LOCATIONS.get(part, "body")
        details.update(from_marshmallow_for_now(found, location=location).details)
    return ValidationError(details=details)


def from_marshmallow_for_now(
    error: marshmallow.ValidationError, *, location: str = "body"
) -> ValidationError:
    """Stand in for `failwell.responses.from_marshmallow`, which takes its place."""
    details: dict[str, list[dict[str, str]]] = {}
    for path, message in _leaves(error.messages, ""):
        problem = {"code": "invalid", "message": message}
        if location != "body":
            problem["parameter"] = path.split(".")[0] or location
        details.setdefault(path or location, []).append(problem)
    return ValidationError(details=details)


def _leaves(messages: object, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(messages, Mapping):
        for name, inner in messages.items():
            step = "" if name == "_schema" else str(name)
            yield from _leaves(inner, ".".join(filter(None, (path, step))))
    elif isinstance(messages, (list, tuple)):
        for inner in messages:
            yield from _leaves(inner, path)
    else:
        yield path, str(messages)
