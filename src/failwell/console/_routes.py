"""The routes of the console, each with the least role that it is open to."""

from collections.abc import Callable, Iterator, Sequence
from functools import wraps
from typing import Any, NamedTuple

from flask import Blueprint
from werkzeug.wrappers import Response

from failwell.console._desk import Desk
from failwell.console._roles import Role
from failwell.exceptions import AppError
from failwell.store import StoreError

View = Callable[..., Response]


class Route(NamedTuple):
    """One address, or a pattern of them."""

    rule: str
    name: str
    role: Role | None
    """None is for whoever has not signed in."""
    methods: Sequence[str]


class Routes:
    """Add routes to a blueprint, and remember who may use them.

    Args:
        blueprint: Where they go.
        desk: Answers what a view refuses.
    """

    def __init__(self, blueprint: Blueprint, desk: Desk) -> None:
        self._blueprint = blueprint
        self._desk = desk
        self._roles: dict[str, Role | None] = {"static": None}
        self._views: dict[str, View] = {}
        self._routes: list[Route] = []

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def add(
        self,
        rule: str,
        name: str,
        view: View,
        *,
        role: Role | None = Role.VIEWER,
        methods: Sequence[str] = ("GET",),
    ) -> None:
        """Add one; what its view refuses or cannot read becomes an answer.

        A view may have several addresses under one name.
        """
        self._roles[name] = role
        self._routes.append(Route(rule, name, role, methods))
        answering = self._views.setdefault(name, _answering(self._desk, view))
        self._blueprint.add_url_rule(rule, name, answering, methods=methods)

    def role(self, name: str) -> Role | None:
        """Return the least role for a route; for one that nobody added, the highest."""
        return self._roles.get(name, Role.ADMIN)


def _answering(desk: Desk, view: View) -> View:
    @wraps(view)
    def answer(**arguments: Any) -> Response:  # noqa: ANN401 - what the route says
        try:
            return view(**arguments)
        except StoreError as error:
            return desk.store_away(error)
        except AppError as error:
            return desk.refuse(error)

    return answer
