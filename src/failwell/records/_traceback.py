"""A chain of exceptions as the text that Python itself would print.

Owns that form, for the log and the error log. Never called on the thread of a request:
it may read source files.
"""

import linecache
from collections.abc import Iterable, Iterator

from failwell.records._model import ExceptionInfo, Frame

_SOURCE_LENGTH = 500
_LINKS = {
    "": "The above exception is one of those in the following group:",
    "cause": "The above exception was the direct cause of the following exception:",
    "context": "During handling of the above exception, another exception occurred:",
}


def format_chain(
    chain: tuple[ExceptionInfo, ...], *, read_files: bool = False
) -> Iterator[str]:
    """Yield the lines of a traceback, without line ends; a message may hold some.

    Args:
        chain: The raised exception first; the text begins with the last, as Python's.
        read_files: Whether to read the source of frames that bring none. Only right at
            the time of the error: later, the file may be another one.
    """
    for info in reversed(chain):
        if info.frames:
            yield "Traceback (most recent call last):"
            yield from _format_frames(info, read_files=read_files)
        yield f"{info.type}: {info.message}" if info.message else info.type
        if info is not chain[0]:
            yield ""
            yield _LINKS[info.relation]
            yield ""


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
