"""What every view of the console works with: the store, the time, the way to answer."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Response, request, url_for
from jinja2 import Environment

from failwell._clock import Clock
from failwell._settings import Settings
from failwell.console._access import Access, Ticket
from failwell.console._theme import make_theme
from failwell.exceptions import AppError
from failwell.fleet import Fleet
from failwell.store import Store

SESSION_COOKIE = "failwell_console"

_GROUP_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_ERROR_ID = re.compile(r"(?<![0-9a-f])[0-9a-f]{16}-[0-9a-f]{16}(?![0-9a-f])", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """The console's own surroundings, made once per application."""

    settings: Settings
    open_store: Callable[[], Store]
    settle: Callable[[], bool]
    """Wait, within bounds, until what is spooled is in the store; whether it is."""
    open_fleet: Callable[[], Fleet]
    clock: Clock
    access: Access
    theme: Environment = field(default_factory=make_theme)

    @property
    def store(self) -> Store:
        """Where the errors are."""
        return self.open_store()

    @property
    def fleet(self) -> Fleet:
        """The circuit breakers of all processes."""
        return self.open_fleet()

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def wants_json(self) -> bool:
        """Return whether the request asks under `…/api/`: there every answer is JSON."""
        return request.path.startswith(f"{self.settings.console_prefix}/api/")

    def session(self) -> Ticket | None:
        """Return the session of the request, or None."""
        return self.access.read_session(request.cookies.get(SESSION_COOKIE, ""))

    def page(self, template: str, status: int = 200, /, **facts: Any) -> Response:  # noqa: ANN401 - what a template prints
        """Return a page."""
        session = self.session()
        html = self.theme.get_template(template).render(
            settings=self.settings,
            now=self.now(),
            form_token=session and self.access.form_token(session),
            url_for=url_for,
            **facts,
        )
        return Response(html, status, mimetype="text/html")

    def json(self, body: object, status: int = 200) -> Response:
        """Return JSON; structs, dataclasses and times included."""
        content = msgspec.json.encode(body)
        return Response(content, status, mimetype="application/json")

    def refuse(self, error: AppError) -> Response:
        """Return an error as JSON, in the envelope of all the other answers."""
        response = self.json(error.to_dict(), error.status_code)
        response.headers.extend(error.headers)
        return response


def read_group_id(text: str) -> int | None:
    """Return the number that a group's address ends with, or None.

    A route's own converter takes numbers too large for the database, and when told a
    limit answers beyond it outside of the console, without gate and headers.
    """
    return int(text) if _GROUP_ID.fullmatch(text) else None


def find_error_id(text: str) -> str | None:
    """Return the first error id in a text, such as a pasted answer, or None."""
    found = _ERROR_ID.search(text)
    return found[0] if found else None
