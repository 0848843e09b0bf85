"""What is read of a damaged segment is true, and it is all that is left."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from failwell.spool import FrameKind, Unit
from failwell.spool._frame import MAX_PAYLOAD, PADDING, encode
from failwell.spool._reader import WINDOW, FrameReader

NAME = "0123456789ab-00000001-000000000001"


def segment_of(payloads: list[bytes]) -> bytes:
    """Return a segment with these records."""
    return b"".join(
        encode(FrameKind.RECORD, number, payload)
        for number, payload in enumerate(payloads, 1)
    )


def read(content: bytes, offset: int = 0) -> tuple[list[bytes], int]:
    """Return the payloads of a finished segment, and how many bytes are damaged."""
    reader = FrameReader(lambda at, size: content[at : at + size], offset, len(content))
    payloads = [frame.payload for frame in reader.frames()]
    reader.count_damaged_tail()
    return payloads, reader.damaged


def is_in_order(found: list[bytes], truth: list[bytes]) -> bool:
    """Return whether all that was found is true, each once, in its order."""
    rest = iter(truth)
    return all(payload in rest for payload in found)


SMALL = [b"first", b"", b"third \xfeFW", b"\xfeFW\xff fourth", b"fifth"]


def test_every_cut_leaves_the_whole_frames() -> None:
    """Whatever the size a segment is cut to, the frames before are read, no damage."""
    content = segment_of(SMALL)
    ends = [len(segment_of(SMALL[:number])) for number in range(len(SMALL) + 1)]

    for size in range(len(content) + 1):
        whole = sum(end <= size for end in ends) - 1

        assert read(content[:size]) == (SMALL[:whole], 0)


def test_every_flipped_bit_costs_one_frame() -> None:
    """A flipped bit takes the frame it is in, and no other one."""
    content = segment_of(SMALL)

    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        found, _ = read(bytes(flipped))

        assert len(found) == len(SMALL) - 1
        assert is_in_order(found, SMALL)


EVERY_KIND = [(kind, b"%d \xfeFW" % kind + kind * b"x") for kind in FrameKind]


def read_kinds(content: bytes) -> list[tuple[FrameKind, bytes]]:
    """Return the kinds and payloads of a finished segment."""
    reader = FrameReader(lambda at, size: content[at : at + size], 0, len(content))
    return [(frame.kind, frame.payload) for frame in reader.frames()]


def test_frames_of_every_kind_are_read_or_missing() -> None:
    """Of every kind, behind each cut and each flipped bit, only true frames are read."""
    encoded = [encode(k, n, payload) for n, (k, payload) in enumerate(EVERY_KIND, 1)]
    encoded.insert(2, encode(PADDING, 0, bytes(20)))
    content = b"".join(encoded)

    assert read_kinds(content) == EVERY_KIND
    for size in range(len(content)):
        found = read_kinds(content[:size])
        assert found == EVERY_KIND[: len(found)]
    for bit in range(len(content) * 8):
        flipped = bytearray(content)
        flipped[bit // 8] ^= 1 << bit % 8
        rest = iter(EVERY_KIND)
        found = read_kinds(bytes(flipped))
        assert len(found) >= len(EVERY_KIND) - 1
        assert all(frame in rest for frame in found)


def test_damage_in_the_middle_is_counted() -> None:
    """The bytes between the whole frames around the damage are the damaged ones."""
    before, lost, behind = segment_of([b"before"]), segment_of([b"lost"]), SMALL
    damaged = lost[:20] + b"????" + lost[24:]

    found, count = read(before + damaged + b"garbage" + segment_of(behind))

    assert found == [b"before", *behind]
    assert count == len(damaged) + len(b"garbage")


def test_a_damaged_end_is_counted() -> None:
    """Zeros behind the last frame, as a power cut leaves them, are damage."""
    found, count = read(segment_of(SMALL) + bytes(100))

    assert found == SMALL
    assert count == 100


def test_frames_and_damage_larger_than_what_is_read_at_once() -> None:
    """Where the windows begin and end makes no difference."""
    noise = random.Random(5)  # noqa: S311 - data, not a secret
    payloads = [noise.randbytes(MAX_PAYLOAD - number) for number in range(4)]
    gap = noise.randbytes(WINDOW + 3)
    content = segment_of(payloads) + gap + segment_of(payloads)

    found, count = read(content)

    assert found == payloads * 2
    assert count == len(gap)


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=60), max_size=12),
    st.lists(st.tuples(st.integers(0, 400), st.binary(min_size=1, max_size=40))),
    st.integers(0, 1200),
)
def test_whatever_is_overwritten_only_true_records_are_read(
    payloads: list[bytes], scribbles: list[tuple[int, bytes]], size: int
) -> None:
    """Frames that nothing touched are read; the others are missing, never different."""
    content = bytearray(segment_of(payloads))
    touched = bytearray(len(content))
    for at, scribble in scribbles:
        end = min(at + len(scribble), len(content))
        content[at:end] = scribble[: max(0, end - at)]
        touched[at:end] = b"\1" * max(0, end - at)
    found, _ = read(bytes(content[:size]))

    untouched, at = [], 0
    for payload in payloads:
        end = at + len(segment_of([payload]))
        if not any(touched[at:end]) and end <= size:
            untouched.append(payload)
        at = end
    assert is_in_order(found, payloads)
    assert is_in_order(untouched, found)


def test_a_frame_being_written_is_waited_for() -> None:
    """A live segment is read up to its last whole frame, and later from there."""
    content = segment_of([b"one", b"two"])
    end_of_one = len(segment_of([b"one"]))
    begun = FrameReader(lambda at, size: content[at : at + size], 0, len(content) - 1)
    later = FrameReader(
        lambda at, size: content[at : at + size], end_of_one, len(content)
    )

    assert [(f.payload, f.end) for f in begun.frames()] == [(b"one", end_of_one)]
    assert [f.payload for f in later.frames()] == [b"two"]
    assert (begun.damaged, later.damaged) == (0, 0)


def test_what_was_seen_half_written_is_looked_at_again() -> None:
    """A frame that looks damaged while it is written is read when it is whole."""
    content = segment_of([b"one", b"two", b"three"])
    views = [
        segment_of([b"one"])[:-2] + bytes(2) + content[len(segment_of([b"one"])) :]
    ]

    def read_at(at: int, size: int) -> bytes:
        view = views.pop() if views else content
        return view[at : at + size]

    reader = FrameReader(read_at, 0, len(content))

    assert [frame.payload for frame in reader.frames()] == [b"one", b"two", b"three"]
    assert reader.damaged == 0


def test_a_frame_of_a_newer_version_is_not_thrown_away(tmp_path: Path) -> None:
    """A kind that is not known stops the reading of this unit and says why."""
    unknown: FrameKind = 9  # type: ignore[assignment]  # no kind yet: that is tested
    content = segment_of([b"known"]) + encode(unknown, 2, b"unknown")
    (tmp_path / f"{NAME}.seg").write_bytes(content)
    frames = Unit(tmp_path, NAME).frames(0)

    assert next(frames).payload == b"known"
    with pytest.raises(OSError, match="newer failwell"):
        next(frames)


def test_a_unit_reports_its_damage_once(tmp_path: Path) -> None:
    """Reading on from the watermark does not count the same damage again."""
    content = b"garbage" + segment_of([b"one"]) + b"more" + segment_of([b"two"])
    (tmp_path / f"{NAME}.seg").write_bytes(content)
    unit = Unit(tmp_path, NAME)

    ends = [frame.end for frame in unit.frames(0)]
    rest = list(unit.frames(ends[-1]))

    assert len(ends) == 2
    assert rest == []
    assert unit.damaged_bytes == len(b"garbage" + b"more")
