"""The lines around a frame, read by the shipper from the files of the release.

Refuses to fail: a file that is gone, strange or too large gives no lines.
"""

import io
import stat
import tokenize
from pathlib import Path

import msgspec

from failwell.records import ErrorRecord, ExceptionInfo, Frame, SourceContext

_LINES_BEFORE = _LINES_AFTER = 3
_LARGEST_FILE = 1024 * 1024
_LONGEST_LINE = 300
_MOST_FRAMES = 100
# A file name in a stack can be anything that was given to `compile`; only what can be
# a source file is read, so that no other file ends up on a page.
_SUFFIXES = frozenset({".py", ".html", ".j2", ".jinja", ".jinja2"})


class SourceFiles:
    """Reads each file once; made anew for every batch, because files change."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[str, ...]] = {}

    def add_to(self, record: ErrorRecord) -> ErrorRecord:
        """Return the record with the lines around its in-app frames.

        At most 3 lines before and 3 after each of the first 100 in-app frames.
        """
        left = _MOST_FRAMES
        exceptions: list[ExceptionInfo] = []
        for exception in record.exceptions:
            frames: list[Frame] = []
            for frame in exception.frames:
                wanted = frame.in_app and frame.source is None and left > 0
                left -= wanted
                frames.append(self._with_lines(frame) if wanted else frame)
            exceptions.append(msgspec.structs.replace(exception, frames=tuple(frames)))
        return msgspec.structs.replace(record, exceptions=tuple(exceptions))

    def _with_lines(self, frame: Frame) -> Frame:
        if frame.file not in self._files:
            self._files[frame.file] = _read(frame.file)
        lines = self._files[frame.file]
        if not 1 <= frame.line <= len(lines):
            return frame
        first = max(1, frame.line - _LINES_BEFORE)
        source = SourceContext(first, lines[first - 1 : frame.line + _LINES_AFTER])
        return msgspec.structs.replace(frame, source=source)


def _read(name: str) -> tuple[str, ...]:
    try:
        path = Path(name)
        found = path.stat()
        if (
            path.suffix not in _SUFFIXES
            or not stat.S_ISREG(found.st_mode)
            or found.st_size > _LARGEST_FILE
        ):
            return ()
        with path.open("rb") as file:
            content = file.read(_LARGEST_FILE)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding, errors="replace")
    except (OSError, ValueError, SyntaxError, LookupError):
        # ValueError: a NUL in the name. SyntaxError: an encoding that does not exist.
        return ()
    return tuple(line[:_LONGEST_LINE] for line in text.splitlines())
