"""CPU of one handled error, a 404 that the application raises: failwell and its peers.

Every case answers the same route with 404 and JSON. The base is plain Flask with a
handler that returns the very body of failwell's. Rounds are interleaved, each case is a
process of its own, loggers are off.

Flask's kin are called as WSGI. Connexion is an ASGI application around a Flask one, and
is called as ASGI in one running event loop, without a server and without an adapter: the
cheapest way there is. It serves the Flask part in a worker thread, so only its whole
process is measured.
"""

import asyncio
import gc
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from flask import Flask, abort, jsonify
from flask.typing import ResponseReturnValue
from werkzeug.test import EnvironBuilder

from _cases import batch, pin_to_one_core, running, serve_rounds
from _table import interleave, print_table

BATCH = 1000
ROUNDS = 15
PATH = "/rooms/7"
RULE = "/rooms/<int:room_id>"

CASES = {
    "plain Flask, handler for the error": "plain",
    "failwell, register_error_handlers": "handlers",
    "failwell, Failwell(app)": "failwell",
    "flask-smorest, abort(404)": "smorest",
    "APIFlask, abort(404)": "apiflask",
    "connexion, abort(404), as ASGI": "connexion",
}

Figures = tuple[float, float]


class MissingError(Exception):
    """What a plain application raises."""

    def __init__(self, resource: str, resource_id: int) -> None:
        super().__init__(f"{resource} with id {resource_id} not found")
        self.details = {"resource": resource, "resource_id": resource_id}


def _plain(_: str) -> Flask:
    app = Flask("bench")

    @app.errorhandler(MissingError)
    def answer(error: MissingError) -> ResponseReturnValue:
        body = {"code": "NOT_FOUND", "message": str(error), "details": error.details}
        return jsonify(error=body), 404

    @app.get(RULE)
    def view(room_id: int) -> str:
        raise MissingError("Room", room_id)

    return app


def _handlers(_: str) -> Flask:
    from failwell import register_error_handlers  # noqa: PLC0415 - only this case pays

    app = Flask("bench")
    register_error_handlers(app)
    _add_failing_view(app)
    return app


def _failwell(folder: str) -> Flask:
    from failwell import Failwell  # noqa: PLC0415 - only this case pays

    app = Flask("bench", instance_path=folder)
    Failwell(app)
    _add_failing_view(app)
    return app


def _add_failing_view(app: Flask) -> None:
    from failwell import NotFoundError  # noqa: PLC0415 - only these cases pay

    @app.get(RULE)
    def view(room_id: int) -> str:
        raise NotFoundError("Room", room_id)


def _smorest(_: str) -> Flask:
    import flask_smorest  # noqa: PLC0415 - only this case pays

    app = Flask("bench")
    app.config.update(API_TITLE="b", API_VERSION="1", OPENAPI_VERSION="3.1.0")
    api = flask_smorest.Api(app)
    blueprint = flask_smorest.Blueprint("rooms", __name__)

    @blueprint.route(RULE)  # type: ignore[untyped-decorator] # flask-smorest has no types
    def view(room_id: int) -> None:
        flask_smorest.abort(404, message=f"Room with id {room_id} not found")

    api.register_blueprint(blueprint)
    return app


def _apiflask(_: str) -> Flask:
    import apiflask  # noqa: PLC0415 - only this case pays

    app = apiflask.APIFlask("bench")

    @app.get(RULE)
    def view(room_id: int) -> str:
        apiflask.abort(404, f"Room with id {room_id} not found")

    return app


def _connexion() -> Any:  # noqa: ANN401 - an ASGI application
    import connexion  # noqa: PLC0415 - only this case pays

    def view(room_id: int) -> None:
        abort(404, f"Room with id {room_id} not found")

    number = {"in": "path", "name": "room_id", "required": True}
    operation = {
        "operationId": "view",
        "parameters": [{**number, "schema": {"type": "integer"}}],
        "responses": {"200": {"description": "Fine"}},
    }
    document = {
        "openapi": "3.0.3",
        "info": {"title": "b", "version": "1"},
        "paths": {"/rooms/{room_id}": {"get": operation}},
    }
    app = connexion.FlaskApp("bench")
    app.add_api(document, resolver=connexion.Resolver(lambda _: view))
    return app


MAKERS: dict[str, Callable[[str], Flask]] = {
    "plain": _plain,
    "handlers": _handlers,
    "failwell": _failwell,
    "smorest": _smorest,
    "apiflask": _apiflask,
}


_ENVIRON = EnvironBuilder(path=PATH, method="GET").get_environ()
_SCOPE = {
    "type": "http",
    "asgi": {"version": "3.0"},
    "http_version": "1.1",
    "method": "GET",
    "path": PATH,
    "raw_path": PATH.encode(),
    "root_path": "",
    "scheme": "http",
    "query_string": b"",
    "headers": [(b"host", b"localhost")],
    "client": ("127.0.0.1", 1),
    "server": ("localhost", 80),
}


async def _call_asgi(app: Callable[..., Awaitable[None]]) -> None:
    statuses: list[int] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    await app({**_SCOPE, "state": {}}, receive, send)
    assert statuses == [404]


async def _asgi_batch(app: Any) -> Figures:  # noqa: ANN401 - an ASGI application
    gc.disable()
    process = time.process_time_ns()
    for _ in range(BATCH):
        await _call_asgi(app)
    process = time.process_time_ns() - process
    gc.enable()
    gc.collect()
    figure = process / BATCH / 1000
    return figure, figure


def _child(case: str) -> None:
    pin_to_one_core()
    logging.disable(logging.CRITICAL)
    if case == "connexion":
        asgi = _connexion()
        with asyncio.Runner() as runner:
            serve_rounds(lambda: runner.run(_asgi_batch(asgi)))
        return
    with tempfile.TemporaryDirectory() as folder:
        app = MAKERS[case](folder)
        serve_rounds(lambda: batch(app, [_ENVIRON], "404", BATCH))


def main() -> None:
    """Run all cases and print the table."""
    with ExitStack() as stack:
        cases = {
            title: stack.enter_context(running(Path(__file__), case))
            for title, case in CASES.items()
        }
        figures = interleave(cases, ROUNDS)
    print_table(
        f"A handled 404: CPU µs, median of {ROUNDS} interleaved rounds of {BATCH}",
        ("its thread", "whole process"),
        figures,
    )


if __name__ == "__main__":
    _child(sys.argv[1]) if len(sys.argv) > 1 else main()
