"""A function that Python calls, and that several tools may put theirs in front of.

Owns the courtesy of it: what was there before is always called, and comes back when it
still can; a link that others have built upon stays, and does nothing more.
"""

from collections.abc import Callable
from typing import Any

Function = Callable[..., Any]


class Slot:
    """Such a function, and what failwell puts in front of it.

    Args:
        read: Returns the function that is there.
        write: Puts another one there.
        around: Called with what was there before and the arguments of the call.
    """

    def __init__(
        self,
        read: Callable[[], Function],
        write: Callable[[Function], object],
        around: Function,
    ) -> None:
        self._read = read
        self._write = write
        self._around = around
        self._link: _Link | None = None

    def install(self) -> None:
        """Be in front; where that is so already, do nothing."""
        present = self._read()
        if present is self._link:
            return
        if self._link is not None:
            # Another tool put itself in front, or took ours away and forgot it.
            self._link.around = None
        self._link = _Link(self._around, present)
        self._write(self._link)

    def uninstall(self) -> None:
        """Do nothing from now on, and be gone unless another tool stands in front."""
        link, self._link = self._link, None
        if link is None:
            return
        link.around = None
        if self._read() is link:
            self._write(link.previous)


class _Link:
    """One function of ours in front of another's."""

    __slots__ = ("around", "previous")

    def __init__(self, around: Function, previous: Function) -> None:
        self.around: Function | None = around
        self.previous = previous

    def __call__(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - whatever Python passes
        around = self.around
        if around is None:
            return self.previous(*args, **kwargs)
        return around(self.previous, *args, **kwargs)
