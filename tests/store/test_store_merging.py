"""Groups that people make one, take apart, resolve and mute."""

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from failwell.exceptions import NotFoundError
from failwell.store import GroupQuery, Store

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.store.conftest import Feed


@pytest.fixture
def ids(each_store: Store, feed: "Feed") -> "Sequence[int]":
    """The ids of the groups `a`, `b` and `c`, counted 1, 2 and 3 times."""
    for number, hash_ in enumerate("abc", 1):
        feed.count(number, hash=hash_, ago=3600 * number, culprit=f"shop:{hash_}")
        feed.keep(number, group=hash_, timestamp=feed.clock.now() - 3600 * number)
    feed.move(each_store)
    found = sorted(each_store.groups(), key=lambda group: group.hash)
    return [group.id for group in found]


def test_a_merge_holds_for_what_comes_later(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """What was counted adds up, what comes is counted there, its events are there."""
    a, b, c = ids

    assert each_store.merge([a, c], by="ada") == a

    feed.count(10, hash="c")
    feed.move(each_store)
    merged, other = each_store.groups()
    assert (merged.id, merged.count, other.id) == (a, 14, b)
    assert (merged.first_seen, merged.culprit) == (
        other.first_seen.replace(hour=5),
        "shop:a",
    )
    assert [event.id[-1] for event in each_store.events(a)] == ["1", "3"]
    assert sum(merged.hourly) == 14
    assert sum(n for _, n in _series(each_store, c)) == 14


def test_the_id_of_a_merged_group_leads_to_where_it_is(
    each_store: Store, ids: "Sequence[int]"
) -> None:
    """As do the ids of its errors, and its text."""
    a, _, c = ids
    each_store.merge([a, c], by="ada")

    page = each_store.group(c)
    found = each_store.find("c-ffffffffffffffff")

    assert page is not None
    assert found is not None
    assert page.group.id == found[0].group.id == a
    assert [part.hash for part in page.fingerprints] == ["c", "a"]
    assert [group.id for group in each_store.groups(GroupQuery(text="shop:c"))] == [a]
    assert page.events == tuple(each_store.events(c))


def test_an_unmerge_holds_too(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """Each is again what it was, and what comes is counted where it began."""
    a, b, c = ids
    before = {group.id: group for group in each_store.groups()}
    each_store.merge([b, a], by="ada")
    each_store.merge([c, a], by="ada")

    assert each_store.unmerge(a, by="ada") == [a]
    assert each_store.unmerge(c, by="ada") == [b]

    assert {group.id: group for group in each_store.groups()} == before
    feed.count(5, hash="a")
    feed.move(each_store)
    assert {group.hash: group.count for group in each_store.groups()} == {
        "a": 6,
        "b": 2,
        "c": 3,
    }


def test_a_new_algorithms_hash_goes_home_with_the_old_one(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """Also when the algorithm changed while the groups were one."""
    a, _, c = ids
    each_store.merge([a, c], by="ada")
    feed.count(5, hash="new", algorithm="fw2", aliases={"fw1": "c"})
    feed.move(each_store)
    assert {group.id: group.count for group in each_store.groups()}[a] == 9

    each_store.unmerge(c, by="ada")

    assert {group.id: group.count for group in each_store.groups()} == {
        a: 1,
        ids[1]: 2,
        c: 8,
    }


def test_what_cannot_be_merged_is_refused_and_nothing_changes(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """One group alone, groups of other applications, groups that do not exist."""
    a, b, _ = ids
    feed.count(hash="d", application="stock")
    feed.move(each_store)
    stock = each_store.groups(GroupQuery(application="stock"))[0].id
    before = each_store.groups()

    with pytest.raises(ValueError, match="two groups at least"):
        each_store.merge([a, a], by="ada")
    with pytest.raises(ValueError, match=r"several applications \(shop, stock\)"):
        each_store.merge([a, stock], by="ada")
    with pytest.raises(NotFoundError, match="Group with id 999"):
        each_store.merge([a, b, 999], by="ada")
    with pytest.raises(ValueError, match=f"group {a} was not merged"):
        each_store.unmerge(a, by="ada")
    with pytest.raises(NotFoundError):
        each_store.unmerge(999, by="ada")

    assert each_store.groups() == before


def test_states_are_kept_and_a_later_error_opens_again(
    each_store: Store, feed: "Feed", ids: "Sequence[int]"
) -> None:
    """A resolved group opens with an error that happens later, a muted one does not."""
    a, b, c = ids
    each_store.resolve([a, b], by="ada")
    each_store.mute([c], by="ada")
    feed.count(hash="b", ago=600)
    feed.clock.advance(120)
    feed.count(hash="a")
    feed.count(hash="c")
    feed.move(each_store)

    assert _states(each_store) == {"a": "open", "b": "resolved", "c": "muted"}
    assert [g.id for g in each_store.groups(GroupQuery(state="muted"))] == [c]
    with pytest.raises(NotFoundError):
        each_store.resolve([a, 999], by="ada")
    assert _states(each_store)["a"] == "open"


def _states(store: Store) -> dict[str, str]:
    return {group.hash: group.state for group in store.groups()}


def _series(store: Store, group_id: int) -> "Sequence[tuple[object, int]]":
    group = store.group(group_id)
    assert group is not None
    summary = group.group
    end = summary.last_seen + timedelta(minutes=1)
    return store.series(summary.first_seen, end, "minute", group_id=group_id).points
