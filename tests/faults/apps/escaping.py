"""An application whose errors reach the server: outside of Flask, and in mid-body."""

import os
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

from flask import Flask, Response

from failwell import Failwell

app = Flask(__name__, instance_path=os.environ["ESCAPING_INSTANCE"])
Failwell(app)
_inner = app.wsgi_app


def _outside(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
    if environ["PATH_INFO"] == "/outside":
        message = "outside of everything"
        raise RuntimeError(message)
    return _inner(environ, start)


app.wsgi_app = _outside  # type: ignore[method-assign] # Flask says to


@app.get("/")
def index() -> dict[str, bool]:
    """Be well."""
    return {"well": True}


@app.get("/body")
def body() -> Response:
    """Break off."""

    def parts() -> Iterator[str]:
        yield '"part"'
        message = "in mid-body"
        raise RuntimeError(message)

    return Response(parts(), mimetype="application/json")
