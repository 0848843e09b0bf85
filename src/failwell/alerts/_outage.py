"""A store that is away: told past the outbox, which is in it.

Owns that this is told once for each outage, by each process that ships, to each channel
that takes it. What is remembered of it is in memory: a process that ends in an outage and
begins anew tells again.
"""

import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from failwell._clock import Clock
from failwell._settings import Settings
from failwell.alerts._alert import Alert
from failwell.alerts._channel import Channel, ChannelError
from failwell.alerts._memory import Memory
from failwell.alerts._rule import Rule
from failwell.alerts._sender import Sender
from failwell.alerts._wording import compose, of_all

PATIENCE_S = 300.0
"""How long the store may be away before somebody is told: a restart is no outage."""


class Outage:
    """Tells that the store is away; used by one thread.

    Args:
        settings: Those of the application.
        channels: By name.
        sender: Makes the message.
        clock: Time.
    """

    def __init__(
        self,
        settings: Settings,
        channels: Mapping[str, Channel],
        sender: Sender,
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._channels = channels
        self._sender = sender
        self._clock = clock
        self._since: float | None = None
        self._alert: Alert | None = None
        self._told: set[str] = set()

    def end(self) -> None:
        """Note that the store can be used."""
        self._since, self._alert = None, None
        self._told.clear()

    def go_on(self, rules: list[Rule]) -> None:
        """Note that it cannot, and tell, as far as that is due and was not done.

        Args:
            rules: As they were known last.
        """
        now = self._clock.now()
        if self._since is None:
            self._since = now
        if now - self._since < PATIENCE_S:
            return
        for rule in rules:
            is_muted = (
                rule.muted_until is not None and now < rule.muted_until.timestamp()
            )
            if rule.kind == "pipeline" and not is_muted:
                self._tell(rule, now, self._since)

    def _tell(self, rule: Rule, now: float, since: float) -> None:
        begin = datetime.fromtimestamp(since, UTC)
        said = (
            f"Since {begin:%Y-%m-%d %H:%M} UTC it cannot be used; what is recorded waits"
            " in the spool, and other alerts wait with it. The log says why."
        )
        finding = of_all("store", "the store is away", said, begin)
        if self._alert is None:
            memory = Memory(held=1, first=(finding,))
            alert_id = f"alert-{secrets.token_hex(8)}"
            self._alert = compose(alert_id, rule, memory, now, self._settings)
        message = self._sender.message(self._alert)
        for name, channel in self._channels.items():
            if name not in self._told and (not rule.to or name in rule.to):
                try:
                    channel.send(message)
                except ChannelError:
                    continue  # with the next turn again
                self._told.add(name)
