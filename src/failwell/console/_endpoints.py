"""An endpoint of the JSON answers: what it takes, what it returns, and who may ask.

Owns how one becomes a route; `_openapi` makes the document of the same facts.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, NamedTuple

from flask import Response

from failwell.console._desk import Desk
from failwell.console._roles import Role
from failwell.console._routes import Routes, View

API = "/api"
MOST = 1000


class Parameter(NamedTuple):
    """A part of the address."""

    name: str
    meaning: str
    schema: dict[str, Any]
    place: str = "query"


SEARCH = Parameter("q", "What is searched, as in the console.", {"type": "string"})
SORT = Parameter(
    "sort",
    "What comes first has most of it.",
    {"type": "string", "enum": ["last_seen", "first_seen", "count", "trend"]},
)
AFTER = Parameter("after", "`next` of the page before.", {"type": "string"})
LIMIT = Parameter(
    "limit",
    "How many at most.",
    {"type": "integer", "minimum": 1, "maximum": MOST, "default": 100},
)
GROUP_ID = Parameter("group_id", "Of a group.", {"type": "string"}, "path")
ERROR_ID = Parameter(
    "error_id", "As a client was given it.", {"type": "string"}, "path"
)
FORM = Parameter(
    "form", "In which form.", {"type": "string", "enum": ["markdown", "test"]}, "path"
)


class Endpoint(NamedTuple):
    """A method at an address below `/api`."""

    name: str
    """The endpoint's name for Flask."""
    rule: str
    view: Callable[..., object]
    """Returns what is sent as JSON; or the response itself, for other kinds."""
    returns: Any
    """The type of it; for other kinds, the kinds."""
    parameters: tuple[Parameter, ...] = ()
    takes: type[Any] | None = None
    """The type of the body; with one, the method is POST."""
    role: Role = Role.VIEWER
    settles: bool = True
    """Whether what is spooled has to be in the store first."""

    @property
    def method(self) -> str:
        """The HTTP method."""
        return "GET" if self.takes is None else "POST"


def add_endpoints(routes: Routes, desk: Desk, endpoints: list[Endpoint]) -> None:
    """Add a route for each."""
    for endpoint in endpoints:
        routes.add(
            f"{API}{endpoint.rule}",
            endpoint.name,
            _answering(desk, endpoint),
            role=endpoint.role,
            methods=[endpoint.method],
        )


def _answering(desk: Desk, endpoint: Endpoint) -> View:
    @wraps(endpoint.view)
    def answer(**arguments: Any) -> Response:  # noqa: ANN401 - what the route says
        if endpoint.settles:
            desk.settle()
        body = endpoint.view(**arguments)
        return body if isinstance(body, Response) else desk.json(body)

    return answer
