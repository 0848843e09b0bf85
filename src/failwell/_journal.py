"""The pipeline of one application: recorder, spool, store and shipper, joined.

Built at its first use and never before: a server forks after the application was
made, and a test switches `TESTING` on after it.
"""

import logging
import os
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Unpack, cast

from failwell._callbacks import Callbacks
from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._settings import Settings
from failwell.alerts import Alerts
from failwell.fleet import Board, Fleet, RedisBoard, StoreBoard
from failwell.hooks import Circumstances
from failwell.logs import ErrorReporter
from failwell.records import Recorder
from failwell.spool import MemorySpool, Spool, SpoolDirectory
from failwell.store import (
    Deployment,
    ErrorLoggingService,
    Retention,
    ShipperThread,
    Store,
)

_logger = logging.getLogger("failwell")

_UNEXPECTED = "INTERNAL_ERROR"

_ENDS = frozenset({"command", "process", "thread"})
"""Origins of errors that something ends of."""

IN_MEMORY = "sqlite://"
"""The store of an application under test."""


class RecordedApp(Protocol):
    """A Flask application, as far as its journal needs it."""

    testing: bool

    @property
    def name(self) -> str:
        """What messages call it."""

    @property
    def extensions(self) -> Mapping[str, Any]:
        """Where its journal is."""

    @property
    def logger(self) -> logging.Logger:
        """Writes the line of an error."""


@dataclass(frozen=True, slots=True)
class _Parts:
    recorder: Recorder
    reporter: ErrorReporter
    source: SpoolDirectory | MemorySpool
    store: Store
    shipper: ShipperThread
    service: ErrorLoggingService
    fleet: Fleet
    alerts: Alerts


