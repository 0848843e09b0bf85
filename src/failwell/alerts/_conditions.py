"""What goes on now: for each rule that asks so, what it finds, by subject.

Owns the comparison with what is usual. Looks at rollups, at what the processes tell of
their circuit breakers, and at the folder of the spool; changes nothing.
"""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from failwell._settings import Settings
from failwell.alerts._alert import Finding
from failwell.alerts._rule import Rule, RuleKind
from failwell.alerts._wording import of_all, of_rate
from failwell.fleet import Fleet, Overview
from failwell.spool import measure
from failwell.store import AlertBook, Rates

OWN_CIRCUITS = "failwell alerts: "
"""How the names of our own breakers begin: an alert about them would need them."""

_FULL = 3 / 4
_MINUTES_PER_HOUR = 60
_MEBIBYTE = 1024 * 1024
_logger = logging.getLogger("failwell")

Found = Mapping[str, Finding]


class _Present(NamedTuple):
    """What is looked at."""

    rates: Rates
    circuits: "Overview | None"
    at: datetime


_Look = Callable[[Rule, _Present], Iterable[Finding]]


class Conditions:
    """What goes on in one deployment.

    Args:
        settings: Those of the application.
        fleet: Its circuit breakers.
    """

    def __init__(self, settings: Settings, fleet: Fleet) -> None:
        self._settings = settings
        self._fleet = fleet
        self._complained: set[str] = set()
        self._looks: dict[RuleKind, _Look] = {
            "threshold": self._threshold,
            "spike": self._spike,
            "error_rate": self._error_rate,
            "circuit_opened": self._circuits,
            "pipeline": self._pipeline,
        }

    def look(
        self, book: AlertBook, rules: Sequence[Rule], now: float
    ) -> dict[str, Found]:
        """Return what each rule finds; what cannot be looked at is not in it.

        Raises:
            StoreError: The store cannot be read.
        """
        # Before the transaction: it is one of its own, and may be asked of Redis.
        wants_circuits = any(rule.kind == "circuit_opened" for rule in rules)
        circuits = self._fleet.overview(with_own=False) if wants_circuits else None
        found: dict[str, Found] = {}
        with book.looking() as rates:
            present = _Present(rates, circuits, datetime.fromtimestamp(now, UTC))
            for rule in rules:
                look = self._looks.get(rule.kind)
                if look is not None:
                    try:
                        findings = {
                            entry.subject: entry for entry in look(rule, present)
                        }
                    except OSError as error:
                        self._complain(rule, error)
                    else:
                        found[rule.name] = findings
        return found

    def link(self, group_id: int) -> str:
        """Return the address of a group; empty where that of the console is not known."""
        base = self._settings.console_url
        return f"{base}/groups/{group_id}" if base else ""

    def _threshold(self, rule: Rule, present: _Present) -> list[Finding]:
        rates, at = present.rates, present.at
        counted, limit = f"{rule.of} in {rule.minutes} minutes", f"limit {rule.count:,}"
        if rule.scope == "application":
            total = rates.total if rule.of == "errors" else rates.total_users
            n = total(rule.codes, rule.minutes)
            return self._of_application(rule, n, f"{n:,} {counted}; {limit}.", at)
        groups = rates.groups if rule.of == "errors" else rates.users
        return [
            of_rate(
                rate, f"{rate.n:,} {counted}; {limit}.", at, self.link(rate.group_id)
            )
            for rate in groups(rule.codes, rule.minutes, rule.count)
        ]

    def _spike(self, rule: Rule, present: _Present) -> list[Finding]:
        rates, at = present.rates, present.at
        if rule.scope == "application":
            n = rates.total(rule.codes, rule.minutes)
            usual = _usual(rule, rates.usual_total(rule.codes))
            if usual is None or n < rule.factor * usual:
                return []
            return self._of_application(rule, n, _said(rule, n, usual), at)
        groups, found = rates.groups(rule.codes, rule.minutes, rule.count), []
        per_hour = rates.usual(groups)
        for rate in groups:
            usual = _usual(rule, per_hour.get(rate.group_id))
            if usual is not None and rate.n >= rule.factor * usual:
                said = _said(rule, rate.n, usual)
                found.append(of_rate(rate, said, at, self.link(rate.group_id)))
        return found

    def _of_application(
        self, rule: Rule, n: int, said: str, at: datetime
    ) -> list[Finding]:
        if n < rule.count:
            return []
        return [of_all("application", self._settings.application, said, at)]

    def _error_rate(self, rule: Rule, present: _Present) -> list[Finding]:
        rates, at = present.rates, present.at
        return [
            of_all(
                f"route {route}",
                route,
                f"{n:,} errors in {rule.minutes} minutes, {n / rule.minutes:.3g} a"
                f" minute; limit {rule.count:,}.",
                at,
            )
            for route, n in sorted(rates.routes(rule.codes, rule.minutes).items())
            if n >= rule.count and rule.route in ("", route)
        ]

    def _circuits(self, _rule: Rule, present: _Present) -> list[Finding]:
        overview, at = present.circuits, present.at
        if overview is None:
            return []
        if overview.away is not None:
            raise OSError(overview.away)
        found = []
        for view in overview.circuits():
            opened = [
                seen
                for seen in view.seen
                if seen.circuit.state == "open" and seen.circuit.override is None
            ]
            if opened and not view.name.startswith(OWN_CIRCUITS):
                said = (
                    f"It is open in {len(opened)} of {len(view.seen)} processes;"
                    f" {view.failures:,} failures, {view.rejected:,} calls refused."
                )
                found.append(of_all(f"circuit {view.name}", view.name, said, at))
        return found

    def _pipeline(self, _rule: Rule, present: _Present) -> list[Finding]:
        rates, at = present.rates, present.at
        found = [
            of_all(
                f"loss: {reason}",
                f"errors are lost ({reason})",
                f"{n:,} errors of this hour were counted and could not be kept.",
                at,
            )
            for reason, n in sorted(rates.losses().items())
        ]
        if frames := rates.set_aside():
            said = (
                f"{frames:,} frames of the last hour cannot be stored; the table"
                " quarantine has them, with the reason."
            )
            found.append(of_all("quarantine", "records are set aside", said, at))
        used = measure(self._settings.spool_dir).used
        quota = self._settings.spool_quota
        if used > _FULL * quota:
            said = (
                f"{used // _MEBIBYTE:,} of {quota // _MEBIBYTE:,} MiB are used: the"
                " store is slow or away."
            )
            found.append(of_all("spool", "the spool fills up", said, at))
        return found

    def _complain(self, rule: Rule, error: Exception) -> None:
        if rule.name not in self._complained:
            self._complained.add(rule.name)
            _logger.warning("The alert rule %s cannot be judged: %s", rule.name, error)


def _usual(rule: Rule, per_hour: float | None) -> float | None:
    """Return how many errors are usual in the minutes of a rule; None: nobody knows."""
    return None if per_hour is None else per_hour * rule.minutes / _MINUTES_PER_HOUR


def _said(rule: Rule, n: int, usual: float) -> str:
    return (
        f"{n:,} errors in {rule.minutes} minutes, where {usual:.3g} are usual; limit"
        f" {rule.factor:g} times that, and {rule.count:,} at least."
    )
