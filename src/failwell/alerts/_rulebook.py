"""The rules of a deployment: those that are there by default, and what people made of them.

Owns the defaults, and that each change names who made it.
"""

import logging
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from failwell.alerts._rule import Rule, changed, make_rule
from failwell.exceptions import NotFoundError

if TYPE_CHECKING:
    from failwell.store import AlertBook  # loads SQLAlchemy

DEFAULTS = (
    make_rule("new-errors", "new"),
    make_rule("regressions", "regression"),
    make_rule("spikes", "spike"),
    make_rule("circuits", "circuit_opened"),
    make_rule("pipeline", "pipeline"),
)

_logger = logging.getLogger("failwell")
_decoder = msgspec.json.Decoder(Rule)


class RuleEntry(NamedTuple):
    """A rule, and who made it what it is; nobody, where it is as it came."""

    rule: Rule
    changed_by: str = ""
    changed_at: datetime | None = None


class Rulebook:
    """The rules of a deployment.

    Args:
        book: Where they are kept.
    """

    def __init__(self, book: "AlertBook") -> None:
        self._book = book
        self._strange: set[str] = set()

    def rules(self) -> list[Rule]:
        """Return all of them, by name."""
        return [entry.rule for entry in self.entries()]

    def entries(self) -> list[RuleEntry]:
        """Return all of them, with who changed them, by name."""
        found = {rule.name: RuleEntry(rule) for rule in DEFAULTS}
        for name, (text, by, at) in self._book.rules().items():
            if text is None:
                found.pop(name, None)
            elif rule := self._read(name, text):
                found[name] = RuleEntry(rule, by, at)
        return [found[name] for name in sorted(found)]

    def named(self, name: str) -> Rule:
        """Return one.

        Raises:
            NotFoundError: There is none.
        """
        for rule in self.rules():
            if rule.name == name:
                return rule
        raise NotFoundError("Rule", name)

    def add(self, rule: Rule, *, by: str) -> None:
        """Add a rule.

        Raises:
            ValueError: There is one of that name.
        """
        if any(known.name == rule.name for known in self.rules()):
            message = f"there is a rule {rule.name!r} already; change or remove it"
            raise ValueError(message)
        self._write(rule, by)

    def change(self, name: str, *, by: str, **given: object) -> Rule:
        """Change fields of a rule; None leaves one as it is.

        Raises:
            NotFoundError: There is none.
            ValueError: It may not be so.
        """
        rule = changed(self.named(name), **given)
        self._write(rule, by)
        return rule

    def mute(self, name: str, until: datetime | None, *, by: str) -> Rule:
        """Have a rule hold everything back until then; None lets it speak again."""
        rule = msgspec.structs.replace(self.named(name), muted_until=until)
        self._write(rule, by)
        return rule

    def remove(self, name: str, *, by: str) -> None:
        """Remove a rule, and with it what it holds.

        Raises:
            NotFoundError: There is none.
        """
        self._book.write_rule(self.named(name).name, None, by=by)

    def _write(self, rule: Rule, by: str) -> None:
        self._book.write_rule(rule.name, msgspec.json.encode(rule).decode(), by=by)

    def _read(self, name: str, text: str) -> Rule | None:
        try:
            return _decoder.decode(text)
        except msgspec.DecodeError as error:
            # A newer failwell wrote it; the others go on.
            if name not in self._strange:
                self._strange.add(name)
                _logger.warning("The alert rule %s cannot be read: %s", name, error)
            return None
