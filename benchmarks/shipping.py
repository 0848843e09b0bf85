"""How many errors one core ships from the spool into SQLite and into PostgreSQL.

Realistic ones: 200 groups, 10 frames, request, user, tags, breadcrumbs. The first rows
move a spool that waits, as a process of its own does; the others are what the shipper's
thread costs inside of an application, which moves a few errors at a time. All figures
are of the shipping process; the CPU of PostgreSQL's own stands beside.
"""

import os
import statistics
import sys
import tempfile
import threading
import time
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console
from rich.table import Table

from _cases import pin_to_one_core, running, serve_rounds
from _errors import Errors
from _postgresql import postgresql
from failwell.spool import Spool, SpoolDirectory
from failwell.store import Shipper, Store

WAITING = 20_000
SMALL = (10, 50, 250)
SMALL_ROUNDS = 30
ROUNDS = 5
GOAL = 15_000
_TICKS_PER_S = 100


def _at_once(url: str, folder: Path) -> tuple[float, float]:
    """Return errors a second of CPU and of the clock."""
    with Spooling(folder) as spool:
        Errors().write(spool, WAITING)
    shipper = Shipper(SpoolDirectory(folder), Store(url))
    cpu, clock = time.process_time(), time.perf_counter()
    moved = shipper.ship()
    cpu, clock = time.process_time() - cpu, time.perf_counter() - clock
    assert moved.records == WAITING
    return WAITING / cpu, WAITING / clock


def _in_small_batches(url: str, folder: Path) -> list[float]:
    """Return µs of CPU an error in batches of each size."""
    store, errors, stop = Store(url), Errors(), threading.Event()
    shipper = Shipper(SpoolDirectory(folder), store)
    figures = []
    with Spooling(folder) as spool, store.kept_open():
        errors.write(spool, 2000)
        shipper.ship()
        for size in SMALL:
            costs = []
            for _ in range(SMALL_ROUNDS):
                errors.write(spool, size)
                begun = time.thread_time()
                shipper._try_pass(stop, look=True)  # noqa: SLF001 - one turn of `run`
                costs.append((time.thread_time() - begun) / size * 1e6)
            figures.append(statistics.median(costs))
    return figures


class Spooling:
    """A spool in a folder, closed in the end.

    Args:
        folder: Where.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Spool:
        self._spool = Spool(self._folder)
        return self._spool

    def __exit__(self, *_: object) -> None:
        self._spool.close()


def _measure(url: str) -> list[float]:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        own = url or f"sqlite:///{folder / 'store.db'}"
        at_once = _at_once(own, folder / "waiting")
        return [*at_once, *_in_small_batches(own, folder / "small")]


def _server_cpu_s() -> float:
    """Return the CPU time of the PostgreSQL that this process started, in seconds."""
    total, ours = 0, {os.getpid()}
    for entry in sorted(Path("/proc").glob("[0-9]*"), key=lambda path: int(path.name)):
        try:
            comm, _, rest = (entry / "stat").read_text().partition(")")
        except OSError:
            continue
        fields = rest.split()
        if int(fields[1]) in ours and "postgres" in comm:
            ours.add(int(entry.name))
            # Its own, and that of its children that have ended.
            total += sum(map(int, fields[11:15]))
    return total / _TICKS_PER_S


def main() -> None:
    """Measure each database, round by round."""
    with ExitStack() as stack:
        cases = {"SQLite": ""}
        if url := stack.enter_context(postgresql()):
            cases["PostgreSQL"] = url
        script = Path(__file__)
        measures = {
            name: stack.enter_context(running(script, url or "sqlite"))
            for name, url in cases.items()
        }
        server = _server_cpu_s()
        rounds = {
            name: [measure() for _ in range(ROUNDS)]
            for name, measure in measures.items()
        }
        server = (_server_cpu_s() - server) / ROUNDS
    medians = {
        name: [statistics.median(column) for column in zip(*rows, strict=True)]
        for name, rows in rounds.items()
    }
    _print(medians, server)


def _print(medians: dict[str, list[float]], server_s: float) -> None:
    table = Table(title="Errors shipped, each kept in full", title_justify="left")
    table.add_column("")
    for name in medians:
        table.add_column(name, justify="right")
    rows = ["errors/s of one core", "errors/s of the clock"]
    rows += [f"µs of CPU an error, {size} at a time" for size in SMALL]
    for number, name in enumerate(rows):
        table.add_row(
            name, *(f"{figures[number]:,.0f}" for figures in medians.values())
        )
    table.caption = f"Goal: {GOAL:,} errors/s of one core. PostgreSQL itself took "
    table.caption += f"{server_s:.2f} s of CPU for each round of its column."
    Console(width=100).print(table)


if __name__ == "__main__":
    if len(sys.argv) > 1:
        pin_to_one_core()
        given = "" if sys.argv[1] == "sqlite" else sys.argv[1]
        serve_rounds(lambda: _measure(given))
        sys.exit()
    main()
