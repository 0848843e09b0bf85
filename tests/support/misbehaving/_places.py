"""Failures around the view: hooks, converters, sessions, and handlers of one's own."""

from typing import Any, NoReturn

from flask import Flask, Request, Response, request
from flask.sessions import SecureCookieSessionInterface
from werkzeug.routing import BaseConverter

from failwell import ConflictError, NotFoundError
from misbehaving._errors import FAULT
from misbehaving._secrets import HandledError, RephrasedError, secret
from misbehaving._views import Views, answering

views: Views = {}


@answering(views, FAULT)
def before_request() -> str:
    """Never get here."""
    return "fine"


@answering(views, ConflictError)
def before_request_known() -> str:
    """Never get here."""
    return "fine"


@answering(views, FAULT)
def after_request() -> str:
    """Be answered by the hook behind."""
    return "fine"


@answering(views, ConflictError)
def after_request_known() -> str:
    """Be answered by the hook behind."""
    return "fine"


@answering(views, FAULT)
def teardown() -> str:
    """Be answered by the guard."""
    return "fine"


@answering(views, ConflictError)
def teardown_known() -> str:
    """Be answered by the guard."""
    return "fine"


@answering(views, FAULT)
def session() -> str:
    """Never get here."""
    return "fine"


@answering(views, FAULT)
def converter(value: str) -> str:
    """Never get here."""
    return value


class _Broken(BaseConverter):
    regex = "converter"

    def to_python(self, value: str) -> NoReturn:
        """Fail."""
        raise KeyError(secret() + value)


class _Sessions(SecureCookieSessionInterface):
    def open_session(self, app: Flask, request: Request) -> Any:  # noqa: ANN401 - Flask's own
        """Fail where it is asked for."""
        _fail_at("session", request.path)
        return super().open_session(app, request)


def _fail_at(place: str, path: str) -> None:
    if path == f"/views/{place}":
        raise KeyError(secret())
    if path == f"/views/{place}_known":
        raise ConflictError


def rule_of(path: str) -> str:
    """Return Flask's rule of a path of the document."""
    if path == "/views/converter":
        return "/views/<broken:value>"
    return path.replace("{", "<").replace("}", ">")


def prepare(app: Flask) -> None:
    """Put what fails around the views of `app`."""
    app.url_map.converters["broken"] = _Broken
    app.session_interface = _Sessions()

    @app.before_request
    def before() -> None:
        _fail_at("before_request", request.path)

    @app.after_request
    def after(response: Response) -> Response:
        _fail_at("after_request", request.path)
        return response

    @app.teardown_request
    def end(_: BaseException | None) -> None:
        _fail_at("teardown", request.path)

    @app.errorhandler(HandledError)
    def fail(_: HandledError) -> NoReturn:
        raise KeyError(secret())

    @app.errorhandler(RephrasedError)
    def rephrase(_: RephrasedError) -> NoReturn:
        raise NotFoundError("Thing", 7)
