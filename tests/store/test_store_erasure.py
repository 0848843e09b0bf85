"""What is kept of one user goes, and nothing else."""

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.spool import FrameKind, SpoolFrame
from failwell.store import Erased, GroupQuery, Store, StoreError

if TYPE_CHECKING:
    from tests.store.conftest import Feed

ADA = "ada.lovelace@example.org"
DAY = 86_400


@pytest.fixture
def filled(each_store: Store, feed: "Feed") -> Store:
    """A store with errors of two users, and what else names one of them."""
    feed.count(4, message=f"no account {ADA}, nor x{ADA}")
    feed.keep(1, user_id=ADA, tags={"login": ADA})
    feed.keep(2, user_id="bob")
    feed.keep(3, user_id=f"{ADA}x")
    feed.keep(4, user_id=ADA)
    feed.move(each_store)
    spoiled = SpoolFrame(FrameKind.RECORD, msgspec.json.encode({"user_id": ADA}), 10)
    each_store.ingest("spoiled", [spoiled], [], finished=True)
    return each_store


def test_a_users_errors_are_erased_and_counts_stay(filled: Store) -> None:
    """Events, what was set aside, and the id in the titles of groups."""
    erased = filled.erase(ADA)

    assert (erased.events, erased.quarantined, erased.titles) == (2, 1, 1)
    (group,) = filled.groups()
    assert group.count == 4
    assert group.message == f"no account [erased], nor x{ADA}"
    assert [event.user_id for event in filled.events(group.id)] == [f"{ADA}x", "bob"]
    assert not filled.groups(GroupQuery(user=ADA))
    assert not filled.groups(GroupQuery(text=f"account {ADA}"))


def test_erasing_twice_does_no_harm(filled: Store) -> None:
    """The second time there is nothing left; nobody else is touched."""
    filled.erase(ADA)

    assert filled.erase(ADA) == Erased()
    assert filled.erase("' OR 1=1 --") == Erased()
    assert filled.erase("\0") == Erased()
    assert len(filled.recent()) == 2


def test_landmarks_are_erased_too(filled: Store, feed: "Feed") -> None:
    """A first or last error that retention left is an error of its user."""
    feed.clock.advance(200 * DAY)
    for _ in filled.prune():
        pass
    assert [event.user_id for event in filled.events(1)] == [ADA, ADA]

    erased = filled.erase(ADA)

    assert (erased.events, erased.landmarks) == (0, 2)
    assert filled.events(1).items == ()
    page = filled.group(1)
    assert page is not None
    assert page.first is None
    assert page.group.count == 4


def test_what_fails_has_erased_nothing(filled: Store) -> None:
    """All at once or not at all; then it can be asked for again."""
    with filled._database.writing() as connection:
        rename = "ALTER TABLE facets RENAME TO hidden"
        connection.exec_driver_sql(rename)

    with pytest.raises(StoreError):
        filled.erase(ADA)

    with filled._database.writing() as connection:
        connection.exec_driver_sql("ALTER TABLE hidden RENAME TO facets")
    assert len(filled.recent()) == 4
    assert filled.erase(ADA).events == 2


def test_nothing_of_it_is_left_in_the_file(
    store: Store, path: Path, feed: "Feed"
) -> None:
    """What is deleted is overwritten: a copy of the file does not tell it."""
    for number in range(50):
        feed.keep(number, user_id=ADA if number % 2 else "bob")
    feed.count()
    feed.move(store, finished=True)
    assert ADA.encode() in path.read_bytes()

    store.erase(ADA)

    store.close()
    left = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert ADA.encode() not in left
    assert b"bob" in left


def test_the_history_forgets_the_user(filled: Store) -> None:
    """Who did something, whose groups are, and words of comments; not that it was."""
    filled.assign([1], ADA, by=ADA)
    filled.comment(1, f'met "{ADA}" today, not x{ADA}', by="bob")
    filled.note("signed in", by=ADA, details={"users": [ADA, 7]})

    erased = filled.erase(ADA)

    assert erased.history == 4
    note, comment, assigned = filled.audit()
    assert (note.by, note.details) == ("[erased]", {"users": ["[erased]", 7]})
    assert comment.by == "bob"
    assert comment.details["text"] == f'met "[erased]" today, not x{ADA}'
    assert (assigned.by, assigned.details["to"]) == ("[erased]", "[erased]")
    assert filled.groups()[0].assigned_to is None


def test_a_short_id_is_taken_out_where_it_stands_alone(filled: Store) -> None:
    """In a sentence it says nothing of anybody."""
    filled.comment(1, "ada", by="ada")
    filled.comment(1, "as ada said", by="command line (ada)")

    filled.erase("ada")

    second, first = filled.audit()
    assert (first.by, first.details) == ("[erased]", {"text": "[erased]"})
    assert (second.by, second.details) == (
        "command line (ada)",
        {"text": "as ada said"},
    )
