"""The kinds of fields that several inputs and outputs share.

Owns how a text, a time, an id and an e-mail address are read.
"""

import re
import unicodedata
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from meetings.booking import EARLIEST, LATEST

LARGEST_ID = 2**63 - 1
"""What a database can hold; more would fail there."""

_RFC_3339 = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)?", re.ASCII
)
_LABEL = "[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# What browsers take for a valid address (HTML standard, section 4.10.5.1.5). Whether
# mail arrives there is not asked: `.local` and the like are used inside of companies.
_EMAIL = re.compile(
    rf"[a-z0-9.!#$%&'*+/=?^_`{{|}}~-]{{1,64}}@{_LABEL}(?:\.{_LABEL})*",
    re.ASCII | re.IGNORECASE,
)
_EXAMPLE = "2026-05-04T09:00:00+02:00"


class Input(BaseModel):
    """What a client sends: types are not bent, unknown fields are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", hide_input_in_errors=True)


class Query(BaseModel):
    """What a client asks in the address: every value is a text to be read."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


def _without_controls(text: str) -> str:
    if any(unicodedata.category(c) in {"Cc", "Cs"} for c in text):
        raise PydanticCustomError(
            "control_character", "Line breaks and control characters are not allowed"
        )
    return text


def _read_time(value: Any) -> datetime:  # noqa: ANN401 - whatever JSON holds
    if not isinstance(value, str):
        raise PydanticCustomError("time_type", "A text such as {example}", _hint())
    match = _RFC_3339.fullmatch(value)
    if match is None:
        raise PydanticCustomError(
            "time_format", "A date and time such as {example} (RFC 3339)", _hint()
        )
    if match[2] is None:
        raise PydanticCustomError(
            "time_offset", "The offset from UTC is missing, as in {example}", _hint()
        )
    if match[1] and match[1].strip(".0"):
        raise PydanticCustomError("time_fraction", "Whole seconds only")
    return _moment(value.upper())


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text).astimezone(UTC).replace(microsecond=0)
    except (ValueError, OverflowError):
        raise PydanticCustomError("time_value", "There is no such time") from None
    if not EARLIEST <= moment < LATEST:
        raise PydanticCustomError(
            "time_range",
            "A time from {first} until {last}",
            {"first": EARLIEST.isoformat(), "last": LATEST.isoformat()},
        )
    return moment


def _hint() -> dict[str, str]:
    return {"example": _EXAMPLE}


def _read_email(text: str) -> str:
    if _EMAIL.fullmatch(text) is None:
        raise PydanticCustomError("email", "An e-mail address such as ada@example.com")
    return text.lower()


Line = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=200),
    AfterValidator(_without_controls),
]
"""One line of text, 1 to 200 characters."""

Email = Annotated[
    str,
    StringConstraints(max_length=254),
    AfterValidator(_read_email),
    WithJsonSchema({"type": "string", "format": "email", "maxLength": 254}),
]

Password = Annotated[
    str,
    StringConstraints(min_length=8, max_length=128),
    AfterValidator(_without_controls),
]

Id = Annotated[int, Field(ge=1, le=LARGEST_ID)]

Seats = Annotated[int, Field(ge=1, le=10_000)]

Moment = Annotated[
    datetime,
    BeforeValidator(_read_time),
    # As in the details of errors, so that a client can compare the texts.
    PlainSerializer(datetime.isoformat, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": [_EXAMPLE]}),
]
"""A moment: RFC 3339 with an offset, whole seconds; kept and answered in UTC."""
