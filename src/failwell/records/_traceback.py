"""A chain of exceptions as the text that Python itself would print.

Owns that form, for the log and the error log. Never called on the thread of a request:
it may read source files.
"""

import linecache
from collections.abc import Iterable, Iterator, Mapping

from failwell.records._model import ExceptionInfo, Frame

_SOURCE_LENGTH = 500
_LINKS = {
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
    "earlier": "After the above exception it was tried again, and another one occurred:",
}
_DEEPEST = 20
_Chain = tuple[ExceptionInfo, ...]


def format_chain(chain: _Chain, *, read_files: bool = False) -> Iterator[str]:
    """Yield the lines of a traceback, without line ends; a message may hold some.

    Args:
        chain: The raised exception first; the text begins with what led to it, as
            Python's, and has the members of a group behind it.
        read_files: Whether to read the source of frames that bring none. Only right at
            the time of the error: later, the file may be another one.
    """
    belonging: dict[int, list[int]] = {}
    for index, info in enumerate(chain[1:], start=1):
        belonging.setdefault(parent_of(info, index), []).append(index)
    if chain:
        yield from _Text(chain, belonging, read_files=read_files).of(0, _DEEPEST)


def parent_of(info: ExceptionInfo, index: int) -> int:
    """Return the index of the exception that the one at `index` belongs to."""
    return info.parent if 0 <= info.parent < index else index - 1


class _Text:
    """A chain as a tree, and its text."""

    def __init__(
        self, chain: _Chain, belonging: Mapping[int, list[int]], *, read_files: bool
    ) -> None:
        self._chain = chain
        self._belonging = belonging
        self._read_files = read_files

    def of(self, index: int, depth: int) -> Iterator[str]:
        """Yield what led to an exception, itself, and its members."""
        if not depth:
            yield "…"
            return
        below = self._belonging.get(index, ())
        for leading in below:
            link = _LINKS.get(self._chain[leading].relation)
            if link:
                yield from self.of(leading, depth - 1)
                yield from ("", link, "")
        info = self._chain[index]
        if info.frames:
            yield "Traceback (most recent call last):"
            yield from _format_frames(info, read_files=self._read_files)
        yield f"{info.type}: {info.message}" if info.message else info.type
        yield from info.notes
        for member in below:
            if self._chain[member].relation not in _LINKS:
                yield f"  +- a member of {info.type}"
                # A line break in a message stays for whoever escapes the line.
                yield from (f"  | {line}" for line in self.of(member, depth - 1))


def _format_frames(info: ExceptionInfo, *, read_files: bool) -> Iterator[str]:
    middle = len(info.frames) // 2
    yield from _format(info.frames[:middle], read_files=read_files)
    if info.omitted_frames:
        yield f"  … {info.omitted_frames} more frames"
    yield from _format(info.frames[middle:], read_files=read_files)


def _format(frames: Iterable[Frame], *, read_files: bool) -> Iterator[str]:
    for frame in frames:
        yield f'  File "{frame.file}", line {frame.line}, in {frame.function}'
        source = _source(frame)
        if not source and read_files:
            source = linecache.getline(frame.file, frame.line)
        if source.strip():
            yield f"    {source.strip()[:_SOURCE_LENGTH]}"


def _source(frame: Frame) -> str:
    if frame.source is None:
        return ""
    at = frame.line - frame.source.first_line
    return frame.source.lines[at] if 0 <= at < len(frame.source.lines) else ""
