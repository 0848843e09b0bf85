"""The routes of demo mode: for clients on this machine, and nobody else."""

import ipaddress
from datetime import timedelta

from flask import Blueprint, Response, jsonify, request
from werkzeug.exceptions import NotFound

from failwell import NotFoundError
from meetings._clock import utc_now
from meetings._gateway import Calendar, CalendarNews
from meetings.accounts import Caller
from meetings.mishaps._bugs import BUGS
from meetings.web import Endpoint, nothing, services

demo = Blueprint("demo", __name__, url_prefix="/demo")

# Nothing listens on the discard port: every call is refused at once.
_away = Calendar("http://127.0.0.1:9/", name="demo-calendar")


@demo.before_request
def only_here() -> None:
    """Hide the routes from other machines, and from those behind a proxy."""
    forwarded = any(
        name in request.headers for name in ("Forwarded", "X-Forwarded-For", "Via")
    )
    if forwarded or not _is_loopback(request.remote_addr):
        raise NotFound


def _is_loopback(address: str | None) -> bool:
    try:
        return ipaddress.ip_address(address or "").is_loopback
    except ValueError:
        return False


@demo.get("/crash/<kind>")
@Endpoint(summary="Crash in one of several ways", answers={200: None}, signed_in=False)
def crash(kind: str) -> Response:
    """Run into a bug."""
    if kind not in BUGS:
        raise NotFoundError("Crash", kind)
    return jsonify(result=str(BUGS[kind]()))


@demo.post("/outage")
@Endpoint(
    summary="Call an outside service that is away",
    answers={204: None},
    errors=("CIRCUIT_OPEN",),
    signed_in=False,
)
def outage() -> Response:
    """Answer 503; after three failures without trying."""
    _away.send(CalendarNews.CHANGED, {"id": 0})
    return nothing()


@demo.post("/expired-token")
@Endpoint(summary="Get a token that has expired already", answers={200: None})
def expired_token(caller: Caller) -> Response:
    """Answer with a token of the caller that ended yesterday."""
    pair = services().tokens.issue(caller.id, utc_now() - timedelta(days=1))
    return jsonify(access_token=pair.access_token)
