"""Each case of a benchmark in a process of its own, measured round by round.

The parent says "go" on the child's standard input and reads one line of figures back,
so that rounds of different cases can be interleaved.
"""

import gc
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from wsgiref.types import WSGIApplication, WSGIEnvironment

from flask import Flask


def serve_rounds(measure: Callable[[], Sequence[float]]) -> None:
    """Measure once for each line of standard input: what a child does."""
    for _ in sys.stdin:
        print(json.dumps(measure()), flush=True)


def pin_to_one_core() -> None:
    """Keep this process on one core.

    On two cores that share a physical one, threads of the same process would slow each
    other, and the figures would measure that.
    """
    if hasattr(os, "sched_setaffinity"):  # not on macOS
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})


def call_wsgi(app: WSGIApplication, environ: WSGIEnvironment, status: str) -> None:
    """Serve one request as a server does, and see that it is answered with `status`."""
    statuses: list[str] = []

    def start_response(status: str, *_: object) -> Callable[[bytes], object]:
        statuses.append(status)
        return lambda _: None

    body = app(environ.copy(), start_response)
    b"".join(body)
    body.close()  # type: ignore[attr-defined] # werkzeug's iterators have it
    assert statuses[0].startswith(status)


def batch(
    app: Flask, environs: Sequence[WSGIEnvironment], status: str, size: int
) -> tuple[float, float]:
    """Return CPU µs a request: of its thread, and of the process until all is stored."""
    gc.disable()
    thread, process = time.thread_time_ns(), time.process_time_ns()
    for number in range(size):
        call_wsgi(app, environs[number % len(environs)], status)
    thread = time.thread_time_ns() - thread
    if "failwell" in app.extensions:
        app.extensions["failwell"].settle(60.0)
    process = time.process_time_ns() - process
    gc.enable()
    gc.collect()
    return thread / size / 1000, process / size / 1000


@contextmanager
def running(script: Path, case: str) -> Iterator[Callable[[], list[float]]]:
    """Run `script` with `case` as its argument; yield what measures one round.

    The first round is thrown away: it warms caches up.
    """
    child = subprocess.Popen(  # noqa: S603 - our own script
        [sys.executable, str(script), case],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    stdin, stdout = child.stdin, child.stdout
    assert stdin is not None
    assert stdout is not None

    def measure() -> list[float]:
        stdin.write("go\n")
        stdin.flush()
        figures: list[float] = json.loads(stdout.readline())
        return figures

    with child:
        measure()
        yield measure
        stdin.close()
