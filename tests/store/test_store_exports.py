"""All of a list, page by page; and the way from one error to the next."""

from typing import TYPE_CHECKING

import pytest

from failwell.store import GroupQuery, Store, _reader

if TYPE_CHECKING:
    from tests.store.conftest import Feed


@pytest.fixture
def filled(each_store: Store, feed: "Feed", monkeypatch: pytest.MonkeyPatch) -> Store:
    """A store with 7 groups of 3 errors each, whose exports have pages of 2."""
    monkeypatch.setattr(_reader, "_GROUPS_PER_PAGE", 2)
    monkeypatch.setattr(_reader, "_EVENTS_PER_PAGE", 2)
    for group in range(7):
        for number in range(3):
            feed.count(hash=f"{group}", ago=group * 60)
            feed.keep(group * 10 + number, group=f"{group}")
    feed.move(each_store)
    return each_store


def test_an_export_is_all_that_a_query_finds(filled: Store) -> None:
    """Whatever its limit; each group once, in the order of the list."""
    query = GroupQuery(sort="first_seen", limit=1)

    hashes = [group.hash for group in filled.export_groups(query)]
    events = [int(event.id[-16:], 16) for event in filled.export_events(query)]

    assert hashes == [
        group.hash for group in filled.groups(GroupQuery(sort="first_seen"))
    ]
    assert len(hashes) == 7
    assert events == [int(h) * 10 + n for h in hashes for n in (2, 1, 0)]


def test_the_errors_of_one_group_are_exported(filled: Store) -> None:
    """By its number; an unknown one has none."""
    group = filled.groups()[0]

    assert len(list(filled.export_events(group.id))) == 3
    assert list(filled.export_events(999)) == []


def test_one_steps_from_error_to_error(filled: Store) -> None:
    """Also over fingerprints that were merged; the ends have no neighbour."""
    ids = [group.id for group in filled.groups()][:2]
    filled.merge(ids, by="ada")
    order = [event.id for event in filled.events(ids[0])]
    assert len(order) == 6

    steps = [filled.neighbours(ids[1], error_id) for error_id in order]

    assert steps == list(zip([None, *order], [*order[1:], None], strict=False))
    other = next(iter(filled.events(filled.groups()[-1].id))).id
    assert filled.neighbours(ids[0], other) == (None, None)
    assert filled.neighbours(999, order[0]) == (None, None)
