"""Pydantic's errors in the one shape.

Owns what of them may be sent: neither the input nor a class, a function or a link to
pydantic's own pages.
"""

from typing import TYPE_CHECKING, Any

from failwell.exceptions import ValidationError
from failwell.responses._validation._echo import repeats
from failwell.responses._validation._paths import UNKNOWN, place_in
from failwell.responses._validation._problems import (
    NOT_VALID,
    Location,
    Problems,
)

if TYPE_CHECKING:
    import pydantic

_WRONG_TYPE = "Input has a wrong type"
_AN_OBJECT = "Input should be an object"

# In pydantic's own words these quote the input, an exception, a class or a link.
_OUR_WORDS = {
    "bytes_invalid_encoding": "Input is not encoded as it should be",
    "complex_str_parsing": "Input should be a valid complex number",
    "complex_type": "Input should be a valid complex number",
    "dataclass_exact_type": _AN_OBJECT,
    "dataclass_type": _AN_OBJECT,
    "get_attribute_error": NOT_VALID,
    "is_instance_of": _WRONG_TYPE,
    "is_subclass_of": _WRONG_TYPE,
    "iteration_error": NOT_VALID,
    "mapping_type": _AN_OBJECT,
    "model_attributes_type": _AN_OBJECT,
    "model_type": _AN_OBJECT,
    "named_tuple_type": "Input should be a valid array",
    "needs_python_object": _WRONG_TYPE,
    "no_such_attribute": NOT_VALID,
    "timezone_offset": "Input should have another offset from UTC",
    "union_tag_invalid": "Input should have one of the expected tags",
    "uuid_parsing": "Input should be a valid UUID",
}
# Then the words are those of an exception that a validator raised.
_PREFIXES = {"value_error": "Value error, ", "assertion_error": "Assertion failed, "}


def from_pydantic(
    error: "pydantic.ValidationError",
    *,
    location: Location = "body",
    document: object = UNKNOWN,
) -> ValidationError:
    """Return pydantic's error as one of ours: every problem, and nothing of the input.

    The words of the application's own validators are kept, unless they repeat the
    value; pydantic's are kept but for those that quote it.

    Args:
        error: What pydantic 2 raised.
        location: The part of the request that was validated.
        document: What was validated, for exact paths where the model has unions.

    Returns:
        An error of 400; `details` maps paths to lists of `{"code", "message"}`, with
        pydantic's error types as codes.
    """
    problems = Problems(location)
    for entry in error.errors(include_url=False):
        if problems.is_full:
            break
        steps = place_in(document, entry["loc"], absent=entry["type"] == "missing")
        problems.add(steps, entry["type"], _message(entry))
    return problems.error()


def _message(entry: Any) -> str:  # noqa: ANN401 - a TypedDict of a library that may be missing
    kind, text = str(entry["type"]), str(entry["msg"])
    if kind in _OUR_WORDS:
        return _OUR_WORDS[kind]
    if _is_pydantics(kind, text, entry.get("ctx")):
        return text
    text = text.removeprefix(_PREFIXES.get(kind, ""))
    return NOT_VALID if repeats(text, entry["input"]) else text


def _is_pydantics(kind: str, text: str, context: object) -> bool:
    """Whether the sentence is pydantic's: an application may use its error types."""
    if kind in _PREFIXES:
        return False
    from pydantic_core import PydanticKnownError  # noqa: PLC0415 - there is its error

    try:
        known: Any = PydanticKnownError
        return bool(known(kind, context).message() == text)
    except (TypeError, KeyError, ValueError):
        # No type of pydantic's, or not with these facts.
        return False
