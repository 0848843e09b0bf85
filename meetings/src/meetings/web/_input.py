"""Reading what a client sent: body and query become pydantic models or an error.

Owns the translation of pydantic's errors. No message repeats the input.
"""

from typing import TypeVar

import pydantic
from flask import request
from werkzeug.exceptions import RequestEntityTooLarge, UnsupportedMediaType

from failwell import ValidationError

Model = TypeVar("Model", bound=pydantic.BaseModel)

_MOST_FIELDS = 50
_LONGEST_PATH = 100


def read_body(model: type[Model]) -> Model:
    """Return the JSON body of the current request as `model`.

    Raises:
        ValidationError: It is no JSON, or does not validate; names every field.
        UnsupportedMediaType: It is something else than JSON.
        RequestEntityTooLarge: It reaches `MAX_CONTENT_LENGTH`.
    """
    raw = request.get_data(cache=False)
    # Werkzeug cuts a body of unknown length at the limit, without a word.
    most = request.max_content_length
    if request.content_length is None and most is not None and len(raw) >= most:
        raise RequestEntityTooLarge
    if raw and not request.is_json:
        message = "Send JSON, with the header Content-Type: application/json"
        raise UnsupportedMediaType(message)
    try:
        return model.model_validate_json(raw)
    except pydantic.ValidationError as error:
        raise _translate(error, root="body") from None


def read_query(model: type[Model]) -> Model:
    """Return the query of the current request's address as `model`.

    Raises:
        ValidationError: It does not validate; names every parameter.
    """
    try:
        return model.model_validate(_single(request.args.to_dict(flat=False)))
    except pydantic.ValidationError as error:
        raise _of_the_query(_translate(error, root="query")) from None


def _of_the_query(error: ValidationError) -> ValidationError:
    # In problem+json they are found by parameter, not by a pointer into the body.
    for name, problems in error.details.items():
        for problem in problems:
            problem["parameter"] = name
    return error


def _single(values: dict[str, list[str]]) -> dict[str, str | list[str]]:
    # A parameter that is given twice stays a list, which none of ours is.
    return {n: v[0] if len(v) == 1 else v for n, v in values.items()}


def _translate(error: pydantic.ValidationError, root: str) -> ValidationError:
    details: dict[str, list[dict[str, str]]] = {}
    problems = error.errors(include_url=False, include_context=False)
    for problem in problems[:_MOST_FIELDS]:
        path = ".".join(str(step) for step in problem["loc"])[:_LONGEST_PATH]
        entry = {"code": problem["type"], "message": problem["msg"]}
        details.setdefault(path or root, []).append(entry)
    return ValidationError(details=details)
