"""CPU of capturing one error on the thread that caught it: failwell and sentry-sdk.

What both must do: walk ten application frames, find the group, hide secrets, make bytes of
it. Every error is raised afresh inside a request with a JSON body, headers and realistic
variables; only the capture is measured. sentry-sdk hands its envelope to a transport that
makes its bytes and drops them; failwell's are in the spool when the call returns.
"""

import gc
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from flask import Flask

from _cases import pin_to_one_core, running, serve_rounds
from _faults import descend, make_faults
from _table import interleave, print_table

DEPTH = 10
FAULTS = 200
BATCH = 400
ROUNDS = 15

CASES = {
    "failwell, kept in full": "failwell",
    "failwell, counted": "failwell-counted",
    "sentry-sdk, no-op transport, no variables, no source": "sentry-bare",
    "sentry-sdk, no-op transport": "sentry",
}

Capture = Callable[[Exception], object]


def _with_failwell(app: Flask) -> Capture:
    from failwell import Failwell  # noqa: PLC0415 - only this case pays for the import

    Failwell(app)
    app.logger.disabled = True
    journal = app.extensions["failwell"]
    return lambda error: journal.capture(error, code="INTERNAL_ERROR")


def _with_sentry(*, bare: bool) -> Capture:
    import sentry_sdk  # noqa: PLC0415 - only this case pays for the import
    from sentry_sdk.integrations.flask import FlaskIntegration  # noqa: PLC0415

    class NoTransport(sentry_sdk.transport.Transport):  # type: ignore[misc] # untyped here
        def capture_envelope(self, envelope: sentry_sdk.envelope.Envelope) -> None:
            envelope.serialize()

    sentry_sdk.init(
        dsn="http://key@127.0.0.1:1/1",
        transport=NoTransport,
        integrations=[FlaskIntegration()],
        default_integrations=False,
        include_local_variables=not bare,
        include_source_context=not bare,
    )
    capture: Capture = sentry_sdk.capture_exception
    return capture


def _child(case: str) -> None:
    pin_to_one_core()
    with tempfile.TemporaryDirectory() as folder:
        app = Flask("bench", instance_path=folder)
        if case.startswith("sentry"):
            capture = _with_sentry(bare=case.endswith("bare"))
        else:
            capture = _with_failwell(app)
        faults = make_faults(1 if case.endswith("counted") else FAULTS)
        spent: list[int] = []

        @app.post("/rooms/<int:room>/fail")
        def fail(room: int) -> str:
            try:
                descend(DEPTH, faults[room % len(faults)], {"room": 1})
            except KeyError as error:
                started = time.thread_time_ns()
                capture(error)
                spent.append(time.thread_time_ns() - started)
            return "captured"

        client = app.test_client()

        def measure() -> list[float]:
            spent.clear()
            gc.disable()
            for room in range(BATCH):
                client.post(
                    f"/rooms/{room}/fail?page=2",
                    json={"title": "Weekly", "participants": [1, 2, 3], "token": "x1"},
                    headers={"Authorization": "Bearer abcdefghijkl", "User-Agent": "b"},
                )
            gc.enable()
            gc.collect()
            return [statistics.median(spent) / 1000]

        serve_rounds(measure)


def main() -> None:
    """Run all cases and print the table."""
    with ExitStack() as stack:
        cases = {
            title: stack.enter_context(running(Path(__file__), case))
            for title, case in CASES.items()
        }
        figures = interleave(cases, ROUNDS)
    print_table(
        f"Capturing an error {DEPTH} application frames deep: CPU µs of its thread, median "
        f"of {ROUNDS} interleaved rounds of {BATCH}",
        ("capture",),
        figures,
    )


if __name__ == "__main__":
    _child(sys.argv[1]) if len(sys.argv) > 1 else main()
