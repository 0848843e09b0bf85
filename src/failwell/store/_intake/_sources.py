"""The lines around a frame, read by the shipper from the files of the release.

Refuses to fail: a file that is gone, strange or too large gives no lines.
"""

import io
import stat
import tokenize
from pathlib import Path

import msgspec

from failwell.records import Frame, SourceContext

Version = tuple[int, int, int] | None
"""Inode, size and time of change of a file; None where there is none to read."""

_LINES_BEFORE = _LINES_AFTER = 3
_LARGEST_FILE = 1024 * 1024
_LONGEST_LINE = 300
# A file name in a stack can be anything that was given to `compile`; only what can be
# a source file is read, so that no other file ends up on a page.
_SUFFIXES = frozenset({".py", ".html", ".j2", ".jinja", ".jinja2"})


class SourceFiles:
    """Looks at each file once; made anew for every batch, because files change."""

    def __init__(self) -> None:
        self._versions: dict[str, Version] = {}
        self._lines: dict[str, tuple[str, ...]] = {}

    def version(self, name: str) -> Version:
        """Return what changes when the file does."""
        if name not in self._versions:
            self._versions[name] = _version(name)
        return self._versions[name]

    def with_lines(self, frame: Frame) -> Frame:
        """Return the frame with at most 3 lines before and 3 after its own."""
        lines = self._read(frame.file)
        if not 1 <= frame.line <= len(lines):
            return frame
        first = max(1, frame.line - _LINES_BEFORE)
        source = SourceContext(first, lines[first - 1 : frame.line + _LINES_AFTER])
        return msgspec.structs.replace(frame, source=source)

    def _read(self, name: str) -> tuple[str, ...]:
        if name not in self._lines:
            readable = self.version(name) is not None
            self._lines[name] = _read(name) if readable else ()
        return self._lines[name]


def _version(name: str) -> Version:
    try:
        path = Path(name)
        found = path.stat()
    except (OSError, ValueError):
        # ValueError: a NUL in the name.
        return None
    is_source = path.suffix in _SUFFIXES and stat.S_ISREG(found.st_mode)
    if not is_source or found.st_size > _LARGEST_FILE:
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns


def _read(name: str) -> tuple[str, ...]:
    try:
        with Path(name).open("rb") as file:
            content = file.read(_LARGEST_FILE)
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        text = content.decode(encoding, errors="replace")
    except (OSError, SyntaxError, LookupError):
        # SyntaxError: an encoding that does not exist.
        return ()
    return tuple(line[:_LONGEST_LINE] for line in text.splitlines())
