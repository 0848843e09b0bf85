"""The right to ship, as long as one holds it."""

from collections.abc import Callable
from types import TracebackType
from typing import Self


class ShipperLock:
    """The right to ship from a spool, until it is released or the process ends.

    Args:
        let_go: Gives the right back; called once.
    """

    def __init__(self, let_go: Callable[[], object]) -> None:
        self._let_go: Callable[[], object] | None = let_go

    def release(self) -> None:
        """Let another one be elected; twice does no harm."""
        let_go, self._let_go = self._let_go, None
        if let_go is not None:
            let_go()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.release()
