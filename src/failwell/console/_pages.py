"""The pages: the list of groups, a group with an event, and the way from an id."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from failwell.console._charts import last_day
from failwell.console._desk import Desk, find_error_id, read_group_id
from failwell.records import ErrorRecord
from failwell.store import GroupPage, GroupQuery, StoreError

_GROUPS, _ANSWERS, _EVENTS = 100, 50, 20
_Shown = tuple[GroupPage, ErrorRecord | None]


def add_pages(blueprint: Blueprint, desk: Desk) -> None:
    """Add the routes of the pages to the blueprint."""
    pages = _Pages(desk)
    add = blueprint.add_url_rule
    add("", "root", pages.root)
    add("/", "groups", pages.groups)
    add("/groups/<group_id>", "group", pages.group)
    add("/groups/<group_id>/events/<error_id>", "event", pages.group)
    add("/errors", "jump", pages.jump)
    add("/errors/<error_id>", "error", pages.error)


class _Pages:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._store = desk.store

    def root(self) -> Response:
        """Lead to the list."""
        return redirect(url_for(".groups"), 303)

    def groups(self) -> Response:
        """Show all groups, the latest first."""
        day = last_day(self._desk.now())
        try:
            return self._desk.page(
                "groups.html",
                settled=self._desk.settle(),
                hourly=[count for _, count in self._store.series(*day).points],
                groups=self._store.groups(GroupQuery(limit=_GROUPS)),
                answers=self._store.answers(limit=_ANSWERS),
                losses=self._store.losses(within=day),
                limit=_GROUPS,
            )
        except StoreError as error:
            return self._store_away(error)

    def group(self, group_id: str, error_id: str | None = None) -> Response:
        """Show a group with one of its events, the newest when none is named."""
        try:
            settled = self._desk.settle()
            shown = self._look_up(group_id, error_id)
        except StoreError as error:
            return self._store_away(error)
        if shown is None:
            return self._not_found()
        page, event = shown
        if str(page.group.id) != group_id:
            # It was merged into another group.
            present = page.group.id
            if error_id is None:
                return redirect(url_for(".group", group_id=present), 303)
            here = url_for(".event", group_id=present, error_id=error_id)
            return redirect(here, 303)
        newest = page.events[0] if page.events else None
        return self._desk.page(
            "group.html",
            settled=settled,
            page=page,
            group=page.group,
            event=event or newest,
            newest=newest,
            sampled_out=error_id if event is None else None,
        )

    def jump(self) -> Response:
        """Lead from what a client quoted to its error."""
        error_id = find_error_id(request.args.get("id", "").lower())
        if error_id is None:
            return self._not_found()
        return redirect(url_for(".error", error_id=error_id), 303)

    def error(self, error_id: str) -> Response:
        """Lead from an id to the page of its group that shows it."""
        try:
            self._desk.settle()
            found = self._find(error_id)
        except StoreError as error:
            return self._store_away(error)
        if found is None:
            return self._not_found()
        group_id = found[0].group.id
        return redirect(url_for(".event", group_id=group_id, error_id=error_id), 303)

    def _look_up(self, group_id: str, error_id: str | None) -> _Shown | None:
        number = read_group_id(group_id)
        if number is None:
            return None
        page = self._store.group(number, events=_EVENTS)
        if page is None or error_id is None:
            return None if page is None else (page, None)
        found = self._find(error_id)
        return found if found and found[0].group.id == page.group.id else None

    def _find(self, error_id: str) -> _Shown | None:
        return (
            self._store.find(error_id) if find_error_id(error_id) == error_id else None
        )

    def _store_away(self, error: StoreError) -> Response:
        return self._desk.page(
            "message.html", 503, about="store_away", what=error.describe()
        )

    def _not_found(self) -> Response:
        return self._desk.page("message.html", 404, about="not_found")
