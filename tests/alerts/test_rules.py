"""Rules: what each kind takes, what it says, and who changed it."""

from typing import TYPE_CHECKING, Any

import pytest

from failwell.alerts import KINDS, describe, make_rule
from failwell.exceptions import NotFoundError

if TYPE_CHECKING:
    from tests.alerts.conftest import Shop


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_has_a_rule_that_says_what_it_asks_for(kind: str) -> None:
    """With nothing given but its name."""
    rule = make_rule("a", kind)

    assert describe(rule)
    assert rule.pause_minutes >= 10


@pytest.mark.parametrize(
    ("name", "kind", "given", "said"),
    [
        ("Big", "new", {}, "small letters"),
        ("a", "newest", {}, "there are new, regression, threshold"),
        ("a", "new", {"count": 3}, "takes no count; it takes codes, level"),
        ("a", "pipeline", {"codes": ("X",)}, "takes no codes"),
        ("a", "threshold", {"count": 0}, "count is 0; allowed: 1 to"),
        ("a", "threshold", {"of": "users", "count": 101}, "allowed: 1 to 100"),
        ("a", "threshold", {"minutes": 2000}, "minutes is 2000; allowed: 1 to 1,440"),
        ("a", "threshold", {"of": "people"}, "rule a: Invalid enum value 'people'"),
        ("a", "spike", {"factor": 1.0}, "factor is 1; allowed: 1.1 to 1,000"),
        ("a", "new", {"level": "fatal"}, "Invalid enum value 'fatal'"),
        ("a", "new", {"pause_minutes": 0}, "pause_minutes is 0"),
    ],
)
def test_what_a_rule_may_not_be_is_said(
    name: str, kind: str, given: dict[str, Any], said: str
) -> None:
    """With the field, what was wrong, and what is allowed."""
    with pytest.raises(ValueError, match=said):
        make_rule(name, kind, **given)


def test_there_are_rules_without_any_being_made(shop: "Shop") -> None:
    """One setting, the channel, is all that most need."""
    rules = {rule.name: rule.kind for rule in shop.alerts.rules()}

    assert rules == {
        "circuits": "circuit_opened",
        "new-errors": "new",
        "pipeline": "pipeline",
        "regressions": "regression",
        "spikes": "spike",
    }


def test_rules_are_added_changed_and_removed(each_shop: "Shop") -> None:
    """The defaults too; each with who did so."""
    alerts = each_shop.alerts
    alerts.add(make_rule("busy", "threshold", count=10), by="ada@example.org")
    alerts.change("busy", by="bob", minutes=1)
    alerts.change("spikes", by="bob", factor=3.0)
    alerts.remove("circuits", by="bob")

    entries = {entry.rule.name: entry for entry in alerts.entries()}

    assert set(entries) == {"busy", "new-errors", "pipeline", "regressions", "spikes"}
    busy = entries["busy"].rule
    assert (busy.count, busy.minutes, entries["busy"].changed_by) == (10, 1, "bob")
    assert entries["spikes"].rule.factor == 3.0
    assert entries["new-errors"].changed_by == ""
    audit = each_shop.store.audit()
    assert [(entry.action, entry.by) for entry in audit] == [
        ("alert rule removed", "bob"),
        ("alert rule written", "bob"),
        ("alert rule written", "bob"),
        ("alert rule written", "ada@example.org"),
    ]


def test_what_cannot_be_changed_is_said(shop: "Shop") -> None:
    """An unknown rule, one that is there already, an unknown channel, nobody."""
    alerts = shop.alerts
    with pytest.raises(NotFoundError, match="Rule with id nothing"):
        alerts.change("nothing", by="ada")
    with pytest.raises(ValueError, match="a rule 'spikes' already"):
        alerts.add(make_rule("spikes", "spike"), by="ada")
    with pytest.raises(ValueError, match="no channel 'pager'; there are webhook"):
        alerts.add(make_rule("a", "new", to=("pager",)), by="ada")
    with pytest.raises(ValueError, match="printable"):
        alerts.remove("spikes", by="a\nb")

    assert len(alerts.rules()) == 5


def test_a_rule_of_a_newer_failwell_is_passed_over(shop: "Shop") -> None:
    """The others go on."""
    shop.book.write_rule("strange", '{"name": "strange", "kind": "astral"}', by="ada")

    assert "strange" not in {rule.name for rule in shop.alerts.rules()}
    assert len(shop.alerts.rules()) == 5
