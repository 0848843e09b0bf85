"""What can be done to the rules of alerts and to their outbox, by form and by JSON."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any, NamedTuple

import msgspec
from msgspec import Meta

from failwell.alerts import Alerts, Outcome, RuleKind, make_rule
from failwell.console._moments import UNTIL_SAID, read_until
from failwell.exceptions import ValidationError
from failwell.records import Level

_Name = Annotated[str, Meta(min_length=1, max_length=40)]


class Named(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """A rule."""

    name: _Name


class RuleFields(Named, kw_only=True):
    """What may be said of a rule; each kind takes some of it."""

    to: tuple[str, ...] | None = None
    codes: tuple[str, ...] | None = None
    level: Level | None = None
    route: str | None = None
    of: str | None = None
    scope: str | None = None
    count: int | None = None
    minutes: int | None = None
    factor: float | None = None
    pause_minutes: int | None = None
    urgent: bool | None = None

    def fields(self) -> dict[str, Any]:
        """Return what is said besides the name."""
        names = RuleFields.__struct_fields__
        return {name: getattr(self, name) for name in names if name != "name"}


class NewRule(RuleFields, kw_only=True):
    """A rule to be added."""

    kind: RuleKind


class Silence(Named, kw_only=True):
    """Have a rule hold everything back, or speak again."""

    until: Annotated[
        Annotated[str, Meta(max_length=40)] | None,
        Meta(description=f"Until when: {UNTIL_SAID}; null lets it speak again."),
    ] = None


class Test(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The channel to test; null tests all."""

    channel: str | None = None


class Retry(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """The alert to try again; null tries all that wait or were given up."""

    alert_id: str | None = None


class AlertChange(NamedTuple):
    """Something that can be done."""

    name: str
    summary: str
    takes: type[Any]
    run: Callable[[Alerts, Any, str, datetime], object]
    """Do it; gets what was given, the visitor's name, and the present time."""
    noted: str = ""
    """What the audit log says of it; what changes a rule, the rules note themselves."""

    def read_fields(self, fields: Mapping[str, str]) -> Any:  # noqa: ANN401 - a `takes`
        """Return what a form says.

        Raises:
            ValidationError: Something is missing, or not allowed; says what.
        """
        try:
            return msgspec.convert(fields, self.takes, strict=False)
        except msgspec.ValidationError as error:
            raise ValidationError(str(error)) from error

    def read_body(self, body: bytes) -> Any:  # noqa: ANN401 - as above
        """Return what a body of JSON says.

        Raises:
            ValidationError: As above, or it is none.
        """
        try:
            return msgspec.json.decode(body, type=self.takes)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise ValidationError(str(error)) from error

    def do(self, alerts: Alerts, given: Any, by: str, now: datetime) -> list[Outcome]:  # noqa: ANN401 - as above
        """Do it, and return what came back of a test.

        Raises:
            NotFoundError: There is no such rule or channel.
            StoreError: The store cannot be written; nothing was changed.
            ValidationError: It may not be so; says what may.
        """
        try:
            found = self.run(alerts, given, by, now)
        except ValueError as error:
            raise ValidationError(str(error)) from error
        return found if isinstance(found, list) else []


def _add(alerts: Alerts, given: NewRule, by: str, _: datetime) -> object:
    alerts.add(make_rule(given.name, given.kind, **given.fields()), by=by)
    return None


def _mute(alerts: Alerts, given: Silence, by: str, now: datetime) -> object:
    until = read_until(given.until, now)
    if until is not None and until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return alerts.mute(given.name, until, by=by)


CHANGES = (
    AlertChange("add", "Add a rule", NewRule, _add),
    AlertChange(
        "change",
        "Change what is given of a rule",
        RuleFields,
        lambda alerts, given, by, _: alerts.change(given.name, by=by, **given.fields()),
    ),
    AlertChange("mute", "Have a rule hold back, or speak again", Silence, _mute),
    AlertChange(
        "remove",
        "Remove a rule",
        Named,
        lambda alerts, given, by, _: alerts.remove(given.name, by=by),
    ),
    AlertChange(
        "test",
        "Send a test",
        Test,
        lambda alerts, given, _by, _now: alerts.test(given.channel),
        noted="alerts tested",
    ),
    AlertChange(
        "retry",
        "Try alerts again",
        Retry,
        lambda alerts, given, _by, _now: alerts.retry(given.alert_id),
        noted="alerts tried again",
    ),
)
