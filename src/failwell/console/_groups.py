"""A group: one of its errors, its counts over time, and what was done to it."""

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from failwell.console._actions import DONE
from failwell.console._charts import BarChart, last_month, lay_out
from failwell.console._desk import Desk, find_error_id, read_group_id
from failwell.console._errors import Found, find_error, write_error
from failwell.console._routes import Routes
from failwell.exceptions import NotFoundError
from failwell.store import GroupPage

_EVENTS, _HISTORY = 10, 30
_CHART_HEIGHT = 40


def add_groups(routes: Routes, desk: Desk) -> None:
    """Add the routes of a group, and the way from an error's id."""
    groups = _Groups(desk)
    routes.add("/groups/<group_id>", "group", groups.group)
    routes.add("/groups/<group_id>/events/<error_id>", "event", groups.group)
    routes.add("/errors", "jump", groups.jump)
    routes.add("/errors/<error_id>", "error", groups.error)
    routes.add("/errors/<error_id>/<form>", "event_text", groups.text)


class _Groups:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def group(self, group_id: str, error_id: str | None = None) -> Response:
        """Show a group with one of its events, the newest when none is named."""
        settled = self._desk.settle()
        page, event = self._look_up(group_id, error_id)
        if str(page.group.id) != group_id:
            # It was merged into another group.
            present = page.group.id
            if error_id is None:
                return redirect(url_for(".group", group_id=present), 303)
            here = url_for(".event", group_id=present, error_id=error_id)
            return redirect(here, 303)
        newest = page.events[0] if page.events else None
        shown = event or newest
        store, id_ = self._desk.store, page.group.id
        done = DONE.get(request.args.get("done", ""))
        return self._desk.page(
            "group.html",
            settled=settled,
            page=page,
            group=page.group,
            event=shown,
            newest=newest,
            neighbours=store.neighbours(id_, shown.id) if shown else (None, None),
            sampled_out=error_id if event is None else None,
            month=self._month(page),
            history=store.history(id_, limit=_HISTORY),
            done=done and done.said(request.args.get("n", "")),
        )

    def jump(self) -> Response:
        """Lead from what a client quoted to its error."""
        error_id = find_error_id(request.args.get("id", "").lower())
        if error_id is None:
            raise NotFoundError("Error", request.args.get("id", ""))
        return redirect(url_for(".error", error_id=error_id), 303)

    def error(self, error_id: str) -> Response:
        """Lead from an id to the page of its group that shows it."""
        self._desk.settle()
        group_id = self._find(error_id)[0].group.id
        return redirect(url_for(".event", group_id=group_id, error_id=error_id), 303)

    def text(self, error_id: str, form: str) -> Response:
        """Show an error as text to be copied: as Markdown, or as a test."""
        self._desk.settle()
        text = write_error(self._find(error_id), error_id, form)
        return Response(text, mimetype="text/plain")

    def _month(self, page: GroupPage) -> BarChart:
        begin, end = last_month(self._desk.now())
        series = self._desk.store.series(begin, end, "day", group_id=page.group.id)
        releases = [
            (seen.first_seen, seen.value) for seen in page.releases if seen.first_seen
        ]
        return lay_out(series.points, _CHART_HEIGHT, releases)

    def _look_up(self, group_id: str, error_id: str | None) -> Found:
        number = read_group_id(group_id)
        page = self._desk.store.group(number, events=_EVENTS)
        if page is None:
            raise NotFoundError("Group", group_id)
        if error_id is None:
            return page, None
        found = self._find(error_id)
        if found[0].group.id != page.group.id:
            raise NotFoundError("Error", error_id)
        return page, found[1]

    def _find(self, error_id: str) -> Found:
        return find_error(self._desk, error_id, events=1)
