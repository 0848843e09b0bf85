"""Stands between the spool and the kernel, and lets one chosen call fail.

A call is known by the line of the spool that makes it and how often it was made before;
a run without a fault tells which there are.
"""

import errno
import fcntl
import mmap
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest

_ENTRY_POINTS = (
    (fcntl, "flock"),
    (mmap, "mmap"),
    (os, "close"),
    (os, "fdatasync"),
    (os, "fstat"),
    (os, "fsync"),
    (os, "ftruncate"),
    (os, "mkdir"),
    (os, "open"),
    (os, "posix_fallocate"),
    (os, "scandir"),
    (os, "stat"),
    (os, "statvfs"),
    (os, "unlink"),
    (os, "writev"),
)
_NEAR = 4
SHORT = "short"
FAULTS: tuple[int | str, ...] = (
    errno.ENOSPC,
    errno.EIO,
    errno.EDQUOT,
    errno.EINTR,
    SHORT,
)


class Call(NamedTuple):
    """One call: the function, the line that makes it, how many were made there before."""

    function: str
    line: str
    before: int


class SystemCalls:
    """Counts the calls of the spool, and fails the chosen one."""

    def __init__(self) -> None:
        self._made: Counter[tuple[str, str]] = Counter()
        self.seen: list[Call] = []
        self.chosen: Call | None = None
        self.fault: int | str = errno.EIO
        self.faults: dict[str, int | str] = {}
        """Functions that fail each time that they are called, and how."""
        self.failed = False

    def wrap(self, name: str, real: Callable[..., Any]) -> Callable[..., Any]:
        """Return what stands for an entry point."""

        def call(*arguments: Any, **named: Any) -> Any:  # noqa: ANN401 - any call
            line = _line_of_the_spool()
            if line is None:
                return real(*arguments, **named)
            made = Call(name, line, self._made[name, line])
            self._made[name, line] += 1
            self.seen.append(made)
            fault = self.fault if made == self.chosen else self.faults.get(name)
            if fault is None:
                return real(*arguments, **named)
            self.failed = True
            return _fail(fault, name, real, arguments)

        return call


def _fail(
    fault: int | str, name: str, real: Callable[..., Any], arguments: tuple[Any, ...]
) -> Any:  # noqa: ANN401 - as the call that it stands for
    if isinstance(fault, str):
        # A full disk takes what fits, and says how much that was.
        fd, buffers = arguments
        content = b"".join(buffers) if name == "writev" else buffers
        return os.write(fd, content[: len(content) // 2])
    if name == "close":
        # It is closed all the same: that is what Linux does.
        real(*arguments)
    raise OSError(fault, os.strerror(fault))


@contextmanager
def watched(monkeypatch: pytest.MonkeyPatch) -> Iterator[SystemCalls]:
    """Stand in between for the time of the block."""
    calls = SystemCalls()
    with monkeypatch.context() as patch:
        for module, name in _ENTRY_POINTS:
            if hasattr(module, name):
                patch.setattr(module, name, calls.wrap(name, getattr(module, name)))
        yield calls


def _line_of_the_spool() -> str | None:
    """Return the line of the spool's code that calls, None where another room does."""
    frame = sys._getframe(2)
    for _ in range(_NEAR):
        module = frame.f_globals.get("__name__", "")
        if module.startswith("failwell.spool."):
            return f"{module}:{frame.f_lineno}"
        if frame.f_back is None or module not in {"pathlib", "shutil"}:
            return None
        frame = frame.f_back
    return None
