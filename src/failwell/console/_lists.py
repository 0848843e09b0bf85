"""The list of groups: a page that can be kept, and the part of it that changes."""

from typing import Any

from flask import Response, redirect, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from failwell.console._actions import DONE
from failwell.console._charts import last_day
from failwell.console._desk import Desk, find_error_id
from failwell.console._routes import Routes
from failwell.console._search import PAGE, USUAL, read_search
from failwell.store import Page


def add_lists(routes: Routes, desk: Desk) -> None:
    """Add the routes of the list."""
    lists = _Lists(desk)
    routes.add("", "root", lists.root)
    routes.add("/", "groups", lists.groups)
    routes.add("/updates", "updates", lists.updates)


class _Lists:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def root(self) -> AnyResponse:
        """Lead to the list."""
        return redirect(url_for(".groups"), 303)

    def groups(self) -> AnyResponse:
        """Show a page of the list; an error's id leads to that error instead."""
        error_id = find_error_id(request.args.get("q", "").lower())
        if error_id is not None:
            return redirect(url_for(".error", error_id=error_id), 303)
        settled = self._desk.settle()
        # Read first: what comes between the two is then shown twice, and never missed.
        etag = self._desk.store.version()
        facts = self._facts()
        done = DONE.get(request.args.get("done", ""))
        return self._desk.page(
            "groups.html",
            400 if facts["search"].problem else 200,
            settled=settled,
            etag=etag,
            done=done and done.said(request.args.get("n", "")),
            **facts,
        )

    def updates(self) -> Response:
        """Show what changes of a page, or answer 304 where nothing has since."""
        # Not settled before: that would be work at each look, and the shipper goes on.
        etag = self._desk.store.version()
        if request.if_none_match.contains_weak(etag):
            response = Response(status=304)
        else:
            response = self._desk.page("_live.html", **self._facts())
        response.set_etag(etag, weak=True)
        return response

    def _facts(self) -> dict[str, Any]:
        now = self._desk.now()
        search = read_search(request.args, now=now, usual=USUAL, limit=PAGE)
        store, day = self._desk.store, last_day(now)
        return {
            "search": search,
            "groups": store.groups(search.query) if search.query else Page(()),
            "hourly": [count for _, count in store.series(*day).points],
            "losses": store.losses(within=day),
        }
