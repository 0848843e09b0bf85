"""A burst of 600 failing requests in 1.2 seconds: how many of them are kept.

Four threads send, as a server's would. Two hundred groups, so that failwell keeps all in
full. sentry-sdk, with its defaults, sends to a receiver on this machine that answers after
five milliseconds, which no receiver behind a network undercuts by much; both get two
seconds afterwards to bring home what waits.
"""

import json
import logging
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from flask import Flask
from rich.console import Console
from rich.table import Table
from werkzeug.test import EnvironBuilder

from _cases import call_wsgi
from _faults import descend, make_faults

REQUESTS, SECONDS, THREADS = 600, 1.2, 4
DEPTH, FAULTS = 10, 200
GRACE_S = 2.0
ROUNDS = 5


class _Receiver(BaseHTTPRequestHandler):
    """Takes envelopes as an error tracker does, and counts them."""

    events = 0

    def do_POST(self) -> None:
        """Take one."""
        self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(0.005)
        type(self).events += 1
        body = b"{}"
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def _failwell(app: Flask) -> Callable[[], int]:
    from failwell import Failwell  # noqa: PLC0415 - only this case pays for the import

    Failwell(app)
    journal = app.extensions["failwell"]

    def kept() -> int:
        journal.settle(GRACE_S)
        return len(journal.store.recent(10_000))

    return kept


def _sentry(app: Flask) -> Callable[[], int]:
    import sentry_sdk  # noqa: PLC0415 - only this case pays for the import

    server = ThreadingHTTPServer(("127.0.0.1", 0), _Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sentry_sdk.init(
        dsn=f"http://key@127.0.0.1:{server.server_port}/1", auto_session_tracking=False
    )
    app.errorhandler(500)(lambda _: ("{}", 500))

    def kept() -> int:
        sentry_sdk.flush(GRACE_S)
        return _Receiver.events

    return kept


def _child(case: str) -> None:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        app = Flask("bench", instance_path=folder)
        kept = {"failwell": _failwell, "sentry": _sentry}[case](app)
        logging.getLogger().addHandler(logging.NullHandler())
        app.logger.disabled = True
        faults = make_faults(FAULTS)

        @app.get("/fail/<int:number>")
        def fail(number: int) -> str:
            return descend(DEPTH, faults[number % FAULTS], {"room": 1})

        begin = time.monotonic()

        def send(number: int) -> None:
            time.sleep(max(0.0, begin + number * SECONDS / REQUESTS - time.monotonic()))
            environ = EnvironBuilder(path=f"/fail/{number}").get_environ()
            call_wsgi(app, environ, "500")

        with ThreadPoolExecutor(THREADS) as pool:
            list(pool.map(send, range(REQUESTS)))
        took = time.monotonic() - begin
        print(json.dumps([took, kept()]), flush=True)


def _run(case: str) -> tuple[float, int]:
    command = [sys.executable, str(Path(__file__)), case]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 - ours
    took, kept = json.loads(done.stdout)
    return took, kept


def main() -> None:
    """Run both, round by round, and print the table."""
    rounds = [
        {case: _run(case) for case in ("failwell", "sentry")} for _ in range(ROUNDS)
    ]
    table = Table(
        title=f"A burst of {REQUESTS} failing requests in {SECONDS} s, {ROUNDS} times",
        title_justify="left",
    )
    for heading in ("", "took s", "kept", "lost"):
        table.add_column(heading, justify="right" if heading else "left")
    for case, name in (
        ("failwell", "failwell"),
        ("sentry", "sentry-sdk, its defaults"),
    ):
        kept = [figures[case][1] for figures in rounds]
        table.add_row(
            name,
            " ".join(f"{figures[case][0]:.1f}" for figures in rounds),
            " ".join(map(str, kept)),
            " ".join(str(REQUESTS - number) for number in kept),
        )
    Console(width=110).print(table)


if __name__ == "__main__":
    _child(sys.argv[1]) if len(sys.argv) > 1 else main()
