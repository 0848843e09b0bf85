"""CPU of one failing request: plain Flask, failwell and sentry-sdk in one run.

Each case is a process of its own. Rounds are interleaved; a round is a batch of requests
called as WSGI, so that no client's cost dilutes the ratios. Two columns: the thread that
serves, and the whole process until everything that was recorded is in the store.

Of each group failwell keeps the first 100 errors of an hour in full; those that follow are
counted, but for one a minute. Both have their rows.
"""

import logging
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from wsgiref.types import WSGIEnvironment

from flask import Flask, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.test import EnvironBuilder

from _cases import batch, pin_to_one_core, running, serve_rounds
from _faults import descend, make_faults
from _table import interleave, print_table

DEPTH = 10
BATCH = 1000
ROUNDS = 11
# So many different faults that no group reaches the number from which on failwell
# samples (100 an hour): every one of BATCH * ROUNDS errors is kept in full.
FAULTS = 200

CASES = {
    "plain errorhandler(500), logger off": "plain",
    "plain errorhandler(500), Flask's logger on": "plain-logged",
    "failwell, counted, logger off": "failwell-counted",
    "failwell, counted, log line on": "failwell-counted-logged",
    "failwell, kept in full, logger off": "failwell-kept",
    "failwell, kept in full, log line on": "failwell-kept-logged",
    "sentry-sdk, no-op transport, logger off": "sentry",
}


def _make_app(case: str, folder: str) -> Flask:
    app = Flask("bench", instance_path=folder)
    faults = make_faults(1 if "counted" in case else FAULTS)

    @app.get("/fail/<int:number>")
    def fail(number: int) -> str:
        return descend(DEPTH, faults[number % len(faults)], {"room": 1})

    {"failwell": _with_failwell, "sentry": _with_sentry, "plain": _plain}[
        case.partition("-")[0]
    ](app)
    app.logger.disabled = not case.endswith("-logged")
    return app


def _plain(app: Flask) -> None:
    @app.errorhandler(500)
    def answer(_error: Exception) -> ResponseReturnValue:
        return jsonify(error={"code": "INTERNAL_ERROR", "message": "Broken"}), 500


def _with_failwell(app: Flask) -> None:
    from failwell import Failwell  # noqa: PLC0415 - only this case pays for the import

    Failwell(app)


def _with_sentry(app: Flask) -> None:
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
    )
    _plain(app)


def _environs() -> list[WSGIEnvironment]:
    # Made beforehand: what a client costs is not what is measured.
    return [
        EnvironBuilder(path=f"/fail/{number}", method="GET").get_environ()
        for number in range(FAULTS)
    ]


def _child(case: str) -> None:
    pin_to_one_core()
    with tempfile.TemporaryDirectory() as folder:
        app = _make_app(case, folder)
        logging.getLogger().addHandler(logging.NullHandler())
        environs = _environs()
        serve_rounds(lambda: batch(app, environs, "500", BATCH))


def main() -> None:
    """Run all cases and print the table."""
    with ExitStack() as stack:
        cases = {
            title: stack.enter_context(running(Path(__file__), case))
            for title, case in CASES.items()
        }
        figures = interleave(cases, ROUNDS)
    print_table(
        f"A failing request, {DEPTH} application frames deep: CPU µs, median of "
        f"{ROUNDS} interleaved rounds of {BATCH}",
        ("its thread", "whole process"),
        figures,
    )


if __name__ == "__main__":
    _child(sys.argv[1]) if len(sys.argv) > 1 else main()
