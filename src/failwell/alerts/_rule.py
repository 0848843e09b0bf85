"""What a rule is: of which kind, with which numbers, and what it says in a sentence.

Owns what each kind takes and what stands where nothing is given. A rule that exists is
valid.
"""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal, NamedTuple, get_args

import msgspec

from failwell.records import Level

RuleKind = Literal[
    "new",
    "regression",
    "threshold",
    "spike",
    "error_rate",
    "circuit_opened",
    "pipeline",
]
LEVELS: tuple[Level, ...] = get_args(Level)

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}", re.ASCII)
_MOST_USERS = 100
_RANGES: dict[str, tuple[float, float]] = {
    "count": (1, 1_000_000_000),
    "minutes": (1, 1440),
    "factor": (1.1, 1000),
    "pause_minutes": (1, 10_080),
}


class _Kind(NamedTuple):
    """What a kind asks, and what it takes with which default."""

    asks: str
    takes: Mapping[str, Any]
    pause_minutes: int
    urgent: bool = False


_ERRORS = {"codes": (), "level": None}
_COUNTED = {"codes": (), "minutes": 5, "count": 100}
KINDS: Mapping[RuleKind, _Kind] = {
    "new": _Kind("an error that was never met before", _ERRORS, 10),
    "regression": _Kind(
        "an error that came back after it was resolved or muted", _ERRORS, 10
    ),
    "threshold": _Kind(
        "so many errors or users in so many minutes",
        {**_COUNTED, "of": "errors", "scope": "group"},
        60,
    ),
    "spike": _Kind(
        "many times the errors of the last week",
        {**_COUNTED, "minutes": 10, "count": 20, "factor": 10.0, "scope": "group"},
        60,
    ),
    "error_rate": _Kind(
        "so many errors of a route in so many minutes", {**_COUNTED, "route": ""}, 60
    ),
    "circuit_opened": _Kind("a circuit breaker that opened", {}, 10),
    "pipeline": _Kind(
        "trouble with the recording of errors itself", {}, 60, urgent=True
    ),
}
"""What there is, by name, with its parameters and their defaults."""


class Rule(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """When somebody is told, and who. Made by `make_rule`, and valid."""

    name: str
    kind: RuleKind
    to: tuple[str, ...] = ()
    """The names of channels; none stands for all."""
    codes: tuple[str, ...] = ()
    """Errors with one of these codes alone; none stands for all."""
    level: Level | None = None
    """Errors of this level or a graver one alone."""
    route: str = ""
    """Of this route alone; empty for each."""
    of: Literal["errors", "users"] = "errors"
    scope: Literal["group", "application"] = "group"
    """Whether each group is looked at by itself, or all errors together."""
    count: int = 0
    minutes: int = 0
    factor: float = 0.0
    pause_minutes: int = 0
    """For how long it is silent after an alert; the next one tells of all since."""
    urgent: bool = False
    """Whether it is told in quiet hours too."""
    muted_until: datetime | None = None
    """Until when it holds everything back."""


def make_rule(name: str, kind: str, **given: object) -> Rule:
    """Return a rule; what is None or not given has the default of its kind.

    Args:
        name: A letter, then letters, digits, `-` and `_`, in small.
        kind: One of `KINDS`.
        given: Fields of `Rule`.

    Raises:
        ValueError: The kind takes no such thing, or a value is not allowed; the message
            says which, and what is.
    """
    if _NAME.fullmatch(name) is None:
        message = (
            f"a rule is named {name!r}; allowed: up to 40 small letters, digits, - and"
            " _, a letter first"
        )
        raise ValueError(message)
    spec = next((spec for known, spec in KINDS.items() if known == kind), None)
    if spec is None:
        message = f"there is no kind of rule {kind!r}; there are {', '.join(KINDS)}"
        raise ValueError(message)
    wanted = {field: value for field, value in given.items() if value is not None}
    common = {
        "pause_minutes": spec.pause_minutes,
        "urgent": spec.urgent,
        "to": (),
        "muted_until": None,
    }
    known = {**spec.takes, **common}
    for field in wanted:
        if field not in known:
            message = f"a rule of kind {kind} takes no {field}; it takes {_said(known)}"
            raise ValueError(message)
    try:
        rule = msgspec.convert({"name": name, "kind": kind, **known, **wanted}, Rule)
    except msgspec.ValidationError as error:
        message = f"rule {name}: {error}"
        raise ValueError(message) from error
    _refuse_numbers(rule, known)
    return rule


def changed(rule: Rule, **given: object) -> Rule:
    """Return a rule with these fields changed; None leaves one as it is.

    Raises:
        ValueError: As `make_rule`.
    """
    kept = {field: getattr(rule, field) for field in _fields_of(rule)}
    wanted = {field: value for field, value in given.items() if value is not None}
    return make_rule(rule.name, rule.kind, **{**kept, **wanted})


def describe(rule: Rule) -> str:
    """Return in words when a rule asks for an alert."""
    codes = f" with {' or '.join(rule.codes)}" if rule.codes else ""
    graver = f" of level {rule.level} or graver" if rule.level else ""
    whose = "a group" if rule.scope == "group" else "the application"
    counted = f"{rule.count:,} {rule.of} of {whose}{codes} in {rule.minutes} minutes"
    said: dict[RuleKind, str] = {
        "new": f"an error{codes}{graver} that was never met before",
        "regression": f"an error{codes}{graver} that came back",
        "threshold": f"at least {counted}",
        "spike": f"at least {counted}, and {rule.factor:g} times the usual",
        "error_rate": f"at least {rule.count:,} errors{codes} of"
        f" {rule.route or 'a route'} in {rule.minutes} minutes",
        "circuit_opened": "a circuit breaker that opened",
        "pipeline": "trouble with the recording of errors itself",
    }
    return said[rule.kind]


def _fields_of(rule: Rule) -> list[str]:
    common = ("to", "pause_minutes", "urgent", "muted_until")
    return [*KINDS[rule.kind].takes, *common]


def _refuse_numbers(rule: Rule, known: Mapping[str, object]) -> None:
    # Of a group, 100 errors an hour are kept in full: more users cannot be told.
    narrower = {"count": (1, _MOST_USERS)} if rule.of == "users" else {}
    for field, (lowest, highest) in {**_RANGES, **narrower}.items():
        value = getattr(rule, field)
        if field in known and not lowest <= value <= highest:
            message = (
                f"rule {rule.name}: {field} is {value:g}; allowed: {lowest:g} to"
                f" {highest:,.0f}"
            )
            raise ValueError(message)


def _said(known: Mapping[str, object]) -> str:
    return ", ".join(sorted(known.keys() - {"muted_until"}))
