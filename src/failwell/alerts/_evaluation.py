"""One look at what happened: findings are taken, remembered, and become alerts.

Owns the order: what is taken, what is remembered and what is put into the outbox changes
in one transaction, so that a process that ends on the way has lost nothing and told
nothing twice. Where there is nothing to change, nothing is written.
"""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from failwell._clock import Clock
from failwell._settings import Settings
from failwell.alerts._alert import Finding
from failwell.alerts._conditions import Conditions, Found
from failwell.alerts._memory import (
    EVALUATION,
    Memory,
    decode,
    encode,
    may_speak,
    speakers,
)
from failwell.alerts._rule import LEVELS, Rule
from failwell.alerts._rulebook import DEFAULTS, Rulebook
from failwell.alerts._wording import compose, of_group
from failwell.fleet import Fleet
from failwell.records import Level
from failwell.store import AlertBook, Happening, Judging, Posted

HEARTBEAT_S = 60.0
_HOUR_S = 3600
_AT_ONCE = 2000
_SECOND = 1_000_000
_KINDS = {"new": "new", "regressed": "regression", "unmuted": "regression"}
"""Which kind of rule asks for a happening."""


class Evaluation:
    """Judges the rules of one deployment; used by one thread.

    Args:
        book: Where rules, memories and the outbox are.
        settings: Those of the application.
        fleet: Its circuit breakers.
        clock: Time.
    """

    def __init__(
        self, book: AlertBook, settings: Settings, fleet: Fleet, clock: Clock
    ) -> None:
        self._book = book
        self._settings = settings
        self._clock = clock
        self._rulebook = Rulebook(book)
        self.known_rules: list[Rule] = list(DEFAULTS)
        """As they were read last."""
        self._conditions = Conditions(settings, fleet)

    def run(self) -> int:
        """Judge all there is; return how many alerts were written.

        Raises:
            StoreError: The store cannot be used; nothing is lost.
        """
        rules = self.known_rules = self._rulebook.rules()
        present = self._conditions.look(self._book, rules, self._clock.now())
        posted, left = 0, self._is_needed(rules, present)
        while left:
            with self._book.judging() as judging:
                if judging is None:
                    break
                taken = judging.take(_AT_ONCE)
                posted += self._judge(judging, rules, present, taken)
            left = len(taken) == _AT_ONCE
        return posted

    def _is_needed(self, rules: Sequence[Rule], present: Mapping[str, Found]) -> bool:
        now, states = self._clock.now(), self._book.states()
        looked_at = decode(states.get(EVALUATION)).spoke_at
        if not 0 <= now - looked_at < HEARTBEAT_S or self._book.is_awaited():
            return True
        for rule in rules:
            before = decode(states.get(rule.name))
            after = before.noting((), present.get(rule.name))
            if after != before or may_speak(
                rule, after, now, is_quiet=self._is_quiet(now)
            ):
                return True
        return False

    def _judge(
        self,
        judging: Judging,
        rules: Sequence[Rule],
        present: Mapping[str, Found],
        taken: Sequence[Happening],
    ) -> int:
        now, states = self._clock.now(), judging.states()
        memories = {
            rule.name: decode(states.get(rule.name)).noting(
                self._findings(rule, taken, judging), present.get(rule.name)
            )
            for rule in rules
        }
        hour_ago = round((now - _HOUR_S) * _SECOND)
        speaking = speakers(
            rules,
            memories,
            now,
            most=self._settings.alerts_cap - judging.posted_since(hour_ago),
            is_quiet=self._is_quiet(now),
        )
        judging.post([self._post(rule, memories[rule.name], now) for rule in speaking])
        for rule in speaking:
            memories[rule.name] = memories[rule.name].after_speaking(now)
        memories[EVALUATION] = Memory(spoke_at=now)
        texts = {name: encode(memory) for name, memory in memories.items()}
        new = {name: text for name, text in texts.items() if states.get(name) != text}
        judging.remember(new, [name for name in states if name not in texts])
        return len(speaking)

    def _findings(
        self, rule: Rule, taken: Iterable[Happening], judging: Judging
    ) -> list[Finding]:
        """Return those of what happened that a rule asks for."""
        return [
            of_group(
                happening,
                datetime.fromtimestamp(happening.at / _SECOND, UTC),
                self._conditions.link(happening.group_id),
            )
            for happening in taken
            if _KINDS[happening.kind] == rule.kind
            and (not rule.codes or happening.code in rule.codes)
            and (rule.level is None or _is_as_grave(rule.level, judging, happening))
        ]

    def _post(self, rule: Rule, memory: Memory, now: float) -> Posted:
        alert_id = f"alert-{secrets.token_hex(8)}"
        alert = compose(alert_id, rule, memory, now, self._settings)
        names = [channel.name for channel in self._settings.alerts_to]
        # A channel that is gone from the settings must not take its alerts along.
        chosen = [name for name in names if name in rule.to] or names
        return Posted(
            alert_id=alert_id,
            rule=rule.name,
            title=alert.title,
            body=msgspec.json.encode(alert).decode(),
            channels=chosen,
        )

    def _is_quiet(self, now: float) -> bool:
        hours = self._settings.alerts_quiet
        return hours is not None and hours.contain(now)


def _is_as_grave(level: Level, judging: Judging, happening: Happening) -> bool:
    milder = LEVELS[: LEVELS.index(level)]
    return judging.level(happening.group_id) not in milder
