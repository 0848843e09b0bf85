"""How long healthy requests take while 500 errors a second are recorded and shipped.

One server a case (gunicorn, one worker, four threads) on a core of its own; healthy and
failing requests come from processes on the other one, at a fixed pace. Two hundred groups,
so that failwell keeps every error in full. A healthy request sleeps a millisecond, as for a
database, and builds a small answer. Servers freeze what they have loaded, as
docs/how-to/operate.md advises, but for the last one.
"""

import gc
import http.client
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from gunicorn.app.base import (  # type: ignore[import-untyped] # it has no types
    BaseApplication,
)
from rich.console import Console
from rich.table import Table

from _faults import descend, make_faults
from _table import ratio

SECONDS = 5.0
ROUNDS = 7
HEALTHY_PER_S = 200
FAILING_PER_S = 500
DEPTH, FAULTS = 10, 200
PORT = 5900

CASES = {
    "no errors at all": ("plain", 0),
    "plain errorhandler(500)": ("plain", FAILING_PER_S),
    "failwell, recorded, nobody ships": ("failwell-unshipped", FAILING_PER_S),
    "failwell, shipper in the worker": ("failwell", FAILING_PER_S),
    "failwell, shipper a process of its own": ("failwell-apart", FAILING_PER_S),
    "failwell, shipper in the worker, not frozen": ("failwell-thawed", FAILING_PER_S),
}


class _Server(BaseApplication):  # type: ignore[misc] # as above
    """gunicorn with one application, without a configuration file."""

    def __init__(self, case: str, port: int, folder: str) -> None:
        self._case, self._folder = case, folder
        self._options = {
            "bind": f"127.0.0.1:{port}",
            "threads": 4,
            "control_socket_disable": True,
            "keepalive": 60,
            "loglevel": "critical",
        }
        if not case.endswith("thawed"):
            self._options["post_worker_init"] = _freeze
        super().__init__()

    def load_config(self) -> None:
        """Take the options that this server knows."""
        for name, value in self._options.items():
            self.cfg.set(name, value)

    def load(self) -> Flask:
        """Make the application, in the worker."""
        return _make_app(self._case, self._folder)


def _freeze(worker: object) -> None:
    del worker
    gc.collect()
    gc.freeze()


def _make_app(case: str, folder: str) -> Flask:
    app = Flask("bench", instance_path=folder)
    faults = make_faults(FAULTS)

    @app.get("/healthy")
    def healthy() -> ResponseReturnValue:
        time.sleep(0.001)
        return jsonify(rooms=[{"id": n, "name": f"Room {n}"} for n in range(20)])

    @app.get("/fail/<int:number>")
    def fail(number: int) -> str:
        return descend(DEPTH, faults[number % FAULTS], {"room": 1})

    if case.startswith("failwell"):
        from failwell import Failwell  # noqa: PLC0415 - only this case pays for it

        Failwell(app)
    else:
        app.errorhandler(500)(lambda _: (jsonify(error="Broken"), 500))
    app.logger.disabled = True
    return app


def _pin(core: int) -> None:
    # In children alone: theirs would know no other core than a parent's.
    if hasattr(os, "sched_setaffinity"):  # not on macOS
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[core % len(cores)]})


def _send(port: int, path: str, per_second: int, seconds: float) -> list[float]:
    """Send requests at a pace and return how many ms each took, late starts included."""
    connection = http.client.HTTPConnection("127.0.0.1", port)
    took = []
    begin = time.monotonic()
    for number in range(int(per_second * seconds)):
        due = begin + number / per_second
        time.sleep(max(0.0, due - time.monotonic()))
        connection.request("GET", path.format(number=number))
        connection.getresponse().read()
        # From when it was due: a server that stalls holds up those that follow, too.
        took.append((time.monotonic() - due) * 1000)
    connection.close()
    return took


@contextmanager
def _serving(case: str, port: int) -> Iterator[None]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        children = [_start("serve", case, str(port), folder)]
        if case.endswith(("apart", "unshipped")):
            children.insert(0, _start(case.rpartition("-")[2], folder))
        try:
            while True:
                try:
                    _send(port, "/healthy", 1, 1)
                    break
                except OSError:
                    time.sleep(0.1)
            yield
        finally:
            for child in reversed(children):
                child.terminate()
                child.wait()


def _start(*arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, __file__, *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)  # noqa: S603 - ours


def _measure(port: int, failing: int) -> list[float]:
    children = [_start("load", str(port), "/healthy", str(HEALTHY_PER_S))]
    if failing:
        # Two connections, for one alone would be as slow as what it waits for.
        half = str(failing // 2)
        children += [_start("load", str(port), "/fail/{number}", half) for _ in "ab"]
    outputs = [child.communicate()[0] for child in children]
    took = sorted(json.loads(outputs[0]))
    return [statistics.median(took), took[int(len(took) * 0.99)]]


def _be_elected(folder: str, *, ship: bool) -> None:
    from failwell.spool import SpoolDirectory  # noqa: PLC0415 - only this case has it
    from failwell.store import Shipper, Store  # noqa: PLC0415 - as above

    source, stop = SpoolDirectory(f"{folder}/failwell/spool"), threading.Event()
    with source.elect() or sys.exit("the worker was elected first"):
        if not ship:
            stop.wait()
        store = Store(f"sqlite:///{folder}/failwell/store.db")
        Shipper(source, store).run(stop)


def main() -> None:
    """Run all cases round by round and print the table."""
    with ExitStack() as stack:
        for number, (case, _) in enumerate(CASES.values()):
            stack.enter_context(_serving(case, PORT + number))
        figures: dict[str, list[list[float]]] = {name: [[], []] for name in CASES}
        for _ in range(ROUNDS):
            for number, (name, (_, failing)) in enumerate(CASES.items()):
                for column, value in zip(
                    figures[name], _measure(PORT + number, failing), strict=True
                ):
                    column.append(value)
    base, unshipped = (
        figures[name]
        for name in ("no errors at all", "failwell, recorded, nobody ships")
    )
    table = Table(
        title=f"Healthy requests, {HEALTHY_PER_S} a second, beside {FAILING_PER_S} failing "
        f"ones: ms, medians of {ROUNDS} rounds of {SECONDS:.0f} s",
        title_justify="left",
    )
    for heading in ("", "median", "ratio", "p99", "ratio", "p99 to unshipped"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, (middle, tail) in figures.items():
        table.add_row(
            name,
            f"{statistics.median(middle):.2f}",
            f"{ratio(middle, base[0]):.2f}",
            f"{statistics.median(tail):.2f}",
            f"{ratio(tail, base[1]):.2f}",
            f"{ratio(tail, unshipped[1]):.2f}",
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["serve", case, port, folder]:
            _pin(0)
            sys.argv = sys.argv[:1]
            _Server(case, int(port), folder).run()
        case ["apart" | "unshipped" as what, folder]:
            _be_elected(folder, ship=what == "apart")
        case ["load", port, path, pace]:
            _pin(1)
            print(json.dumps(_send(int(port), path, int(pace), SECONDS)))
        case _:
            main()
