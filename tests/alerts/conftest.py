"""A deployment with a webhook on this machine, and errors that happen in it."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from receivers import Receiver
from sqlalchemy import URL
from written import written

from failwell._settings import Settings, read_settings
from failwell.alerts import Alert, Alerts
from failwell.fleet import Fleet, StoreBoard
from failwell.records import (
    Definition,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    GroupDefinition,
    LossDefinition,
    RequestInfo,
)
from failwell.spool._memory_unit import MemoryUnit
from failwell.store import Deployment, Store
from failwell.testing import ManualClock

NOW = 1_800_000_000.0
SECRET = "a-secret-of-the-webhook"


class Shop:
    """An application with its store, its alerts, and errors that happen in it.

    Args:
        store: Where they come to rest.
        settings: Those of the application.
        clock: Time.
    """

    def __init__(self, store: Store, settings: Settings, clock: ManualClock) -> None:
        self.store, self.settings, self.clock = store, settings, clock
        whose = Deployment(settings.application, settings.environment)
        self.board = StoreBoard(store, whose, clock)
        self.fleet = Fleet(self.board, interval_s=2, clock=clock)
        self.alerts = Alerts(store, settings, self.fleet, clock=clock)
        self.book = store.alert_book(whose)
        self._kept = self._moved = 0
        self._unit = self._new_unit()

    def fail(
        self,
        n: int = 1,
        *,
        ago: float = 0.0,
        hash_: str = "0123456789abcdef",
        **facts: Any,  # noqa: ANN401 - fields of a definition
    ) -> None:
        """Count an error so many times, so many seconds ago."""
        known: dict[str, Any] = {
            "hash": hash_,
            "application": self.settings.application,
            "environment": self.settings.environment,
            "code": "INTERNAL_ERROR",
            "type": "shop.OutOfStock",
            "culprit": "shop.views:buy",
            "message": "no more of it",
        }
        self._count(GroupDefinition(**known | facts), n, ago)

    def lose(self, n: int, reason: str) -> None:
        """Count errors that could not be kept."""
        whose = self.settings.application, self.settings.environment
        definition = LossDefinition(
            application=whose[0], environment=whose[1], reason=reason
        )
        self._count(definition, n, 0.0)

    def keep(self, *, hash_: str = "0123456789abcdef", **facts: Any) -> None:  # noqa: ANN401 - fields of a record
        """Keep an error in full, and count it."""
        self._kept += 1
        route = facts.pop("route", "/buy")
        known: dict[str, Any] = {
            "id": f"{hash_}-{self._kept:016x}",
            "group": hash_,
            "timestamp": self.clock.now(),
            "application": self.settings.application,
            "environment": self.settings.environment,
            "code": "INTERNAL_ERROR",
            "request": RequestInfo(method="GET", route=route, path=route),
            "exceptions": (
                ExceptionInfo(
                    type="shop.OutOfStock",
                    message="no more of it",
                    frames=(
                        Frame("shop.views", "buy", "/shop/views.py", 7, in_app=True),
                    ),
                ),
            ),
        }
        record = ErrorRecord(**known | facts)
        self._unit.append(*written(record))
        self.fail(hash_=hash_, code=record.code)

    def spoil(self) -> None:
        """Append what is no record."""
        self._unit.append(b"no record")

    def move(self) -> None:
        """Move all that happened into the store."""
        unit, self._unit = self._unit, self._new_unit()
        self.store.ingest(unit.id, unit.frames(), unit.counters(), finished=True)

    def turn(self) -> None:
        """Move all that happened, and take a turn."""
        self.move()
        self.alerts.turn()

    def _new_unit(self) -> MemoryUnit:
        self._moved += 1
        return MemoryUnit(f"unit-{id(self)}-{self._moved}", 100_000)

    def _count(self, what: Definition, n: int, ago: float) -> None:
        encoded = msgspec.json.encode(what)
        key = hashlib.blake2b(encoded, digest_size=8).digest()
        minute = int((self.clock.now() - ago) // 60)
        for _ in range(n):
            self._unit.count(key, minute, lambda: encoded)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at a full hour."""
    return ManualClock(NOW)


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a store that does not exist yet, of each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'store.db'}"
    url: URL = request.getfixturevalue("postgresql_url")
    return url.render_as_string(hide_password=False)


OpenShop = Callable[..., Shop]


@pytest.fixture
def open_shop(
    tmp_path: Path, clock: ManualClock, webhooks: Receiver
) -> Iterator[OpenShop]:
    """Open shops that tell the receiver of webhooks; settings as given."""
    with ExitStack() as stack:

        def open_(url: str | None = None, **given: Any) -> Shop:  # noqa: ANN401 - settings
            known = {
                "FAILWELL_ALERTS_TO": f"webhook+http://{SECRET}@127.0.0.1:{webhooks.port}",
                "FAILWELL_ALERTS_PRIVATE_WEBHOOKS": True,
            }
            given = {f"FAILWELL_{name.upper()}": value for name, value in given.items()}
            settings = read_settings(
                known | given, import_name="shop", instance_path=tmp_path, environ={}
            )
            url = url or f"sqlite:///{tmp_path / 'store.db'}"
            store = stack.enter_context(closing(Store(url, clock=clock)))
            return Shop(store, settings, clock)

        yield open_


@pytest.fixture
def shop(open_shop: OpenShop) -> Shop:
    """A shop with a store in a file."""
    return open_shop()


@pytest.fixture
def each_shop(open_shop: OpenShop, store_url: str) -> Shop:
    """A shop with a store in each database in turn."""
    return open_shop(store_url)


@pytest.fixture
def told(webhooks: Receiver) -> Callable[[], list[Alert]]:
    """Return what was received since this was asked last."""
    seen = 0

    def since() -> list[Alert]:
        nonlocal seen
        new, seen = webhooks.requests[seen:], len(webhooks.requests)
        return [msgspec.json.decode(body, type=Alert) for _, _, body in new]

    return since
