"""Who did what: the log of all changes and of all who came to the door."""

from flask import Response, request

from failwell.console._desk import Desk
from failwell.console._roles import Role
from failwell.console._routes import Routes
from failwell.exceptions import ValidationError
from failwell.store import HistoryEntry, Page

_ENTRIES = 50


def add_audit(routes: Routes, desk: Desk) -> None:
    """Add the page."""

    def audit() -> Response:
        history = read_audit(desk, request.args.get("after"), _ENTRIES)
        return desk.page("audit.html", history=history)

    routes.add("/audit", "audit", audit, role=Role.ADMIN)


def read_audit(desk: Desk, after: str | None, limit: int) -> Page[HistoryEntry]:
    """Return a page of the log, the newest entry first.

    Raises:
        StoreError: It cannot be read.
        ValidationError: `after` is none of its pages.
    """
    try:
        return desk.store.audit(limit=limit, after=after or None)
    except ValueError as error:
        raise ValidationError(str(error)) from error
