"""What the caller of a capture says about an error."""

from collections.abc import Mapping
from typing import TypedDict, get_args

from failwell.records._model import Level


class Details(TypedDict, total=False):
    """More that a caller may say, by name."""

    level: Level
    """Default `error`."""
    origin: str
    """What caught it, when no request did; what a `log` line brought is not announced."""
    tags: Mapping[str, object]
    """Names and values of this error, besides those of its request."""
    context: Mapping[str, object]
    """Facts; redacted and bounded before they are kept."""
    fingerprint: object
    """Texts that make the group; `{{ default }}` stands for what would count otherwise,
    an empty list for nothing said."""


_LEVELS: tuple[Level, ...] = get_args(Level)


def read_level(given: object) -> Level:
    """Return the level that was said, `error` where it is none: no reader knows another."""
    return next((level for level in _LEVELS if given == level), "error")
