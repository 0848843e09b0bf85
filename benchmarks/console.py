"""What a page of the console costs the server, and how much it sends.

Every figure is the median CPU time of a request to the blueprint itself, of the thread that
answers it: gate, store, template. The store is an SQLite file.

    console.py [ERRORS]    default: 100,000; 1,000,000 take a minute to write
"""

import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from rich.console import Console
from rich.table import Table

from _filled import NOW, open_filled
from failwell._settings import read_settings
from failwell.console import create_console
from failwell.fleet import Fleet, StoreBoard
from failwell.store import Deployment, GroupQuery, Store
from failwell.testing import ManualClock

ROUNDS = 15
KEY = "only for this measurement"
PREFIX = "/failwell"


def main() -> None:
    """Measure, and print what each page costs."""
    size = int(sys.argv[1].replace(",", "")) if len(sys.argv) > 1 else 100_000
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/errors.db"
        with closing(open_filled(url, size)) as store:
            client = _visit(store, Path(folder))
            pages = {name: _measure(client, path) for name, path in _pages(store)}
    _print(size, pages)


def _visit(store: Store, folder: Path) -> FlaskClient:
    settings = read_settings(
        {"FAILWELL_CONSOLE_KEY": KEY}, import_name="shop", instance_path=folder
    )
    clock = ManualClock(NOW)
    board = StoreBoard(store, Deployment("shop", "production"), clock)
    fleet = Fleet(board, interval_s=0, clock=clock)
    app = Flask("shop")
    app.register_blueprint(
        create_console(
            settings, lambda: store, lambda: True, lambda: fleet, clock=clock
        )
    )
    client = app.test_client()
    assert client.post(f"{PREFIX}/signin", data={"key": KEY}).status_code == 303
    return client


def _pages(store: Store) -> list[tuple[str, str]]:
    largest = store.groups(GroupQuery(sort="count", limit=1))[0].id
    return [
        ("list, seen last", "/"),
        ("list, most errors", "/?q=&sort=count"),
        ("list, trend", "/?q=&sort=trend"),
        ("list, by text", "/?q=VIEW_4"),
        ("list, by route", "/?q=route:/rooms/7"),
        ("list, by user", "/?q=user:4711"),
        ("list, of a week", "/?q=seen:<14d+seen:>7d"),
        ("what has changed", "/updates"),
        ("largest group", f"/groups/{largest}"),
        ("health", "/health"),
        ("audit", "/audit"),
        ("list as JSON", "/api/groups"),
    ]


def _measure(client: FlaskClient, path: str) -> tuple[float, int]:
    times, sent = [], 0
    for _ in range(ROUNDS):
        begin = time.thread_time()
        answer = client.get(PREFIX + path)
        sent = len(answer.data)
        times.append((time.thread_time() - begin) * 1000)
        assert answer.status_code == 200, (path, answer.status_code)
    return statistics.median(times), sent


def _print(size: int, pages: dict[str, tuple[float, int]]) -> None:
    table = Table(title=f"Pages with {size:,} errors kept", title_justify="left")
    table.add_column("page")
    table.add_column("ms of CPU", justify="right")
    table.add_column("kB sent", justify="right")
    for name, (cost, sent) in pages.items():
        table.add_row(name, f"{cost:.1f}", f"{sent / 1000:.1f}")
    Console(width=110).print(table)


if __name__ == "__main__":
    main()
