"""A real application with the console, and a real store that tests feed."""

import re
from collections.abc import Callable, Iterator
from itertools import count

import msgspec
import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse
from written import written

from failwell._settings import Settings, read_settings
from failwell.console import create_console
from failwell.fleet import Fleet, StoreBoard
from failwell.records import (
    AnswerDefinition,
    Definition,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    GroupDefinition,
    RequestInfo,
    SourceContext,
)
from failwell.spool import Counter, FrameKind, SpoolFrame
from failwell.store import Deployment, Store
from failwell.testing import ManualClock

KEY = "the console's key, only for tests"
KEYS = {
    "admin": KEY,
    "operator": "the key of those who operate",
    "viewer": "the key of those who look on",
}
PREFIX = "/errors-of/shop"
NOON = 1_800_014_400.0  # 2027-01-15 12:00:00 UTC


class Feeder:
    """Brings errors and answers into a store, as a shipper does."""

    def __init__(self, store: Store, clock: ManualClock) -> None:
        self._store = store
        self._clock = clock
        self._units = count(1)

    def error(
        self,
        record: ErrorRecord,
        *,
        times: int = 1,
        hours_ago: int = 0,
        kept: bool = True,
    ) -> ErrorRecord:
        """Count an error so often at that time; `kept` says whether in full."""
        record = msgspec.structs.replace(
            record, timestamp=self._clock.now() - hours_ago * 3600
        )
        place = record.exceptions[0].frames[-1]
        definition = GroupDefinition(
            hash=record.group,
            application=record.application,
            environment=record.environment,
            release=record.release,
            code=record.code,
            type=record.type,
            culprit=f"{place.module}:{place.function}",
            message=record.message,
        )
        self._ingest(definition, record if kept else None, times, hours_ago)
        return record

    def answers(self, definition: AnswerDefinition, times: int) -> None:
        """Count answers that are not recorded."""
        self._ingest(definition, None, times, 0)

    def _ingest(
        self,
        definition: Definition,
        record: ErrorRecord | None,
        times: int,
        hours_ago: int,
    ) -> None:
        unit = next(self._units)
        key = unit.to_bytes(8, "big")
        minute = int(self._clock.now() - hours_ago * 3600) // 60
        defined = SpoolFrame(
            FrameKind.DEFINITION, key + msgspec.json.encode(definition), 100
        )
        frames = [defined]
        if record is not None:
            payload, stacks = written(record)
            frames += [
                SpoolFrame(FrameKind.STACK, key + stack, 101 + number)
                for number, (key, stack) in enumerate(stacks)
            ]
            frames.append(SpoolFrame(FrameKind.RECORD, payload, 200))
        counter = Counter(0, key, minute, times)
        self._store.ingest(f"unit-{unit}", frames, [counter], finished=True)


def make_record(
    *,
    group: str = "00000000000000aa",
    number: int = 1,
    error_type: str = "builtins.KeyError",
    message: str = "'price'",
    module: str = "shop.cart",
    request: RequestInfo | None = None,
) -> ErrorRecord:
    """Return a record with one frame of a library and one of the application."""
    source = SourceContext(40, ("def pay(cart):", "    return cart['price']", ""))
    frames = (
        Frame("flask.app", "dispatch_request", "/lib/flask/app.py", 902),
        Frame(module, "pay", "/srv/shop/cart.py", 41, in_app=True, source=source),
    )
    return ErrorRecord(
        id=f"{group}-{number:016x}",
        group=group,
        timestamp=NOON,
        application="shop",
        environment="production",
        release="1.2.0",
        code="INTERNAL_ERROR",
        exceptions=(ExceptionInfo(error_type, message, frames),),
        request=request,
        request_id="request-0001",
        user_id="42",
    )


@pytest.fixture
def record() -> Callable[..., ErrorRecord]:
    """Return the maker of records."""
    return make_record


@pytest.fixture
def clock() -> ManualClock:
    """Stand still at noon."""
    return ManualClock(NOON)


@pytest.fixture
def store(clock: ManualClock) -> Iterator[Store]:
    """Keep a store in memory."""
    store = Store("sqlite://", clock=clock)
    yield store
    store.close()


@pytest.fixture
def feeder(store: Store, clock: ManualClock) -> Feeder:
    """Feed that store."""
    return Feeder(store, clock)


@pytest.fixture
def feed_error(feeder: Feeder) -> Callable[..., ErrorRecord]:
    """Return what puts an error into the store."""
    return feeder.error


@pytest.fixture
def feed_answers(feeder: Feeder) -> Callable[[AnswerDefinition, int], None]:
    """Return what counts answers in the store."""
    return feeder.answers


@pytest.fixture
def settings() -> Settings:
    """Configure a console under a prefix of its own."""
    config = {
        "FAILWELL_APPLICATION": "shop",
        "FAILWELL_CONSOLE_KEY": KEY,
        "FAILWELL_CONSOLE_OPERATOR_KEY": KEYS["operator"],
        "FAILWELL_CONSOLE_VIEWER_KEY": KEYS["viewer"],
        "FAILWELL_CONSOLE_PREFIX": PREFIX,
    }
    return read_settings(
        config,
        import_name="shop",
        instance_path="unused",
        environ={},
    )


@pytest.fixture
def board(store: Store, clock: ManualClock) -> StoreBoard:
    """Where processes tell of their circuit breakers: that store."""
    return StoreBoard(store, Deployment("shop", "production"), clock)


@pytest.fixture
def fleet(board: StoreBoard, clock: ManualClock) -> Fleet:
    """Share circuit breakers through that board."""
    return Fleet(board, interval_s=2, clock=clock)


@pytest.fixture
def app(settings: Settings, store: Store, fleet: Fleet, clock: ManualClock) -> Flask:
    """Serve the console in an application that has other pages too."""
    app = Flask("shop")
    app.register_blueprint(
        create_console(
            settings, lambda: store, lambda: True, lambda: fleet, clock=clock
        )
    )
    app.add_url_rule("/", "home", lambda: "home")
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """Visit as nobody."""
    return app.test_client()


@pytest.fixture
def admin(client: FlaskClient) -> FlaskClient:
    """Visit as somebody who signed in with the key of the console."""
    return _sign_in(client, "admin")


@pytest.fixture
def operator(app: Flask) -> FlaskClient:
    """Visit as somebody who may change groups."""
    return _sign_in(app.test_client(), "operator")


@pytest.fixture
def viewer(app: Flask) -> FlaskClient:
    """Visit as somebody who may only look."""
    return _sign_in(app.test_client(), "viewer")


@pytest.fixture
def send() -> Callable[..., TestResponse]:
    """Send a form as a page does: with the token of this visitor."""

    def send(client: FlaskClient, path: str, **fields: object) -> TestResponse:
        page = client.get(f"{PREFIX}/circuits").text
        found = re.search(r'name="form_token" value="([^"]+)"', page)
        assert found is not None
        data = {"form_token": found[1], **fields}
        return client.post(PREFIX + path, data=data)

    return send


def _sign_in(client: FlaskClient, role: str) -> FlaskClient:
    answer = client.post(f"{PREFIX}/signin", data={"key": KEYS[role]})
    assert answer.status_code == 303
    return client
