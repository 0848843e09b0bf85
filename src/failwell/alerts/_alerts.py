"""`Alerts`: all that an application, its console and its command line do with alerts."""

import secrets
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._late import LateModule
from failwell._settings import Settings
from failwell.alerts._alert import Alert, Finding
from failwell.alerts._channel import Channel, ChannelError
from failwell.alerts._channels import make_channel
from failwell.alerts._rule import Rule
from failwell.alerts._rulebook import Rulebook, RuleEntry
from failwell.alerts._thread import taking_turns
from failwell.exceptions import NotFoundError
from failwell.fleet import Fleet
from failwell.store import Deployment, OutboxEntry, OutboxState, Store, StoreError

if TYPE_CHECKING:
    from failwell.alerts import _evaluation, _memory, _outage, _rendering, _sender
    from failwell.store import AlertBook
else:
    # Of no use to a process that does not ship; and some load SQLAlchemy.
    _evaluation = LateModule("failwell.alerts._evaluation")
    _memory = LateModule("failwell.alerts._memory")
    _outage = LateModule("failwell.alerts._outage")
    _rendering = LateModule("failwell.alerts._rendering")
    _sender = LateModule("failwell.alerts._sender")

_MOST = 10_000
_LONGEST_WHO = 200
_SENDING_S = 30.0
_STALE = timedelta(minutes=10)


class Outcome(NamedTuple):
    """What came back of a test."""

    channel: str
    error: str
    """Empty where it was taken."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How alerts are."""

    judged_at: datetime | None
    """When somebody looked last; None where nobody ever did."""
    is_stale: bool
    """Whether that is too long ago."""
    waiting: int
    failing: tuple[str, ...]
    """The channels with alerts that were tried and not taken."""
    dead: int


