"""What the pages show, as JSON, for programs that bear the key."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Blueprint, Response

from failwell.console._charts import last_day
from failwell.console._desk import Desk, find_error_id, read_group_id
from failwell.exceptions import NotFoundError, ServiceUnavailableError
from failwell.store import StoreError


def add_api(blueprint: Blueprint, desk: Desk) -> None:
    """Add the routes of the JSON answers to the blueprint."""
    api = _Api(desk)
    for rule, name, view in (
        ("/api/groups", "api_groups", api.groups),
        ("/api/groups/<group_id>", "api_group", api.group),
        ("/api/errors/<error_id>", "api_error", api.error),
        ("/api/stats", "api_stats", api.stats),
    ):
        blueprint.add_url_rule(rule, name, _reading(desk, view))


def _reading(desk: Desk, view: Callable[..., object]) -> Callable[..., Response]:
    @wraps(view)
    def read(**arguments: Any) -> Response:  # noqa: ANN401 - what the route says
        try:
            desk.settle()
            return desk.json(view(**arguments))
        except NotFoundError as error:
            return desk.refuse(error)
        except StoreError:
            return desk.refuse(ServiceUnavailableError("The error store is away"))

    return read


class _Api:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def groups(self) -> object:
        """Return the groups, and the answers that were counted only."""
        groups = self._store.groups()
        return {
            "groups": groups.items,
            "next": groups.next,
            "answers": self._store.answers(),
        }

    def group(self, group_id: str) -> object:
        """Return a group with its newest events."""
        number = read_group_id(group_id)
        page = number and self._store.group(number)
        if not page:
            raise NotFoundError("Group", group_id)
        return page

    def error(self, error_id: str) -> object:
        """Return an event and its group; the event is null when sampled out."""
        known = find_error_id(error_id) == error_id
        found = self._store.find(error_id) if known else None
        if found is None:
            raise NotFoundError("Error", error_id)
        page, event = found
        return {"group": page.group, "event": event}

    def stats(self) -> object:
        """Return the counts of the last 24 hours, the present one the last."""
        begin, end = last_day(self._desk.now())
        stats = self._store.stats(begin, end)
        return {
            "begin": begin,
            "end": end,
            "total_errors": stats.total_errors,
            "error_types": stats.error_types,
            "losses": self._store.losses(within=(begin, end)),
            "hourly": [
                {"begin": hour, "count": count}
                for hour, count in self._store.series(begin, end).points
            ],
        }