class Journal:
    """What `app.extensions["failwell"]` holds.

    Args:
        app: The application: asked at the first use whether it is under test, when
            nothing may touch the disk, and for its logger.
        settings: The application's settings.
        clock: Time.
        callbacks: What the application lets be asked.
        code_of: Returns the code that the application answers an exception with.
    """

    def __init__(
        self,
        app: RecordedApp,
        settings: Settings,
        clock: Clock = SYSTEM_CLOCK,
        callbacks: Callbacks | None = None,
        *,
        code_of: Callable[[BaseException], str] = lambda _: _UNEXPECTED,
    ) -> None:
        self.settings = settings
        self._app = app
        self._clock = clock
        self._code_of = code_of
        self._callbacks = callbacks
        self._built: list[_Parts] = []
        self._started_in = 0
        """The process in which somebody was seen to ship; a fork takes no thread along."""

    @property
    def recorder(self) -> Recorder:
        """The recorder that answers report to."""
        return self._parts.recorder

    @property
    def source(self) -> SpoolDirectory | MemorySpool:
        """Where records wait to be shipped."""
        return self._parts.source

    @property
    def store(self) -> Store:
        """Where records come to rest."""
        return self._parts.store

    @property
    def service(self) -> ErrorLoggingService:
        """The error log as the application sees it."""
        return self._parts.service

    @property
    def fleet(self) -> Fleet:
        """The circuit breakers of all processes."""
        return self._parts.fleet

    @property
    def alerts(self) -> Alerts:
        """The rules by which somebody is told, and what was sent."""
        return self._parts.alerts

    def start(self) -> Recorder | None:
        """See to it that somebody ships; return the recorder when that is so."""
        # Under test whoever reads ships; threads would outlive their test.
        ready = self._app.testing or self._parts.shipper.start()
        if not self._app.testing:
            self._parts.fleet.start()
        self._started_in = os.getpid() if ready else 0
        return self._parts.recorder if ready else None

    def settle(self, timeout_s: float = 2.0) -> bool:
        """Wait until what this node has spooled is in the store."""
        return self._parts.shipper.settle(timeout_s)

    def capture(self, error: BaseException, *, code: str = "INTERNAL_ERROR") -> str:
        """Record an error that was answered; return its id."""
        # Most errors come in a request, at whose begin the guard saw to it.
        if self._started_in != os.getpid():
            self.start()
        return self._parts.recorder.capture(error, code=code)

    def catch(self, error: BaseException, **known: Unpack[Circumstances]) -> str:
        """Record an error that no request answers; return its id."""
        # A server may be about to fork from the main thread, and a process that ends
        # there needs no shipper any more. Where it goes on, its requests start one.
        is_main = threading.current_thread() is threading.main_thread()
        if self._started_in != os.getpid() and not is_main:
            self.start()
        if "code" not in known:
            known["code"] = self._code(error)
        error_id = self._parts.recorder.capture(error, **known)
        if known.get("origin") in _ENDS:
            # Python prints a traceback next, into which no line of the log may fall.
            self._parts.reporter.settle()
        return error_id

    def _code(self, error: BaseException) -> str:
        try:
            return self._code_of(error)
        except Exception:  # noqa: BLE001 - it asks the exception, which is anybody's code
            return _UNEXPECTED

    def count_answer(self, *, code: str, status: int, method: str, route: str) -> None:
        """Count an answer that is not recorded."""
        self._parts.recorder.count_answer(
            code=code, status=status, method=method, route=route
        )

    @property
    def _parts(self) -> _Parts:
        # Without a lock, which a fork could leave locked: of two that threads build at
        # once, all use the first.
        if not self._built:
            self._built.append(self._build())
        return self._built[0]

    def _build(self) -> _Parts:
        testing = self._app.testing
        sink, source = self._memory() if testing else self._disk()
        store = Store(
            IN_MEMORY if testing else self.settings.store_url,
            clock=self._clock,
            retention=Retention(
                days=self.settings.store_days,
                events=self.settings.store_events,
                bytes=self.settings.store_bytes,
            ),
        )
        fleet = self._fleet(store)
        alerts = Alerts(store, self.settings, fleet, clock=self._clock)
        shipper = ShipperThread(source, store, clock=self._clock, beside=alerts.running)
        reporter = ErrorReporter(self._app.logger.name, synchronous=testing)
        recorder = Recorder(
            self.settings,
            sink,
            clock=self._clock,
            announce=reporter.announce,
            callbacks=self._callbacks,
        )
        service = ErrorLoggingService(
            recorder, store, shipper.settle, application=self.settings.application
        )
        return _Parts(
            recorder, reporter, source, store, shipper, service, fleet, alerts
        )

    def _fleet(self, store: Store) -> Fleet:
        settings = self.settings
        whose = Deployment(settings.application, settings.environment)
        url = None if self._app.testing else settings.circuits_url
        board: Board = (
            StoreBoard(store, whose, self._clock)
            if url is None
            else RedisBoard(url, whose, self._clock)
        )
        return Fleet(board, interval_s=settings.circuits_interval, clock=self._clock)

    def _disk(self) -> tuple[Spool | MemorySpool, SpoolDirectory | MemorySpool]:
        settings = self.settings
        folder = settings.spool_dir
        try:
            spool = Spool(
                folder,
                clock=self._clock,
                durability=settings.spool_durability,
                quota=settings.spool_quota,
            )
        except OSError as error:
            _logger.critical(
                "failwell cannot write its spool to %s (%s): until they are in the store, "
                "errors wait in memory and are lost when this process ends. Make the "
                "folder writable or set FAILWELL_SPOOL_DIR to one that is.",
                folder,
                error.strerror or error,
            )
            return self._memory()
        return spool, SpoolDirectory(folder)

    def _memory(self) -> tuple[MemorySpool, MemorySpool]:
        memory = MemorySpool(clock=self._clock)
        return memory, memory


def journal_of(app: RecordedApp) -> Journal:
    """Return the journal of an application.

    Raises:
        RuntimeError: The application has none.
    """
    journal = app.extensions.get("failwell")
    if journal is None:
        message = (
            f"The application {app.name!r} does not use failwell; "
            "write Failwell(app) where it is made."
        )
        raise RuntimeError(message)
    return cast("Journal", journal)
