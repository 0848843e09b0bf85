"""Nothing that an application or its clients can write stops what comes after it."""

from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.records import ErrorRecord
from failwell.spool import FrameKind, SpoolFrame
from failwell.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from tests.store.conftest import Feed

    Rows = Callable[[str], list[tuple[Any, ...]]]

DEEP = b"[" * 20_000 + b"]" * 20_000
STRANGE = "\0 \ud800 \uffff \U0010ffff \x1b[31m '; DROP TABLE events; --"


@pytest.fixture
def store(each_store: Store) -> Store:
    """Every test of this module runs on both databases."""
    return each_store


def _with_context(record: ErrorRecord, value: bytes) -> bytes:
    return msgspec.json.encode(record)[:-1] + b',"context":{"x":' + value + b"}}"


@pytest.mark.parametrize(
    "value", [DEEP, b"1e400000", b"NaN", b"Infinity", b'"\\ud800"', b'"\xff"', b'"a']
)
def test_a_value_that_cannot_be_shown_is_set_aside(
    store: Store, feed: "Feed", kept_record: ErrorRecord, rows: "Rows", value: bytes
) -> None:
    """Deep inside of a record that is right otherwise; its neighbours are kept."""
    feed.keep(1)
    feed.unit.append(_with_context(kept_record, value))
    feed.keep(2)

    moved = feed.move(store)

    assert moved == (2, 0, 1)
    assert len(store.recent()) == 2
    assert len(rows("SELECT reason FROM quarantine")) == 1


@pytest.mark.parametrize("value", [b"1e300", b'"\\u0000"', b"[[[[]]]]", b"1" * 19])
def test_a_strange_value_that_can_be_shown_is_kept(
    store: Store, feed: "Feed", kept_record: ErrorRecord, value: bytes
) -> None:
    """A NUL in a record is a character as any other; no column has to hold it."""
    feed.unit.append(_with_context(kept_record, value))

    assert feed.move(store) == (1, 0, 0)
    assert store.recent()[0].context == {"x": msgspec.json.decode(value)}


def test_every_text_that_becomes_a_column_may_be_strange(
    store: Store, feed: "Feed"
) -> None:
    """NUL, control characters and a megabyte of a name: counted and kept all the same."""
    huge = STRANGE.replace("\ud800", "") + "\N{SNOWMAN}" * 100_000
    names = dict.fromkeys(("application", "environment", "release", "code"), huge)
    feed.count(hash=huge, type=huge, culprit=huge, message=huge, **names)
    feed.count_answer(method=huge, route=huge, **names)
    feed.keep(1, user_id=huge, request_id=huge, tags={huge: huge}, **names)

    moved = feed.move(store)

    assert moved == (1, 2, 0)
    assert sum(group.count for group in store.groups()) == 1


def test_poison_of_every_kind_costs_only_itself(store: Store, feed: "Feed") -> None:
    """A frame of each kind that says nothing, between two that do."""
    feed.count(2)
    good = [*feed.unit.frames()]
    end = good[-1].end
    bad = [
        SpoolFrame(kind, b"12345678" + payload, end + number)
        for number, (kind, payload) in enumerate(
            [(kind, payload) for kind in FrameKind for payload in (b"", b"\0", DEEP)], 1
        )
    ]

    moved = store.ingest(
        feed.unit.id, [*good, *bad], feed.unit.counters(), finished=False
    )

    assert moved.counted == 2
    assert moved.rejected == len(bad)
    assert store.watermark(feed.unit.id) == bad[-1].end


def test_one_refused_row_among_many_is_found(
    store: Store,
    feed: "Feed",
    rows: "Rows",
    refuse_user: "Callable[[str], None]",
) -> None:
    """The batch is halved until it is alone; the others and all counts are stored."""
    refuse_user("x")
    feed.count(7)
    for number in range(40):
        feed.keep(number, user_id="x" if number in {3, 29} else None)

    moved = feed.move(store)

    assert moved == (38, 7, 2)
    assert store.groups()[0].count == 7
    assert len(rows("SELECT id FROM quarantine")) == 2
    assert feed.move(store) == (0, 0, 0)
