"""Marshmallow's errors, and webargs', in the one shape.

Owns the codes, which marshmallow does not have: they are told by its own sentences.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from failwell.exceptions import ValidationError
from failwell.responses._validation._echo import repeats
from failwell.responses._validation._paths import value_at
from failwell.responses._validation._problems import (
    NOT_VALID,
    Location,
    Problems,
    Step,
)

if TYPE_CHECKING:
    import marshmallow

OWN_CODE = "invalid"
"""Of what an application's own validator says."""

_MOST = 1000
_DEEPEST = 32
_LONGEST_SENTENCE = 300

# Names for the same mistake are pydantic's where it has one.
_SENTENCES = {
    "Missing data for required field.": "missing",
    "Field may not be null.": "null",
    "Unknown field.": "unknown",
    "Invalid input type.": "invalid_type",
    "Invalid type.": "invalid_type",
    "Invalid JSON body.": "json_invalid",
    "Number too large.": "too_large",
    "Special numeric values (nan or infinity) are not permitted.": "finite_number",
    "String does not match expected pattern.": "pattern_mismatch",
}
_KINDS = (
    "string|utf-8 string|number|integer|boolean|list|tuple|mapping type|UUID|URL|"
    "email address|IP address|IPv4 address|IPv6 address|IP interface|IPv4 interface|"
    "IPv6 interface|(?:aware |naive )?(?:datetime|date|time)|period of time"
)
_PATTERNS = {
    r"Shorter than minimum length \d+\.": "too_short",
    r"Longer than maximum length \d+\.": "too_long",
    r"Length must be (between \d+ and )?\d+\.": "wrong_length",
    r"Must be (greater|less) than .* and less than .*\.": "out_of_range",
    r"Must be greater than or equal to .*\.": "greater_than_equal",
    r"Must be greater than .*\.": "greater_than",
    r"Must be less than or equal to .*\.": "less_than_equal",
    r"Must be less than .*\.": "less_than",
    r"Must be equal to .*\.": "not_equal",
    r"Must be one of: .*\.": "not_among_choices",
    r"One or more of the choices you made was (not )?in: .*\.": "not_among_choices",
}
_NOT_A_VALID = rf"Not a valid ({_KINDS})\."


# Where, what, and the code that the message brought along.
_Leaf = tuple[tuple[Step, ...], str, str | None]


def from_marshmallow(
    error: "marshmallow.ValidationError", *, location: Location = "body"
) -> ValidationError:
    """Return marshmallow's error as one of ours: every problem, nothing of the input.

    The words of the application's own validators are kept, unless they repeat the
    value. A message may be a mapping, `{"code": "taken", "message": "Taken"}`: then it
    brings its own code.

    Args:
        error: What marshmallow 4 raised.
        location: The part of the request that was validated.

    Returns:
        An error of 400; `details` maps paths to lists of `{"code", "message"}`.
    """
    problems = Problems(location)
    add_messages(problems, error.messages, error.data)
    return problems.error()


def add_messages(problems: Problems, messages: object, data: object) -> None:
    """Add marshmallow's nested messages about `data`, at most 1,000 of them."""
    for steps, message, brought in islice(_leaves(messages, ()), _MOST):
        place = _place(steps, data)
        code = brought or code_of(message)
        own = code == OWN_CODE or brought is not None
        hidden = own and repeats(message, value_at(data, place))
        problems.add(place, code, NOT_VALID if hidden else message)


def code_of(message: str) -> str:
    """Return a stable code for a sentence of marshmallow's, `invalid` for all others."""
    if len(message) > _LONGEST_SENTENCE:
        return OWN_CODE
    # Compiled when needed: `import failwell` has no time for it.
    kind = re.fullmatch(_NOT_A_VALID, message)
    if kind:
        return "invalid_" + re.sub(r"\W", "_", kind[1].lower())
    for pattern, code in _PATTERNS.items():
        if re.fullmatch(pattern, message):
            return code
    return _SENTENCES.get(message, OWN_CODE)


def _leaves(messages: object, steps: tuple[Step, ...]) -> Iterator[_Leaf]:
    if len(steps) > _DEEPEST:
        return
    if isinstance(messages, Mapping):
        yield from _leaves_of_mapping(messages, steps)
    elif isinstance(messages, (list, tuple, set)):
        for message in messages:
            yield from _leaves(message, steps)
    else:
        yield steps, messages if isinstance(messages, str) else NOT_VALID, None


def _leaves_of_mapping(
    messages: Mapping[Any, object], steps: tuple[Step, ...]
) -> Iterator[_Leaf]:
    # A field called `message` has a list; here it is one message with its code.
    text = messages.get("message")
    if isinstance(text, str):
        code = messages.get("code")
        yield steps, text, str(code) if isinstance(code, (str, int)) else None
        return
    for key, inner in messages.items():
        step = key if isinstance(key, int) else str(key)
        yield from _leaves(inner, steps if key == "_schema" else (*steps, step))


def _place(steps: tuple[Step, ...], data: object) -> tuple[Step, ...]:
    # What is wrong with an entry of a mapping stands under "key" or "value" below it.
    inner = steps[-1:]
    is_part = inner in {("key",), ("value",)} and len(steps) > 1
    return steps[:-1] if is_part and _lacks(data, steps) else steps


def _lacks(data: object, steps: tuple[Step, ...]) -> bool:
    owner = value_at(data, steps[:-1])
    return not (isinstance(owner, Mapping) and steps[-1] in owner)
