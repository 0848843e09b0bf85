"""Records that refer to a stack of their unit, wherever it was explained."""

from typing import TYPE_CHECKING

import msgspec
import pytest

from failwell.records import ErrorRecord, ExceptionInfo
from failwell.spool import FrameKind
from failwell.store import Store

if TYPE_CHECKING:
    from tests.store.conftest import Feed

KEY = bytes.fromhex("00112233aabbccdd")


@pytest.fixture
def referring(kept_record: ErrorRecord) -> ErrorRecord:
    """A record without frames that refers to `KEY`."""
    info = kept_record.exceptions[0]
    bare = ExceptionInfo(type=info.type, message=info.message, stack=KEY.hex())
    return msgspec.structs.replace(kept_record, exceptions=(bare,))


def test_a_stack_explained_in_an_earlier_batch_is_found(
    store: Store, feed: "Feed", referring: ErrorRecord, kept_record: ErrorRecord
) -> None:
    """Its frame lies below the watermark and is not read again."""
    frames = msgspec.json.encode(kept_record.exceptions[0].frames)
    feed.unit.append(msgspec.json.encode(referring), [(KEY, frames)])
    later = msgspec.structs.replace(referring, id=feed.record_id(2))
    batches = list(feed.unit.frames())
    store.ingest(feed.unit.id, batches, (), finished=False)

    feed.unit.append(msgspec.json.encode(later), [(KEY, frames)])
    new = [f for f in feed.unit.frames() if f.end > batches[-1].end]
    store.ingest(feed.unit.id, new, (), finished=False)

    assert [frame.kind for frame in new] == [FrameKind.RECORD]
    assert [kept.exceptions for kept in store.recent()] == [kept_record.exceptions] * 2
    assert store.groups()[0].culprit == "shop.views:buy"


def test_a_record_whose_stack_was_lost_is_kept_without_frames(
    store: Store, feed: "Feed", referring: ErrorRecord
) -> None:
    """Damage to the spool takes the frames of one stack, and nothing else."""
    feed.unit.append(msgspec.json.encode(referring))

    stored = feed.move(store)

    assert (stored.records, stored.rejected) == (1, 0)
    (kept,) = store.recent()
    assert kept.exceptions[0].frames == ()
    assert kept.exceptions[0].message == "no more of it"


def test_a_stack_that_is_none_costs_nothing_but_itself(
    store: Store, feed: "Feed", referring: ErrorRecord
) -> None:
    """It is set aside; the records that refer to it stay."""
    feed.unit.append(msgspec.json.encode(referring), [(KEY, b'[{"no": "frame"}]')])

    stored = feed.move(store)

    assert (stored.records, stored.rejected) == (1, 1)


def test_units_do_not_share_their_keys(
    store: Store, feed: "Feed", referring: ErrorRecord, kept_record: ErrorRecord
) -> None:
    """The same key may mean another stack in another unit."""
    frames = msgspec.json.encode(kept_record.exceptions[0].frames)
    feed.unit.append(msgspec.json.encode(referring), [(KEY, frames)])
    feed.move(store)
    other = msgspec.structs.replace(referring, id=feed.record_id(2))
    own = msgspec.json.encode(kept_record.exceptions[0].frames[:1])
    feed.unit = type(feed.unit)("unit-2", 100)
    feed.unit.append(msgspec.json.encode(other), [(KEY, own)])

    feed.move(store)

    frames_by_id = {kept.id: kept.exceptions[0].frames for kept in store.recent()}
    assert {id_: len(frames) for id_, frames in frames_by_id.items()} == {
        referring.id: 2,
        other.id: 1,
    }
