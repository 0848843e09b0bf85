"""A stack in the order in which a person reads it: the place of the raise first.

Neighbouring frames of libraries are one section, to be folded on the page.
"""

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple

from failwell.records import ExceptionInfo, Frame


class Section(NamedTuple):
    """Neighbouring frames of one kind, the innermost first."""

    in_app: bool
    frames: tuple[Frame, ...]
    omitted: int = 0
    """Above 0 in a section without frames: so many were left out here."""
    beyond: int = 0
    """The same, of frames that are kept and too far out for a page."""


def sections(exception: ExceptionInfo, most: int) -> Iterator[Section]:
    """Yield the stack of one exception, from the raise outwards.

    Where no frame is the application's own, the place of the raise is shown as such:
    something must be open.

    Args:
        exception: Whose.
        most: How many frames, at least, are on the page before it ends.
    """
    shown = 0
    for section in _sections(exception):
        if shown >= most:
            break
        yield section
        shown += len(section.frames)
    if shown < len(exception.frames):
        beyond = len(exception.frames) - shown
        yield Section(in_app=False, frames=(), beyond=beyond)


def _sections(exception: ExceptionInfo) -> Iterator[Section]:
    frames = tuple(reversed(exception.frames))
    foreign = not any(frame.in_app for frame in frames)
    middle = len(frames) // 2 if exception.omitted_frames else len(frames)
    yield from _runs(frames[:middle], frames[0] if foreign and frames else None)
    if exception.omitted_frames:
        yield Section(in_app=False, frames=(), omitted=exception.omitted_frames)
    yield from _runs(frames[middle:], None)


def _runs(frames: tuple[Frame, ...], opened: Frame | None) -> Iterator[Section]:
    for in_app, run in groupby(frames, lambda f: f.in_app or f is opened):
        yield Section(in_app, tuple(run))
