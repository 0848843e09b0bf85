"""The spool beside one SQLite file in WAL mode per process: cost, kills, power cuts.

The same payloads of 1,000 bytes, a transaction for each error, one thread. What a power
cut takes is tried on an ext4 in a file, which needs the right to mount; where that is
missing, the column says so.
"""

import gc
import mmap
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table

from _cases import pin_to_one_core, running, serve_rounds
from _sinks import SINKS, Sink, records_in
from _table import interleave, print_table

PAYLOAD = b"x" * 1000
BATCH = 320
THREADS = 8
ROUNDS = 15
KILLS = 20
CUTS = 5
LIFE_S = 0.2


def _child(case: str) -> None:
    pin_to_one_core()
    with tempfile.TemporaryDirectory(dir=".") as folder:
        sink = SINKS[case](Path(folder) / "sink")

        def measure() -> list[float]:
            gc.disable()
            keep = partial(sink.keep, PAYLOAD)
            figures = [*_batch(keep), *_batch(sink.count), _shared(keep)]
            gc.enable()
            gc.collect()
            return figures

        serve_rounds(measure)
        sink.close()


def _batch(call: Callable[[], None]) -> tuple[float, float, float]:
    """Return µs for each call: CPU of the thread, of the process, and wall time."""
    clocks = (time.thread_time_ns, time.process_time_ns, time.perf_counter_ns)
    begun = [clock() for clock in clocks]
    for _ in range(BATCH):
        call()
    ended = [clock() for clock in clocks]
    thread, process, wall = (
        (b - a) / BATCH / 1000 for a, b in zip(begun, ended, strict=True)
    )
    return thread, process, wall


def _shared(call: Callable[[], None]) -> float:
    """Return µs of wall time for each call, of eight threads that call at once."""

    def run() -> None:
        for _ in range(BATCH // THREADS):
            call()

    threads = [threading.Thread(target=run) for _ in range(THREADS)]
    begun = time.perf_counter_ns()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return (time.perf_counter_ns() - begun) / (BATCH // THREADS * THREADS) / 1000


def _write_until_killed(make: Callable[[Path], Sink], folder: Path) -> int:
    """Write in a child, kill it, and return how many records were acknowledged."""
    acknowledged = memoryview(mmap.mmap(-1, 8)).cast("Q")
    child = os.fork()
    if child == 0:
        sink = make(folder)
        while True:
            sink.keep(PAYLOAD)
            acknowledged[0] += 1
    while not acknowledged[0]:
        time.sleep(0.01)
    time.sleep(LIFE_S)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return acknowledged[0]


def _kill(make: Callable[[Path], Sink]) -> str:
    lost = total = 0
    for _ in range(KILLS):
        with tempfile.TemporaryDirectory(dir=".") as place:
            folder = Path(place) / "sink"
            acknowledged = _write_until_killed(make, folder)
            lost += max(0, acknowledged - records_in(folder))
            total += acknowledged
    return f"{lost:,} of {total:,}"


def _cut(make: Callable[[Path], Sink]) -> str:
    lost = total = 0
    with tempfile.TemporaryDirectory(dir=".") as place:
        image, copy, disk = (Path(place) / name for name in ("image", "copy", "disk"))
        disk.mkdir()
        for _ in range(CUTS):
            with image.open("wb") as file:
                file.truncate(256 * 1024 * 1024)
            _run("mkfs.ext4", "-q", "-F", image)
            _run("mount", "-o", "loop,commit=300", image, disk)
            try:
                acknowledged = _write_until_killed(make, disk / "sink")
                _run("cp", "--sparse=always", image, copy)
            finally:
                _run("umount", disk)
            _run("mount", "-o", "loop", copy, disk)
            try:
                lost += max(0, acknowledged - records_in(disk / "sink"))
                total += acknowledged
            finally:
                _run("umount", disk)
    return f"{lost:,} of {total:,}"


def _run(name: str, *arguments: object) -> None:
    program = shutil.which(name, path=f"{os.environ['PATH']}:/usr/sbin:/sbin") or name
    subprocess.run([program, *map(str, arguments)], check=True, capture_output=True)  # noqa: S603 - our own words


def _losses() -> None:
    table = Table(title="Acknowledged records lost", title_justify="left")
    for column in ("", f"by kill -9, {KILLS} times", f"by a power cut, {CUTS} times"):
        table.add_column(column, justify="right" if column else "left")
    for title, make in SINKS.items():
        try:
            cut = _cut(make)
        except (OSError, subprocess.CalledProcessError):
            cut = "not tried: no right to mount"
        table.add_row(title, _kill(make), cut)
    Console(width=110).print(table)


def main() -> None:
    """Run all cases and print the tables."""
    with ExitStack() as stack:
        cases = {
            title: stack.enter_context(running(Path(__file__), title))
            for title in SINKS
        }
        figures = interleave(cases, ROUNDS)
    kept = {title: columns[:3] for title, columns in figures.items()}
    counted = {title: columns[3:6] for title, columns in figures.items()}
    shared = {title: columns[6:] for title, columns in figures.items()}
    columns = ("thread", "process", "wall")
    what = f"µs, median of {ROUNDS} interleaved rounds of {BATCH}"
    print_table(f"An error counted and kept, 1,000 bytes: {what}", columns, kept)
    print_table(f"An error that is only counted: {what}", columns, counted)
    print_table(f"Kept, {THREADS} threads at once: {what}", ("wall",), shared)
    _losses()


if __name__ == "__main__":
    _child(sys.argv[1]) if len(sys.argv) > 1 else main()
