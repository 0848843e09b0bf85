"""Everything that is wrong with an input, in the one shape that answers have.

Owns the shape (`participants.3` to a list of `{"code", "message"}`), its bounds, and
where a problem outside of the body or of the whole input stands.
"""

from collections.abc import Sequence
from typing import Literal
from urllib.parse import quote

from failwell.exceptions import ValidationError

Location = Literal["body", "query", "path", "headers"]
Step = str | int

NOT_VALID = "The value is not valid"
"""Stands for a message that says nothing that may be sent."""

_MOST_FIELDS = 50
_MOST_OF_A_FIELD = 10
_LONGEST_PATH = 100
_LONGEST_CODE = 100
_LONGEST_MESSAGE = 300


class Problems:
    """The problems found in one part of a request; bounded, whatever was sent.

    At most 50 fields with 10 problems each; paths and codes are cut at 100 characters,
    messages at 300.

    Args:
        location: The part. Problems outside of the body carry the `parameter` that
            they concern; what concerns a part as a whole stands under its name.
    """

    def __init__(self, location: Location) -> None:
        self._location: Location = location
        self._details: dict[str, list[dict[str, str]]] = {}

    @property
    def is_full(self) -> bool:
        """Whether no further field would be taken."""
        return len(self._details) >= _MOST_FIELDS

    def add(self, steps: Sequence[Step], code: str, message: str) -> None:
        """Add a problem of the field that the steps lead to; none is the whole."""
        names = [_name(step) for step in steps]
        if names and self._location == "headers":
            names[0] = header_name(names[0])
        path = ".".join(names)[:_LONGEST_PATH] or self._location
        if path not in self._details and self.is_full:
            return
        entries = self._details.setdefault(path, [])
        if len(entries) < _MOST_OF_A_FIELD:
            problem = {"code": cut(code, _LONGEST_CODE), "message": _message(message)}
            entries.append({**problem, **self._place(names)})

    def error(self, message: str = "Validation error") -> ValidationError:
        """Return the error that answers with what was added."""
        return ValidationError(message, self._details)

    def _place(self, names: list[str]) -> dict[str, str]:
        """Return what problem+json cannot tell from the path."""
        if self._location != "body":
            return {
                "parameter": (names[0] if names else self._location)[:_LONGEST_PATH]
            }
        if names and all("." not in name and name for name in names):
            return {}
        return {"pointer": cut(_pointer(names), _LONGEST_MESSAGE)}


def header_name(name: str) -> str:
    """Return the header that a field of a model stands for: `x_api_key` is X-Api-Key."""
    return name.replace("_", "-")


def cut(text: str, longest: int) -> str:
    """Return `text` as sendable Unicode with at most `longest` characters."""
    if len(text) > longest:
        text = f"{text[: longest - 1]}…"
    # A lone surrogate is no Unicode text and has no UTF-8.
    return text.encode("utf-8", "replace").decode()


def _message(message: str) -> str:
    return cut(message.strip(), _LONGEST_MESSAGE) or NOT_VALID


def _name(step: Step) -> str:
    return str(step).encode("utf-8", "replace").decode()


def _pointer(names: list[str]) -> str:
    """Return a JSON pointer as a URI fragment (RFC 6901, section 6)."""
    steps = (name.replace("~", "~0").replace("/", "~1") for name in names)
    return "#" + "".join(f"/{quote(step)}" for step in steps)
