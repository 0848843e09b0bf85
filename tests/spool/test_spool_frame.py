"""One frame: what is coded comes back, and what is damaged never does."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from failwell.spool._frame import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    Decoded,
    Flaw,
    FrameKind,
    check_size,
    decode,
    encode,
)


@given(
    st.sampled_from(FrameKind),
    st.integers(min_value=0, max_value=2**64 - 1),
    st.binary(max_size=200),
    st.binary(max_size=50),
    st.binary(max_size=50),
)
def test_a_frame_comes_back(
    kind: FrameKind, sequence: int, payload: bytes, before: bytes, behind: bytes
) -> None:
    """Kind, number, payload and end are as they were, whatever stands around."""
    frame = encode(kind, sequence, payload)

    found = decode(before + frame + behind, len(before))

    end = len(before) + len(frame)
    assert found == Decoded(kind, 1, sequence, payload, end)


def test_every_cut_is_noticed() -> None:
    """A frame of which the end is missing may still be completed."""
    frame = encode(FrameKind.RECORD, 7, b"payload")

    found = {decode(frame[:size], 0) for size in range(len(frame))}

    assert found == {Flaw.SHORT}


def test_every_flipped_bit_is_noticed() -> None:
    """No bit of header or payload can change without the frame being refused."""
    frame = encode(FrameKind.DEFINITION, 2**40 + 1, b"some payload")

    for bit in range(len(frame) * 8):
        flipped = bytearray(frame)
        flipped[bit // 8] ^= 1 << bit % 8

        assert isinstance(decode(bytes(flipped), 0), Flaw)


def test_a_damaged_length_is_not_believed() -> None:
    """A length above the largest payload is no frame, however much data follows."""
    frame = bytearray(encode(FrameKind.RECORD, 1, b"payload"))
    frame[8:12] = (MAX_PAYLOAD + 1).to_bytes(4, "little")

    assert decode(bytes(frame), 0) is Flaw.BROKEN


def test_the_layout_is_as_documented() -> None:
    """A frame written today is these bytes: other versions must be able to read it."""
    frame = encode(FrameKind.DEFINITION, 258, b"abc")

    assert len(frame) == HEADER_SIZE + 3
    assert frame.hex() == "fe4657ff010200000300000002010000000000006b822431616263"


def test_a_payload_that_is_too_large_is_refused() -> None:
    """The largest payload passes, one byte more is an OSError that says so."""
    check_size(bytes(MAX_PAYLOAD))

    with pytest.raises(OSError, match="1048577 bytes"):
        check_size(bytes(MAX_PAYLOAD + 1))
