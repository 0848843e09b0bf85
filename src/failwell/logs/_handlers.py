"""The handler on the root logger and the two behind it; loads concurrent-log-handler.

The caller's thread captures and hands over; the listener's thread formats and writes.
"""

import logging
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from concurrent_log_handler import ConcurrentRotatingFileHandler

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.logs._capture import capture
from failwell.logs._listener import LISTENER, complain

_COMPLAIN_EVERY_S = 60.0
_FILE_MODE = 0o640
"""Of the rotated files too, which would else be what the umask says."""


class QueuedHandler(logging.Handler):
    """Takes what the root logger gets and has the listener give it to `targets`.

    Args:
        targets: The handlers that write.
        plan: What it was made from; an equal plan needs no new handler.
    """

    def __init__(self, targets: Sequence[logging.Handler], plan: object) -> None:
        super().__init__(min(target.level for target in targets))
        self.plan = plan
        self._targets = tuple(targets)
        self._synchronous = False
        self._here = _Here()

    def handle(self, record: logging.LogRecord) -> bool:
        """Capture `record` and hand it over, without the lock of `logging.Handler`."""
        if not self.filter(record):
            return False
        try:
            self._pass_on(capture(record))
        except Exception as error:  # noqa: BLE001 - a log call never raises
            complain(f"a log line was lost: {type(error).__name__}: {error}")
        return True

    @contextmanager
    def synchronously(self) -> Iterator[None]:
        """Write on the calling thread meanwhile, so that no thread is started."""
        self._synchronous = True
        try:
            yield
        finally:
            self._synchronous = False

    def close(self) -> None:
        """Write what waits, then close the targets."""
        LISTENER.settle()
        for target in self._targets:
            target.close()
        super().close()

    def _pass_on(self, captured: logging.LogRecord) -> None:
        # What a target logs while it writes would come back to it for ever.
        if self._here.writing:
            return
        if self._synchronous or LISTENER.is_current():
            self._deliver(captured)
        else:
            LISTENER.put(self._deliver, captured)

    def _deliver(self, captured: logging.LogRecord) -> None:
        self._here.writing = True
        try:
            for target in self._targets:
                if captured.levelno >= target.level:
                    target.handle(captured)
        finally:
            self._here.writing = False


class _Here(threading.local):
    """What the present thread is doing."""

    writing = False


class _Complaints:
    """Says that lines are being lost: at once, then once a minute with the number."""

    def __init__(self, where: Callable[[], str], clock: Clock) -> None:
        self._where = where
        self._clock = clock
        self._lost = 0
        self._next = float("-inf")

    def add(self) -> None:
        """Count a lost line; to be called where the exception is being handled."""
        self._lost += 1
        if self._clock.monotonic() >= self._next:
            self._next = self._clock.monotonic() + _COMPLAIN_EVERY_S
            complain(
                f"cannot log to {self._where()}: {sys.exception()}; "
                f"{self._lost} lines lost so far"
            )


class FileHandler(ConcurrentRotatingFileHandler):
    """`app.log`, rotated under a lock that all processes share.

    Args:
        path: The file; its folder exists.
        max_bytes: Size from which the file is rotated before the next line.
        backups: How many rotated files are kept.
        clock: Paces the complaints.
    """

    def __init__(
        self, path: Path, max_bytes: int, backups: int, clock: Clock = SYSTEM_CLOCK
    ) -> None:
        super().__init__(
            str(path),
            maxBytes=max_bytes,
            backupCount=backups,
            encoding="utf-8",
            chmod=_FILE_MODE,
        )
        self._complaints = _Complaints(lambda: str(path), clock)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's
        """Complain at most once a minute; the record still reaches the console."""
        self._complaints.add()


class ConsoleHandler(logging.StreamHandler[Any]):
    """Standard error as it is at the time of each line: test runners exchange it."""

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        super().__init__(sys.stderr)
        self._complaints = _Complaints(lambda: "standard error", clock)

    def emit(self, record: logging.LogRecord) -> None:
        """Write `record`."""
        self.stream = sys.stderr
        super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802 - logging's
        """Count the loss; where standard error is gone, nobody hears of it."""
        self._complaints.add()
