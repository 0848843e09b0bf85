"""Stores, units in memory, records and definitions: what these tests build on."""

import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from sqlalchemy import URL
from written import written

from failwell.records import (
    AnswerDefinition,
    Definition,
    ErrorRecord,
    ExceptionInfo,
    Frame,
    GroupDefinition,
    LossDefinition,
)
from failwell.spool._memory_unit import MemoryUnit
from failwell.store import Store
from failwell.testing import ManualClock

HASH = "0123456789abcdef"
KEPT = ErrorRecord(
    id=f"{HASH}-0000000000000001",
    group=HASH,
    timestamp=1_800_000_001.5,
    application="shop",
    environment="production",
    code="INTERNAL_ERROR",
    exceptions=(
        ExceptionInfo(
            type="shop.errors.OutOfStock",
            message="no more of it",
            frames=(
                Frame("flask.app", "dispatch", "/lib/flask/app.py", 10),
                Frame("shop.views", "buy", "/app/shop/views.py", 7, in_app=True),
            ),
        ),
    ),
)
GROUP = GroupDefinition(
    hash=HASH,
    application="shop",
    environment="production",
    code="INTERNAL_ERROR",
    type="shop.errors.OutOfStock",
    culprit="shop.views:buy",
    message="no more of it",
)
ANSWER = AnswerDefinition(
    application="shop",
    environment="production",
    code="NOT_FOUND",
    status=404,
    method="GET",
    route="/items/<id>",
)


@pytest.fixture
def clock() -> ManualClock:
    """A clock that stands at the full hour 500,000 since 1970."""
    return ManualClock(now=1_800_000_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """The file of a store that does not exist yet."""
    return tmp_path / "store" / "store.db"


@pytest.fixture
def store(path: Path, clock: ManualClock) -> Iterator[Store]:
    """A store in a file."""
    with closing(Store(f"sqlite:///{path}", clock=clock)) as opened:
        yield opened


@pytest.fixture(params=["sqlite", "postgresql"])
def store_url(request: pytest.FixtureRequest, path: Path) -> str:
    """The URL of a store that does not exist yet, of each database in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{path}"
    url: URL = request.getfixturevalue("postgresql_url")
    return url.render_as_string(hide_password=False)


@pytest.fixture
def each_store(store_url: str, clock: ManualClock) -> Iterator[Store]:
    """A store in each database in turn."""
    with closing(Store(store_url, clock=clock)) as opened:
        yield opened


@pytest.fixture
def rows(store: Store) -> Callable[[str], list[tuple[Any, ...]]]:
    """Ask the store's database."""

    def ask(query: str) -> list[tuple[Any, ...]]:
        with store._database.reading() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(query)]

    return ask


@pytest.fixture
def refuse_user(store: Store) -> Callable[[str], None]:
    """Have the database refuse the events of a user."""
    statements = {
        "sqlite": "CREATE TRIGGER refuse BEFORE INSERT ON events "
        "WHEN new.user_id = '{0}' BEGIN SELECT RAISE(ABORT, 'refused'); END",
        "postgresql": "ALTER TABLE events ADD CHECK (user_id <> '{0}')",
    }

    def refuse(user: str) -> None:
        with store._database.writing() as connection:
            statement = statements[connection.dialect.name]
            connection.exec_driver_sql(statement.format(user))

    return refuse


class Feed:
    """A unit in memory with what an application of one failing route writes to it.

    Args:
        clock: Gives the present minute.
    """

    def __init__(self, clock: ManualClock) -> None:
        self.clock = clock
        self.unit = MemoryUnit("unit-1", 10_000)

    def count(self, n: int = 1, *, ago: float = 0.0, **facts: object) -> None:
        """Count an error `n` times, so many seconds ago."""
        self._count(GROUP, n, ago, facts)

    def count_answer(self, n: int = 1, *, ago: float = 0.0, **facts: object) -> None:
        """Count an answer `n` times, so many seconds ago."""
        self._count(ANSWER, n, ago, facts)

    def count_loss(self, what: LossDefinition, n: int = 1, *, ago: float = 0.0) -> None:
        """Count a loss `n` times, so many seconds ago."""
        self._count(what, n, ago, {})

    def define(self) -> GroupDefinition:
        """Return what `count` counts."""
        return GROUP

    def record_id(self, number: int) -> str:
        """Return the id of the record of that number."""
        return f"{HASH}-{number:016x}"

    def keep(self, number: int = 1, **facts: object) -> ErrorRecord:
        """Append the record of that number, which makes its id and its second."""
        own = {"id": self.record_id(number), "timestamp": self.clock.now() + number}
        record = msgspec.structs.replace(KEPT, **{**own, **facts})
        self.unit.append(*written(record))
        return record

    def move(self, store: Store, *, finished: bool = False) -> tuple[int, int, int]:
        """Ingest all of it; return what was new: records, counts, rejected."""
        unit = self.unit
        return store.ingest(unit.id, unit.frames(), unit.counters(), finished=finished)

    def _count(
        self, what: Definition, n: int, ago: float, facts: dict[str, object]
    ) -> None:
        encoded = msgspec.json.encode(msgspec.structs.replace(what, **facts))
        key = hashlib.blake2b(encoded, digest_size=8).digest()
        for _ in range(n):
            minute = int((self.clock.now() - ago) // 60)
            self.unit.count(key, minute, lambda: encoded)


@pytest.fixture
def feed(clock: ManualClock) -> Feed:
    """An empty unit to write to."""
    return Feed(clock)


@pytest.fixture
def kept_record() -> ErrorRecord:
    """What `Feed.keep` keeps, but for its id and its second."""
    return KEPT


@pytest.fixture(scope="session")
def new_feed() -> Callable[[ManualClock], Feed]:
    """Make feeds."""
    return Feed
