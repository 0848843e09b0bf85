"""The order and the folding of a stack."""

from hypothesis import given
from hypothesis import strategies as st

from failwell.console._stack import sections
from failwell.records import ExceptionInfo, Frame


def _exception(own: list[bool], omitted: int = 0) -> ExceptionInfo:
    frames = tuple(Frame(f"m{i}", "f", "f.py", i + 1, o) for i, o in enumerate(own))
    return ExceptionInfo("E", "", frames, omitted)


@given(st.lists(st.booleans(), max_size=30), st.integers(0, 900))
def test_every_frame_stands_once_from_the_raise_outwards(
    own: list[bool], omitted: int
) -> None:
    """Folding neither loses nor doubles a frame, and keeps their order."""
    exception = _exception(own, omitted)

    found = list(sections(exception, 100))

    frames = [frame for section in found for frame in section.frames]
    assert frames == list(reversed(exception.frames))
    assert sum(section.omitted for section in found) == omitted


def test_libraries_between_own_frames_are_one_section() -> None:
    """Neighbours of one kind stand together."""
    found = list(sections(_exception([False, False, True, False, False, True]), 100))

    assert [(s.in_app, len(s.frames)) for s in found] == [
        (True, 1),
        (False, 2),
        (True, 1),
        (False, 2),
    ]


def test_the_raise_is_open_when_nothing_is_our_own() -> None:
    """In a stack of libraries alone, the place of the raise is shown."""
    found = list(sections(_exception([False, False, False]), 100))

    assert [(s.in_app, len(s.frames)) for s in found] == [(True, 1), (False, 2)]


def test_left_out_frames_are_told_in_the_middle() -> None:
    """A shortened stack says where and how much is missing."""
    found = list(sections(_exception([True] * 4, 900), 100))

    assert [(len(s.frames), s.omitted) for s in found] == [(2, 0), (0, 900), (2, 0)]


def test_a_page_ends_somewhere_and_says_how_much_is_beyond() -> None:
    """What is nearest to the raise is shown; whole sections, so that none is cut."""
    found = list(sections(_exception([True] + [False] * 7 + [True] * 3), 4))

    assert [(len(s.frames), s.beyond) for s in found] == [(3, 0), (7, 0), (0, 1)]
