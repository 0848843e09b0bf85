"""What people make of groups, and what new errors make of that."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from failwell.exceptions import NotFoundError
from failwell.store import GroupQuery, GroupSummary, HistoryEntry, Store, _history

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.store.conftest import Feed

MINUTE = 60


@pytest.fixture
def ids(each_store: Store, feed: "Feed") -> "Sequence[int]":
    """The ids of the groups `a` and `b`, counted once each in release 1.0."""
    for hash_ in "ab":
        feed.count(hash=hash_, release="1.0")
    feed.move(each_store)
    feed.clock.advance(10 * MINUTE)
    return [_group(each_store, hash_).id for hash_ in "ab"]


def _group(store: Store, hash_: str = "a") -> GroupSummary:
    return next(group for group in store.groups() if group.hash == hash_)


def _states(store: Store) -> dict[str, str]:
    return {group.hash: group.state for group in store.groups()}


def _told(entries: "Sequence[HistoryEntry]") -> "list[tuple[str, str]]":
    return [(entry.action, entry.by) for entry in entries]


def test_a_resolved_group_opens_again_once(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """By an error that happens later, not by one from before; and says so."""
    assert each_store.resolve([ids[0]], by="ada") == [ids[0]]
    feed.count(hash="a", ago=5 * MINUTE, release="1.0")
    feed.move(each_store)
    resolved = _group(each_store)

    for _ in range(3):
        feed.clock.advance(2 * MINUTE)
        feed.count(hash="a", release="1.0")
        feed.move(each_store)

    opened = _group(each_store)
    assert (resolved.state, resolved.resolved_in) == ("resolved", "1.0")
    assert (opened.state, opened.regressed, opened.resolved_in) == ("open", True, None)
    history = each_store.history(ids[0])
    assert _told(history) == [
        ("regressed", "failwell"),
        ("resolved", "ada"),
        ("appeared", "failwell"),
    ]
    assert history[0].details == {"release": "1.0"}
    assert [group.hash for group in each_store.groups(GroupQuery(regressed=True))] == [
        "a"
    ]


def test_an_error_of_an_older_release_is_no_regression(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """One of the newest, or of none, is."""
    feed.count(hash="b", release="2.0")
    feed.move(each_store)
    feed.clock.advance(MINUTE)
    each_store.resolve(ids, by="ada")
    feed.clock.advance(MINUTE)

    feed.count(3, hash="a", release="1.0")
    feed.count(hash="b")
    feed.move(each_store)
    before = _states(each_store)
    feed.count(hash="a", release="2.0")
    feed.move(each_store)

    assert before == {"a": "resolved", "b": "open"}
    assert _states(each_store) == {"a": "open", "b": "open"}


def test_until_the_next_release_errors_of_known_ones_are_expected(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """The first error of a release that comes later opens the group."""
    each_store.resolve(ids, by="ada", until_next_release=True)
    feed.clock.advance(MINUTE)
    feed.count(hash="a", release="1.0")
    feed.move(each_store)
    before = _group(each_store)

    feed.count(hash="a", release="1.1")
    feed.move(each_store)

    assert (before.state, before.until_next_release) == ("resolved", True)
    assert _states(each_store) == {"a": "open", "b": "resolved"}
    assert each_store.history(ids[0])[0].details == {"release": "1.1"}


def test_a_clock_gone_mad_does_not_put_releases_out_of_order(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """A first error dated 1970 makes its release no older than one of yesterday."""
    feed.clock.advance(3 * 86_400)
    feed.keep(1, group="b", release="2.0", timestamp=5.0)
    feed.move(each_store)
    feed.clock.advance(MINUTE)

    each_store.resolve(ids, by="ada")

    assert _group(each_store).resolved_in == "2.0"


def test_there_is_no_next_release_where_none_was_named(
    each_store: Store, feed: "Feed"
) -> None:
    """The group would stay resolved for ever: it is refused, with what to do."""
    feed.count(hash="c", application="nameless")
    feed.move(each_store)
    (group,) = each_store.groups(GroupQuery(application="nameless"))

    with pytest.raises(ValueError, match="set FAILWELL_RELEASE"):
        each_store.resolve([group.id], by="ada", until_next_release=True)

    assert _group(each_store, "c").state == "open"


def test_a_muted_group_opens_with_exactly_that_many_more_errors(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """Counted and not kept ones too; how many are missing is shown."""
    each_store.mute([ids[0]], by="ada", more=10)
    seen = []
    for n in (4, 5, 1, 1):
        feed.count(n, hash="a")
        feed.move(each_store)
        group = _group(each_store)
        seen.append((group.state, group.muted_more))

    assert seen == [("muted", 6), ("muted", 1), ("open", None), ("open", None)]
    assert _told(each_store.history(ids[0]))[:2] == [
        ("unmuted", "failwell"),
        ("muted", "ada"),
    ]
    assert not _group(each_store).regressed


def test_a_muted_group_opens_with_the_first_error_after_its_time(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """Not by the time alone: nothing happened that anybody must look at."""
    now = datetime.fromtimestamp(feed.clock.now(), UTC)
    each_store.mute(ids, by="ada", until=now + timedelta(hours=1))
    feed.clock.advance(59 * MINUTE)
    feed.count(hash="a")
    feed.move(each_store)
    before = _states(each_store)
    feed.clock.advance(2 * MINUTE)
    feed.count(hash="a")
    feed.move(each_store)

    assert before == {"a": "muted", "b": "muted"}
    assert _states(each_store) == {"a": "open", "b": "muted"}
    assert _group(each_store, "b").muted_until == now + timedelta(hours=1)
    assert each_store.history(ids[0])[0].details == {"because": "time"}


def test_groups_are_muted_for_ever_and_opened_by_people(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """Whatever comes; opening what is open changes nothing."""
    each_store.mute(ids, by="ada")
    feed.clock.advance(MINUTE)
    feed.count(100, hash="a")
    feed.move(each_store)
    before = _states(each_store)

    assert each_store.reopen(ids, by="bob") == ids
    assert each_store.reopen(ids, by="bob") == []

    assert before == {"a": "muted", "b": "muted"}
    assert _states(each_store) == {"a": "open", "b": "open"}
    assert [entry.action for entry in each_store.audit()] == ["reopened"] * 2 + [
        "muted"
    ] * 2


def test_groups_are_somebodys(each_store: Store, ids: "Sequence[int]") -> None:
    """And are found by whose they are."""
    a, b = ids
    assert each_store.assign([a, b], "ada", by="bob") == [a, b]
    assert each_store.assign([a], "ada", by="bob") == []
    assert each_store.assign([b], None, by="bob") == [b]

    def found(assigned: str) -> list[int]:
        return [group.id for group in each_store.groups(GroupQuery(assigned=assigned))]

    assert (found("ada"), found("none")) == ([a], [b])
    assert _group(each_store).assigned_to == "ada"
    with pytest.raises(ValueError, match="stands for nobody"):
        each_store.assign([a], "none", by="bob")


def test_the_history_of_merged_groups_is_one(
    each_store: Store, ids: "Sequence[int]"
) -> None:
    """With what was said of each; a group that was taken apart has its own again."""
    a, b = ids
    each_store.comment(a, " first ", by="ada")
    each_store.comment(b, "second\0\N{SNOWMAN}", by="bob")

    each_store.merge([a, b], by="ada")
    together = each_store.history(b)
    each_store.unmerge(b, by="ada")

    assert [entry.action for entry in together] == [
        *("merged", "commented", "commented", "appeared"),
    ]
    assert together[0].details == {"groups": [b]}
    assert [entry.details.get("text") for entry in together[1:3]] == [
        "second\N{REPLACEMENT CHARACTER}\N{SNOWMAN}",
        "first",
    ]
    assert [entry.action for entry in each_store.history(b)] == [
        *("commented", "appeared"),
    ]
    assert [entry.action for entry in each_store.history(a, limit=2)] == [
        *("unmerged", "merged"),
    ]


def test_the_audit_has_pages_and_what_is_about_no_group(
    each_store: Store, ids: "Sequence[int]"
) -> None:
    """The newest first; nothing comes twice."""
    each_store.note("signed in", by="key", details={"address": "::1", "n": 3})
    for number in range(5):
        each_store.comment(ids[0], f"{number}", by="ada")

    first = each_store.audit(limit=4)
    second = each_store.audit(limit=4, after=first.next)

    texts = [entry.details.get("text") for entry in (*first, *second)]
    assert texts == ["4", "3", "2", "1", "0", None]
    assert (second[1].action, second[1].group_id) == ("signed in", None)
    assert second[1].details == {"address": "::1", "n": 3}
    assert second.next is None
    with pytest.raises(ValueError, match="no cursor of the audit"):
        each_store.audit(after="x")


def test_what_cannot_be_done_is_refused_and_nothing_changes(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """The group, or the value, is named; none of the others is touched."""
    past = datetime.fromtimestamp(feed.clock.now(), UTC)
    before = each_store.groups()

    for act in (
        lambda: each_store.resolve([*ids, 999], by="ada"),
        lambda: each_store.reopen([999], by="ada"),
        lambda: each_store.mute([*ids, 999], by="ada"),
        lambda: each_store.assign([*ids, 999], "bob", by="ada"),
        lambda: each_store.comment(999, "text", by="ada"),
        lambda: each_store.delete([*ids, 999], by="ada"),
    ):
        with pytest.raises(NotFoundError, match="Group with id 999"):
            act()
    with pytest.raises(ValueError, match="which is past"):
        each_store.mute(ids, by="ada", until=past)
    with pytest.raises(ValueError, match="more is 0; allowed: 1 to"):
        each_store.mute(ids, by="ada", more=0)
    with pytest.raises(ValueError, match="by is empty"):
        each_store.resolve(ids, by=" ")
    with pytest.raises(ValueError, match="the comment is empty"):
        each_store.comment(ids[0], "\n", by="ada")
    with pytest.raises(ValueError, match="10,001 characters; allowed: 10,000"):
        each_store.comment(ids[0], "x" * 10_001, by="ada")
    with pytest.raises(ValueError, match="10,002 groups at once"):
        each_store.resolve(range(10_002), by="ada")

    assert each_store.groups() == before
    assert each_store.audit().items == ()
    assert each_store.resolve([], by="ada") == []


def test_the_version_changes_with_what_lists_show(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """With errors, orders and the hour, and with nothing else."""
    seen = [each_store.version()]
    each_store.groups()
    assert each_store.version() == seen[0]

    feed.count(hash="a", ago=3000 * MINUTE)
    feed.move(each_store)
    seen.append(each_store.version())
    each_store.resolve([ids[1]], by="ada")
    seen.append(each_store.version())
    each_store.delete([ids[1]], by="ada")
    seen.append(each_store.version())
    feed.clock.advance(3600)
    seen.append(each_store.version())

    assert len(set(seen)) == len(seen)


def test_what_is_about_no_group_goes_with_retention(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """What was done to groups stays."""
    each_store.note("signed in", by="ada")
    each_store.comment(ids[0], "text", by="ada")
    feed.clock.advance(91 * 86_400)
    each_store.note("signed in", by="bob")
    before = each_store.version()

    for _ in each_store.prune():
        pass

    assert [(e.action, e.by) for e in each_store.audit()] == [
        ("signed in", "bob"),
        ("commented", "ada"),
    ]
    assert each_store.version() != before


def test_of_notes_the_newest_are_kept(
    each_store: Store, ids: "Sequence[int]", monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many come in a day: somebody may knock at the console for hours."""
    monkeypatch.setattr(_history, "_MOST_NOTES", 3)
    for number in range(5):
        each_store.note("refused", by=f"{number}")
        each_store.comment(ids[0], "text", by="ada")

    for _ in each_store.prune():
        pass

    notes = [e.by for e in each_store.audit() if e.group_id is None]
    assert notes == ["4", "3", "2"]
    assert len(each_store.audit()) == 8