class Alerts:
    """The alerts of an application in its environment.

    Nothing is opened before the first use.

    Args:
        store: Where rules and the outbox are.
        settings: Those of the application.
        fleet: Its circuit breakers.
        clock: Time.
    """

    def __init__(
        self,
        store: Store,
        settings: Settings,
        fleet: Fleet,
        *,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._store = store
        self._settings = settings
        self._fleet = fleet
        self._clock = clock

    @property
    def channels(self) -> tuple[str, ...]:
        """The names of the channels that are set; without any, nothing is judged."""
        return tuple(channel.name for channel in self._settings.alerts_to)

    def rules(self) -> list[Rule]:
        """Return the rules, by name."""
        return self._rulebook.rules()

    def entries(self) -> list[RuleEntry]:
        """Return the rules with who changed them, by name."""
        return self._rulebook.entries()

    def add(self, rule: Rule, *, by: str) -> None:
        """Add a rule.

        Raises:
            ValueError: There is one of that name, it names an unknown channel, or who
                adds it cannot be written down.
            StoreError: The store cannot be written.
        """
        self._refuse_channels(rule.to)
        self._rulebook.add(rule, by=_checked(by))

    def change(self, name: str, *, by: str, **given: object) -> Rule:
        """Change fields of a rule; None leaves one as it is.

        Raises:
            NotFoundError: There is none.
            ValueError: As for `add`, or it may not be so.
            StoreError: The store cannot be written.
        """
        to = given.get("to")
        self._refuse_channels(to if isinstance(to, (tuple, list)) else ())
        return self._rulebook.change(name, by=_checked(by), **given)

    def mute(self, name: str, until: datetime | None, *, by: str) -> Rule:
        """Have a rule hold everything back until then; None lets it speak again.

        What it has held is told when it speaks: how much, and the first of it.

        Raises:
            NotFoundError: There is none.
            ValueError: Who does so cannot be written down.
            StoreError: The store cannot be written.
        """
        return self._rulebook.mute(name, until, by=_checked(by))

    def remove(self, name: str, *, by: str) -> None:
        """Remove a rule, and with it what it holds.

        Raises:
            NotFoundError: There is none.
            ValueError: Who removes it cannot be written down.
            StoreError: The store cannot be written.
        """
        self._rulebook.remove(name, by=_checked(by))

    def outbox(
        self, limit: int = 100, state: OutboxState | None = None
    ) -> list[OutboxEntry]:
        """Return what was sent, waits or was given up, the newest first.

        Args:
            limit: 1 to 10,000.
            state: One of these alone.

        Raises:
            StoreError: The store cannot be read.
        """
        return self._book.outbox(min(max(1, limit), _MOST), state)

    def retry(self, alert_id: str | None = None) -> int:
        """Have what waits or was given up tried with the next turn; return how many.

        Raises:
            StoreError: The store cannot be written.
        """
        return self._book.revive(alert_id)

    def test(self, channel: str | None = None) -> list[Outcome]:
        """Send a test now, past rules and outbox; return what came back.

        Args:
            channel: Its name; None tests all.

        Raises:
            NotFoundError: There is no such channel.
        """
        if channel is not None and channel not in self.channels:
            raise NotFoundError("Channel", channel)
        message = self._sender.message(self._test_alert())
        wanted = self.channels if channel is None else (channel,)
        outcomes = []
        for name in wanted:
            try:
                self._made[name].send(message)
                outcomes.append(Outcome(name, ""))
            except ChannelError as error:
                outcomes.append(Outcome(name, str(error)))
        return outcomes

    def turn(self) -> None:
        """Judge what happened, then send what is due, for half a minute at most.

        Raises:
            StoreError: The store cannot be used; nothing is lost.
        """
        if not self.channels:
            return
        try:
            with self._store.kept_open():
                self._evaluation.run()
                end = self._clock.monotonic() + _SENDING_S
                self._sender.run(lambda: self._clock.monotonic() < end)
        except StoreError:
            self._outage.go_on(self._evaluation.known_rules)
            raise
        self._outage.end()

    def running(self) -> AbstractContextManager[None]:
        """Take turns on a thread while the block lasts; nothing, without channels."""
        if not self.channels:
            return nullcontext()
        return taking_turns(self.turn, self._clock)

    def health(self) -> Health:
        """Return how alerts are.

        Raises:
            StoreError: The store cannot be read.
        """
        judged_at = self._judged_at()
        waiting = self._book.outbox(_MOST, "waiting")
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        return Health(
            judged_at=judged_at,
            is_stale=judged_at is None or now - judged_at > _STALE,
            waiting=len(waiting),
            failing=tuple(sorted({e.channel for e in waiting if e.error})),
            dead=self._book.outbox_counts()["dead"],
        )

    def _judged_at(self) -> datetime | None:
        state = self._book.states().get(_memory.EVALUATION)
        if state is None:
            return None
        return datetime.fromtimestamp(_memory.decode(state).spoke_at, UTC)

    def _refuse_channels(self, names: Sequence[str]) -> None:
        for name in names:
            if name not in self.channels:
                known = ", ".join(self.channels) or "none: set FAILWELL_ALERTS_TO"
                message = f"there is no channel {name!r}; there are {known}"
                raise ValueError(message)

    def _test_alert(self) -> Alert:
        now = datetime.fromtimestamp(self._clock.now(), UTC)
        said = "Somebody asked for a test of this channel: it works."
        return Alert(
            id=f"alert-{secrets.token_hex(8)}",
            at=now,
            application=self._settings.application,
            environment=self._settings.environment,
            rule="test",
            kind="test",
            title="Test of an alert",
            number=1,
            findings=(Finding(subject="test", title="Test", said=said, at=now),),
            why="Somebody ran `flask failwell alerts test`.",
            change="nothing has to be changed",
            link=self._settings.console_url or "",
        )

    @cached_property
    def _book(self) -> "AlertBook":
        whose = Deployment(self._settings.application, self._settings.environment)
        return self._store.alert_book(whose)

    @cached_property
    def _rulebook(self) -> Rulebook:
        return Rulebook(self._book)

    @cached_property
    def _evaluation(self) -> "_evaluation.Evaluation":
        return _evaluation.Evaluation(
            self._book, self._settings, self._fleet, self._clock
        )

    @cached_property
    def _sender(self) -> "_sender.Sender":
        renderer = _rendering.Renderer(self._settings.alerts_templates)
        return _sender.Sender(self._book, self._made, renderer, self._clock)

    @cached_property
    def _outage(self) -> "_outage.Outage":
        return _outage.Outage(self._settings, self._made, self._sender, self._clock)

    @cached_property
    def _made(self) -> dict[str, Channel]:
        private = self._settings.alerts_private_webhooks
        return {
            channel.name: make_channel(channel, private_webhooks=private)
            for channel in self._settings.alerts_to
        }


def _checked(by: str) -> str:
    if not by.isprintable() or not 0 < len(by) <= _LONGEST_WHO:
        message = f"by is {by!r}; allowed: 1 to 200 printable characters"
        raise ValueError(message)
    return by
