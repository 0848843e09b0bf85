"""`ErrorLoggingService`: the error log as an application's own code uses it."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, TypedDict

import msgspec

from failwell.exceptions import AppError
from failwell.records import ErrorRecord, format_chain
from failwell.store._store import Store
from failwell.store._times import microseconds, moment

_logger = logging.getLogger("failwell")

_LOSSES = ("error not recorded", "error not written", "quota", "disk full")
"""The reasons of `Recorder.dropped` that mean that an entry is missing."""


class ErrorRecorder(Protocol):
    """What the service needs of `records.Recorder`."""

    @property
    def dropped(self) -> Mapping[str, int]:
        """What could not be kept, counted by reason."""

    def capture(
        self,
        error: BaseException,
        *,
        code: str,
        user_id: str | None,
        request_data: object,
        explicit: bool,
    ) -> str:
        """Keep an error; return its id."""


class ErrorStatistics(TypedDict):
    """What `get_error_stats` returns."""

    total_errors: int
    error_types: dict[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorLog:
    """One entry of the error log."""

    id: str
    """As the client was given it."""
    error_type: str
    """The name of the exception's class, such as `ValueError`."""
    error_message: str
    stack_trace: str
    """The traceback as text, with its causes; source lines where they were found."""
    user_id: str | None
    request_data: object
    """What was given to `log_error`, else what is known of the request, else None."""
    timestamp: datetime
    """Aware, in UTC."""


class ErrorLoggingService:
    """Keeps errors on purpose, and reads the error log.

    Args:
        recorder: Keeps them.
        store: Answers.
        settle: Called before reading: waits until the store has what is spooled.
        application: Whose errors are read; None for all that share the store.
    """

    def __init__(
        self,
        recorder: ErrorRecorder,
        store: Store,
        settle: Callable[[], object],
        *,
        application: str | None = None,
    ) -> None:
        self._recorder = recorder
        self._store = store
        self._settle = settle
        self._application = application

    def log_error(
        self,
        error: BaseException,
        user_id: object = None,
        request_data: object = None,
    ) -> str | None:
        """Keep an entry for an error, always in full, and write its log line.

        Args:
            error: Any exception.
            user_id: Whom it concerns; kept as text.
            request_data: JSON types; secrets are redacted before it is written.

        Returns:
            The entry's id; None when it could not be kept, which a CRITICAL line says.
            Never raises.
        """
        code = error.code if isinstance(error, AppError) else "INTERNAL_ERROR"
        lost_before = self._lost()
        error_id = self._recorder.capture(
            error,
            code=code,
            user_id=_text(user_id),
            request_data=request_data,
            explicit=True,
        )
        if self._lost() == lost_before:
            return error_id
        _logger.critical(
            "An error of type %s could not be kept; see the spool's folder and disk",
            type(error).__name__,
        )
        return None

    def _lost(self) -> int:
        dropped = self._recorder.dropped
        return sum(dropped.get(reason, 0) for reason in _LOSSES)

    def get_recent_errors(self, limit: int = 100) -> list[ErrorLog]:
        """Return the newest entries, the latest first.

        Args:
            limit: 1 to 10,000.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `limit` is out of range.
        """
        self._settle()
        recent = self._store.recent(limit, application=self._application)
        return [_entry(record) for record in recent]

    def get_error_stats(
        self, start_date: datetime, end_date: datetime
    ) -> ErrorStatistics:
        """Count the errors of a range of time, those too that were not kept in full.

        Args:
            start_date: Rounded down to its minute; UTC when naive.
            end_date: Rounded up to a whole minute; UTC when naive.

        Returns:
            `{"total_errors": int, "error_types": {class name: count}}`.

        Raises:
            StoreError: The store cannot be read.
            ValueError: `start_date` is after `end_date`.
        """
        self._settle()
        stats = self._store.stats(start_date, end_date, application=self._application)
        types: dict[str, int] = {}
        for qualified, count in stats.error_types.items():
            name = _class_name(qualified)
            types[name] = types.get(name, 0) + count
        return {"total_errors": stats.total_errors, "error_types": types}


def _entry(record: ErrorRecord) -> ErrorLog:
    return ErrorLog(
        id=record.id,
        error_type=_class_name(record.type),
        error_message=record.message,
        stack_trace="\n".join(format_chain(record.exceptions)),
        user_id=record.user_id,
        request_data=_request_data(record),
        timestamp=moment(microseconds(record.timestamp)),
    )


def _text(user_id: object) -> str | None:
    if user_id is None or isinstance(user_id, str):
        return user_id
    try:
        return str(user_id)
    except Exception as failure:  # noqa: BLE001 - `__str__` is anybody's code
        return f"(unreadable: {type(failure).__name__})"


def _request_data(record: ErrorRecord) -> object:
    request = record.request
    if request is None:
        return None
    return msgspec.to_builtins(request) if request.data is None else request.data


def _class_name(qualified: str) -> str:
    return qualified.rpartition(".")[2]
