"""An application whose journal is a real store, fed from a real spool."""

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from click.testing import Result
from flask import Flask
from written import written

from failwell._settings import Settings, read_settings
from failwell.alerts import Alerts
from failwell.cli import create_commands
from failwell.fleet import Fleet, StoreBoard
from failwell.records import (
    AnswerDefinition,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    GroupDefinition,
    RequestInfo,
    Sink,
)
from failwell.spool import MemorySpool, SpoolDirectory
from failwell.store import Deployment, ShipperThread, Store
from failwell.testing import ManualClock

HASH = "00ff00ff00ff00ff"
NOW = 1_800_000_030.0  # not on the edge of a minute


class Journal:
    """What `Failwell` keeps at `app.extensions["failwell"]`, for the commands."""

    def __init__(
        self,
        settings: Settings,
        source: SpoolDirectory | MemorySpool,
        clock: ManualClock,
    ) -> None:
        self.settings = settings
        self.source = source
        self.store = Store(settings.store_url, clock=clock)
        self._shipping = ShipperThread(source, self.store, clock=clock)
        whose = Deployment(settings.application, settings.environment)
        self.board = StoreBoard(self.store, whose, clock)
        interval_s = settings.circuits_interval
        self.fleet = Fleet(self.board, interval_s=interval_s, clock=clock)
        self.alerts = Alerts(self.store, settings, self.fleet, clock=clock)

    def settle(self, timeout_s: float = 2.0) -> bool:
        """Wait until the store has what is spooled."""
        return self._shipping.settle(timeout_s)


@pytest.fixture
def clock() -> ManualClock:
    """Return a clock that stands still."""
    return ManualClock(NOW)


@pytest.fixture
def spool(clock: ManualClock) -> MemorySpool:
    """Return the sink into which tests record."""
    return MemorySpool(clock=clock)


@pytest.fixture
def app(tmp_path: Path, spool: MemorySpool, clock: ManualClock) -> Iterator[Flask]:
    """Return an application with a journal and the commands."""
    app = Flask("shop", instance_path=str(tmp_path))
    settings = read_settings(
        {"FAILWELL_RELEASE": "1.2"},
        import_name="shop",
        instance_path=tmp_path,
        environ={},
    )
    journal = Journal(settings, spool, clock)
    app.extensions["failwell"] = journal
    app.cli.add_command(create_commands(clock))

    yield app

    journal.store.close()


@pytest.fixture
def flask(app: Flask) -> Callable[..., Result]:
    """Return a function that runs `flask failwell …`."""
    runner = app.test_cli_runner()
    return lambda *words: runner.invoke(args=["failwell", *words])


@pytest.fixture
def record_into() -> Callable[..., ErrorRecord]:
    """Return a function that records an error into a given sink."""
    return _record_into


@pytest.fixture
def record(spool: MemorySpool, clock: ManualClock) -> Callable[..., ErrorRecord]:
    """Return a function that records an error."""
    return lambda **changed: _record_into(spool, clock, **changed)


def _record_into(sink: Sink, clock: ManualClock, **changed: Any) -> ErrorRecord:  # noqa: ANN401 - fields of a record
    """Count an error and keep it in full."""
    group = changed.get("group", HASH)
    frames = (
        Frame(module="flask.app", function="dispatch", file="/lib/flask.py", line=9),
        Frame(
            module="shop.basket",
            function="total",
            file=str(Path(__file__)),
            line=1,
            in_app=True,
        ),
    )
    facts: dict[str, Any] = {
        "id": f"{group}-{secrets.token_hex(8)}",
        "group": group,
        "timestamp": clock.now(),
        "application": "shop",
        "environment": "production",
        "release": "1.2",
        "code": "INTERNAL_ERROR",
        "exceptions": (
            ExceptionInfo(type="ZeroDivisionError", message="by zero", frames=frames),
        ),
        "request": RequestInfo(
            method="POST",
            route="/baskets/<int:id>",
            path="/baskets/7",
            headers={"User-Agent": "browser"},
        ),
        "request_id": "request-0815",
        "user_id": "42",
    }
    made = ErrorRecord(**facts | changed)
    definition = GroupDefinition(
        hash=made.group,
        application="shop",
        environment="production",
        release="1.2",
        code=made.code,
        type=made.type,
        culprit="shop.basket:total",
        message=made.message,
    )
    sink.count(bytes.fromhex(made.group), lambda: msgspec.json.encode(definition))
    sink.append(*written(made))
    return made


@pytest.fixture
def answer(spool: MemorySpool) -> Callable[[], None]:
    """Return a function that counts an answer that is not recorded."""
    definition = AnswerDefinition(
        application="shop",
        environment="production",
        code="NOT_FOUND",
        status=404,
        method="GET",
        route="/rooms/<id>",
    )
    key = b"answer-1"
    return lambda: (spool.count(key, lambda: msgspec.json.encode(definition)), None)[1]
