"""The blueprint: the routes behind their gate, and the headers of every answer."""

from collections.abc import Callable
from http import HTTPStatus

from flask import Blueprint, Response, request
from werkzeug.exceptions import HTTPException, default_exceptions

from failwell._callbacks import Callbacks
from failwell._clock import SYSTEM_CLOCK, Clock
from failwell._settings import Settings
from failwell.catalog import status_code_name
from failwell.console._access import Access, keys_of
from failwell.console._alerts import add_alerts, alert_endpoints
from failwell.console._api import api_endpoints
from failwell.console._attempts import Attempts
from failwell.console._audit import add_audit
from failwell.console._circuits import add_circuits
from failwell.console._desk import Desk
from failwell.console._endpoints import add_endpoints
from failwell.console._exports import export_endpoints
from failwell.console._forms import add_forms
from failwell.console._gate import add_gate
from failwell.console._groups import add_groups
from failwell.console._health import add_health
from failwell.console._lists import add_lists
from failwell.console._openapi import document_endpoint
from failwell.console._routes import Routes
from failwell.console._theme import STATIC
from failwell.console._visitors import Visitors
from failwell.exceptions import AppError, NotFoundError
from failwell.fleet import Fleet
from failwell.spool import MemorySpool, SpoolDirectory
from failwell.store import Store

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex, nofollow",
}
_PAGES = (
    add_lists,
    add_forms,
    add_groups,
    add_health,
    add_circuits,
    add_alerts,
    add_audit,
)
_ASSET_AGE_S = 365 * 86400
_CHANGING = ("POST", "PUT", "PATCH", "DELETE")
_METHODS = ("GET", "HEAD", "OPTIONS", *_CHANGING)
_ANYTHING = "/<path:anything>"


def create_console(  # noqa: PLR0913 - three by name, each with a default
    settings: Settings,
    store: Callable[[], Store],
    settle: Callable[[], bool],
    fleet: Callable[[], Fleet],
    *,
    source: Callable[[], SpoolDirectory | MemorySpool] = MemorySpool,
    callbacks: Callbacks | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Blueprint:
    """Return the console, to be registered on the application as it is.

    It is served at `settings.console_prefix` and open to those alone who know a key,
    follow a link of `signin_link`, are named by a proxy that the settings trust, or whom
    the application lets in. Reading takes place in the store, after `settle`; a store
    that is away is a page with status 503.

    Args:
        settings: Those of the application.
        store: Returns where the errors are; asked at each request, for an application
            decides only at its first use where it records to.
        settle: Waits, within bounds, until what is spooled is in the store, and
            returns whether it is.
        fleet: Returns the circuit breakers of all processes.
        source: Returns where records wait to be shipped; without it, none do.
        callbacks: What the application lets be asked: who of its users may enter.
        clock: Decides what is now and what has expired.

    Raises:
        ValueError: No console key is set: there is no console without one.
    """
    if settings.console_key is None:
        message = "a console needs a key: set FAILWELL_CONSOLE_KEY"
        raise ValueError(message)
    asked = callbacks or Callbacks()
    access, attempts = Access(keys_of(settings), clock), Attempts(clock)
    desk = Desk(
        settings=settings,
        open_store=store,
        settle=settle,
        open_fleet=fleet,
        open_source=source,
        clock=clock,
        access=access,
        attempts=attempts,
        visitors=Visitors(settings, access, attempts, lambda: asked.visitor),
    )
    blueprint = Blueprint(
        "failwell_console",
        __name__,
        url_prefix=settings.console_prefix,
        static_folder=STATIC,
        static_url_path="/static",
    )
    routes = Routes(blueprint, desk)
    add_gate(blueprint, routes, desk)
    for add in _PAGES:
        add(routes, desk)
    endpoints = [
        *api_endpoints(desk),
        *export_endpoints(desk),
        *alert_endpoints(desk),
    ]
    endpoints.append(document_endpoint(endpoints))
    add_endpoints(routes, desk, endpoints)
    _close(blueprint, routes, desk)
    return blueprint


def _close(blueprint: Blueprint, routes: Routes, desk: Desk) -> None:
    """Answer whatever no other route does, and send every answer with its headers."""

    def unknown(anything: str = "") -> Response:
        return desk.refuse(NotFoundError("Page", anything))

    def refused(error: HTTPException) -> Response:
        status = error.code or 500
        response = desk.refuse(AppError(error.name, status_code_name(status), status))
        # Such as Retry-After, when the application limits the rate of requests.
        response.headers.extend(
            (name, value)
            for name, value in error.get_headers()
            if name.lower() != "content-type"
        )
        return response

    # Known addresses with a wrong method end here too: outside of a view, Flask
    # would answer them without gate and headers.
    for rule, methods in (("", _CHANGING), ("/", _CHANGING), (_ANYTHING, _METHODS)):
        routes.add(rule, "unknown", unknown, methods=methods)
    # Not from 500 on: a fault of the console is the application's to answer and record.
    for status in default_exceptions:
        if status < HTTPStatus.INTERNAL_SERVER_ERROR:
            blueprint.register_error_handler(status, refused)
    blueprint.after_request(_add_headers)


def _add_headers(response: Response) -> Response:
    response.headers.update(_HEADERS)
    is_asset = (request.endpoint or "").endswith(".static")
    if is_asset and response.status_code < HTTPStatus.BAD_REQUEST:
        # The address carries a digest of the content.
        response.headers["Cache-Control"] = f"public, max-age={_ASSET_AGE_S}, immutable"
    else:
        response.headers["Cache-Control"] = "no-store"
    return response
