"""An error's line in the log, written off the caller's thread."""

import logging
from typing import TYPE_CHECKING

from failwell.logs._escape import escape, harmless
from failwell.logs._listener import LISTENER, consume_safely

if TYPE_CHECKING:
    from failwell.records import ErrorNotice


_LEVELS = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

_PATIENCE_S = 1.0


class ErrorReporter:
    """Writes one line an error, with the traceback where the notice brings the exceptions.

    The line is an ordinary `LogRecord` of the error's level with the attributes `error_id`,
    `error_code`, `error_type` and `request_id`; its `pathname` and `lineno` are the
    place of the error. Works with `setup_logging` and with any other logging.

    Args:
        logger_name: The logger that writes.
        synchronous: Write at once, on the calling thread: for tests with `caplog`.
    """

    def __init__(self, logger_name: str, *, synchronous: bool = False) -> None:
        self._logger = logging.getLogger(logger_name)
        self._synchronous = synchronous

    def announce(self, notice: "ErrorNotice") -> None:
        """Hand `notice` over; returns at once and never raises."""
        if self._synchronous:
            consume_safely(self._write, notice)
        else:
            LISTENER.put(self._write, notice)

    def settle(self) -> None:
        """Return when the lines handed over until now are written, or after a second."""
        LISTENER.settle(_PATIENCE_S)

    def _write(self, notice: "ErrorNotice") -> None:
        level = _LEVELS[notice.level]
        if not self._logger.isEnabledFor(level):
            return
        path, line = _place(notice)
        record = self._logger.makeRecord(
            self._logger.name,
            level,
            escape(path),
            line,
            "error %s code=%s type=%s at %s",
            tuple(map(escape, (notice.id, notice.code, notice.type, notice.place))),
            None,
            extra={
                "error_id": notice.id,
                "error_code": notice.code,
                "error_type": notice.type,
                "request_id": notice.request_id,
            },
        )
        if notice.exceptions:
            # Loaded long ago by whoever made the notice.
            from failwell.records import format_chain  # noqa: PLC0415 - see above

            # The text that logging itself would keep there: any formatter appends it.
            chain = format_chain(notice.exceptions, read_files=True)
            record.exc_text = "\n".join(harmless(chain))
        self._logger.handle(record)


def _place(notice: "ErrorNotice") -> tuple[str, int]:
    module, _, line = notice.place.rpartition(":")
    frames = [
        frame
        for info in notice.exceptions
        for frame in info.frames
        if f"{frame.module}:{frame.function}:{frame.line}" == notice.place
    ]
    path = frames[-1].file if frames else module.partition(":")[0]
    return path, int(line) if line.isdecimal() else 0
