"""Who met what is kept once in a unit, beside the count that it belongs to."""

from collections.abc import Callable
from pathlib import Path

import pytest

from failwell.spool import FrameKind, MemorySpool, Spool, SpoolDirectory
from failwell.spool import _live_unit as live_unit
from failwell.testing import ManualClock

KEY, USER, OTHER = b"some key", b"user one", b"user two"
Users = Callable[[], list[list[bytes]]]


@pytest.fixture(params=["disk", "memory"])
def sink(
    request: pytest.FixtureRequest, folder: Path, clock: ManualClock
) -> Spool | MemorySpool:
    """Return a spool of each kind."""
    if request.param == "disk":
        return Spool(folder, clock=clock)
    return MemorySpool(clock=clock)


@pytest.fixture
def users(sink: Spool | MemorySpool, directory: SpoolDirectory) -> Users:
    """Return what reads the users, a list for each unit."""
    source = sink if isinstance(sink, MemorySpool) else directory
    return lambda: [
        [f.payload for f in unit.frames() if f.kind is FrameKind.USER]
        for unit in source.units()
    ]


def test_a_user_is_noted_once(sink: Spool | MemorySpool, users: Users) -> None:
    """However often a user meets an error, one frame says so."""
    sink.count(KEY, lambda: b"what")
    for user in (USER, OTHER, USER, USER):
        sink.note_user(KEY, user)

    assert users() == [[KEY + USER, KEY + OTHER]]


def test_a_user_stands_beside_a_count(sink: Spool | MemorySpool, users: Users) -> None:
    """In a unit that does not say what the key counts, a user would mean nothing."""
    sink.note_user(KEY, USER)
    sink.count(b"otherkey", lambda: b"what")
    sink.note_user(KEY, USER)

    assert users() in ([], [[]])


def test_a_new_unit_notes_its_users_again(
    folder: Path, directory: SpoolDirectory
) -> None:
    """A shipper may see either unit first, and each says all by itself."""
    spool = Spool(folder)
    for _ in range(2):
        spool.count(KEY, lambda: b"what")
        spool.note_user(KEY, USER)
        spool.close()

    found = [[f.kind for f in unit.frames()] for unit in directory.units()]

    assert found == [[FrameKind.DEFINITION, FrameKind.USER]] * 2


def test_what_is_remembered_of_users_is_bounded(spool: Spool) -> None:
    """However many users there are, no more than 10,000 of them are in memory."""
    spool.count(KEY, lambda: b"what")
    for number in range(live_unit._MAX_USERS + 5):
        spool.note_user(KEY, number.to_bytes(8, "big"))

    unit = spool._writers.get()._unit
    assert unit is not None
    assert len(unit.users) == 5


@pytest.mark.parametrize(("key", "user"), [(b"short", USER), (KEY, b"a user's name")])
def test_a_user_of_another_size_is_refused(
    sink: Spool | MemorySpool, key: bytes, user: bytes
) -> None:
    """Both halves have 8 bytes, else nobody could tell them apart."""
    sink.count(KEY, lambda: b"what")

    with pytest.raises(ValueError, match="it needs 8"):
        sink.note_user(key, user)
