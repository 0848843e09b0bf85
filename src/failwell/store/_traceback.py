"""A record's chain of exceptions as the text that Python itself would print."""

from collections.abc import Iterator
from traceback import FrameSummary, StackSummary

from failwell.records import ErrorRecord, ExceptionInfo, Frame

_CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
_CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def format_chain(record: ErrorRecord) -> str:
    """Return the traceback, the root cause first and the raised exception last."""
    return "".join(_lines(record))


def _lines(record: ErrorRecord) -> Iterator[str]:
    for exception in reversed(record.exceptions):
        if exception.frames:
            yield "Traceback (most recent call last):\n"
            yield from StackSummary.from_list(
                [_summary(frame) for frame in exception.frames]
            ).format()
        yield _headline(exception)
        if exception.relation:
            yield _CAUSE if exception.relation == "cause" else _CONTEXT


def _headline(exception: ExceptionInfo) -> str:
    if not exception.message:
        return f"{exception.type}\n"
    return f"{exception.type}: {exception.message}\n"


def _summary(frame: Frame) -> FrameSummary:
    line = ""
    if frame.source is not None:
        at = frame.line - frame.source.first_line
        if 0 <= at < len(frame.source.lines):
            line = frame.source.lines[at]
    # An empty line, not None: the file of this moment is not the file of the error.
    return FrameSummary(
        frame.file, frame.line, frame.function, lookup_line=False, line=line
    )
