"""What every view of the console works with: the store, the time, the way to answer."""

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec
from flask import Response, request
from jinja2 import Environment

from failwell._clock import Clock
from failwell._settings import Settings
from failwell.alerts import Alerts
from failwell.console._access import Access
from failwell.console._attempts import Attempts
from failwell.console._roles import Role, Visitor
from failwell.console._theme import make_theme
from failwell.console._visitors import Visitors
from failwell.exceptions import (
    AppError,
    AuthenticationError,
    NotFoundError,
    ServiceUnavailableError,
)
from failwell.fleet import Fleet
from failwell.spool import MemorySpool, SpoolDirectory
from failwell.store import Store, StoreError

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
    open_source: Callable[[], SpoolDirectory | MemorySpool]
    clock: Clock
    access: Access
    attempts: Attempts
    visitors: Visitors
    theme: Environment = field(default_factory=make_theme)

    @property
    def store(self) -> Store:
        """Where the errors are."""
        return self.open_store()

    @property
    def fleet(self) -> Fleet:
        """The circuit breakers of all processes."""
        return self.open_fleet()

    @property
    def alerts(self) -> Alerts:
        """By which rules somebody is told."""
        return Alerts(self.store, self.settings, self.fleet, clock=self.clock)

    def now(self) -> datetime:
        """Return the present time, aware, in UTC."""
        return datetime.fromtimestamp(self.clock.now(), UTC)

    def wants_json(self) -> bool:
        """Return whether the request asks under `…/api/`: there every answer is JSON."""
        return request.path.startswith(f"{self.settings.console_prefix}/api/")

    def visitor(self) -> Visitor | None:
        """Return who makes the request, or None for nobody who may enter."""
        return self.visitors.present(as_program=self.wants_json())

    def present(self) -> Visitor:
        """Return who makes the request, which the gate has let pass.

        Raises:
            AuthenticationError: Nobody does.
        """
        visitor = self.visitor()
        if visitor is None:
            raise AuthenticationError
        return visitor

    def note(self, action: str, *, by: str | None = None, **details: str) -> None:
        """Write what is about no group into the audit log, where the store can be had."""
        with contextlib.suppress(StoreError):
            self.store.note(action, by=by or self.present().name, details=details)

    def page(self, template: str, status: int = 200, /, **facts: Any) -> Response:  # noqa: ANN401 - what a template prints
        """Return a page."""
        return Response(self.render(template, **facts), status, mimetype="text/html")

    def render(self, template: str, /, **facts: Any) -> str:  # noqa: ANN401 - as above
        """Return a template filled in, with what all of them know."""
        visitor = self.visitor()
        return self.theme.get_template(template).render(
            settings=self.settings,
            now=self.now(),
            visitor=visitor,
            form_token=visitor and self.access.form_token(visitor),
            may_change=visitor is not None and visitor.role >= Role.OPERATOR,
            may_delete=visitor is not None and visitor.role >= Role.ADMIN,
            **facts,
        )

    def json(self, body: object, status: int = 200) -> Response:
        """Return JSON; structs, dataclasses and times included."""
        content = msgspec.json.encode(body)
        return Response(content, status, mimetype="application/json")

    def refuse(self, error: AppError) -> Response:
        """Return an error: as JSON in the envelope of all other answers, or as a page."""
        if self.wants_json():
            response = self.json(error.to_dict(), error.status_code)
        elif isinstance(error, NotFoundError):
            response = self.page("message.html", error.status_code, about="not_found")
        else:
            response = self.page(
                "message.html", error.status_code, about="refused", what=error.message
            )
        response.headers.extend(error.headers)
        return response

    def store_away(self, error: StoreError) -> Response:
        """Return that nothing can be read; why, on a page alone, for it names the store."""
        if self.wants_json():
            return self.refuse(ServiceUnavailableError("The error store is away"))
        return self.page("message.html", 503, about="store_away", what=error.describe())


def read_group_id(text: str) -> int:
    """Return the number that a group's address ends with.

    A route's own converter takes numbers too large for the database, and when told a
    limit answers beyond it outside of the console, without gate and headers.

    Raises:
        NotFoundError: It is none.
    """
    if not _GROUP_ID.fullmatch(text):
        raise NotFoundError("Group", text)
    return int(text)


def find_error_id(text: str) -> str | None:
    """Return the first error id in a text, such as a pasted answer, or None."""
    found = _ERROR_ID.search(text)
    return found[0] if found else None
