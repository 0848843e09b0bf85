"""What the pages show and do, as JSON, for programs that bear a key.

Owns the endpoints. Each says what it takes and returns, so that the document of the
whole is made from the same words that the requests are read by.
"""

from collections.abc import Callable
from typing import Any

from flask import request

from failwell.console._actions import ACTIONS, Action, read_body, run_action
from failwell.console._answers import (
    Changed,
    Count,
    Counts,
    EntryList,
    EventList,
    FoundError,
    GroupList,
    Me,
    Stats,
    Text,
)
from failwell.console._audit import read_audit
from failwell.console._charts import last_day, last_month
from failwell.console._desk import Desk, read_group_id
from failwell.console._endpoints import (
    AFTER,
    ERROR_ID,
    FORM,
    GROUP_ID,
    LIMIT,
    MOST,
    SEARCH,
    SORT,
    Endpoint,
)
from failwell.console._errors import find_error, write_error
from failwell.console._health import Health, read_health
from failwell.console._roles import Role
from failwell.console._search import read_search
from failwell.exceptions import NotFoundError, ValidationError
from failwell.fleet import Overview
from failwell.store import GroupPage

_USUAL_LIMIT = 100


def api_endpoints(desk: Desk) -> list[Endpoint]:
    """Return the endpoints that read and those that change."""
    api = _Api(desk)
    changing = [_changing(desk, action) for action in ACTIONS]
    return [*_of_groups(api), *_of_the_whole(api), *changing]


def _of_groups(api: "_Api") -> list[Endpoint]:
    group, one = "/groups/<group_id>", (GROUP_ID,)
    error, words = "/errors/<error_id>", "/errors/<error_id>/<form>"
    listed, part = (SEARCH, SORT, AFTER, LIMIT), (GROUP_ID, AFTER, LIMIT)
    return [
        Endpoint("api_groups", "/groups", api.groups, GroupList, listed),
        Endpoint("api_group", group, api.group, GroupPage, one),
        Endpoint("api_events", f"{group}/events", api.events, EventList, part),
        Endpoint("api_history", f"{group}/history", api.history, EntryList, one),
        Endpoint("api_counts", f"{group}/counts", api.counts, Counts, one),
        Endpoint("api_error", error, api.error, FoundError, (ERROR_ID,)),
        Endpoint("api_text", words, api.text, Text, (ERROR_ID, FORM)),
    ]


def _of_the_whole(api: "_Api") -> list[Endpoint]:
    log = Endpoint("api_audit", "/audit", api.audit, EntryList, (AFTER, LIMIT))
    return [
        Endpoint("api_stats", "/stats", api.stats, Stats),
        Endpoint("api_health", "/health", api.health, Health),
        Endpoint("api_circuits", "/circuits", api.circuits, Overview, settles=False),
        Endpoint("api_me", "/me", api.me, Me, settles=False),
        log._replace(role=Role.ADMIN),
    ]


def _changing(desk: Desk, action: Action) -> Endpoint:
    def change() -> Changed:
        given = read_body(action, request.get_data())
        name = desk.present().name
        return Changed(changed=run_action(action, desk.store, given, name, desk.now()))

    change.__doc__ = f"{action.summary}."
    return Endpoint(
        f"api_{action.name}",
        f"/groups/{action.name}",
        change,
        Changed,
        takes=action.takes,
        role=action.role,
        settles=False,
    )


class _Api:
    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def groups(self) -> GroupList:
        """Return a page of the groups that a search finds."""
        now = self._desk.now()
        search = read_search(request.args, now=now, usual="", limit=_limit())
        if search.query is None:
            raise ValidationError(search.problem)
        page = self._desk.store.groups(search.query)
        answers = self._desk.store.answers()
        return GroupList(groups=page.items, next=page.next, answers=answers)

    def group(self, group_id: str) -> GroupPage:
        """Return a group with its newest errors."""
        page = self._desk.store.group(read_group_id(group_id))
        if page is None:
            raise NotFoundError("Group", group_id)
        return page

    def events(self, group_id: str) -> EventList:
        """Return a page of the errors of a group that were kept in full."""
        self.group(group_id)
        page = _checked(
            lambda: self._desk.store.events(
                read_group_id(group_id), _limit(), request.args.get("after")
            )
        )
        return EventList(events=page.items, next=page.next)

    def history(self, group_id: str) -> EntryList:
        """Return what was done to a group, and the comments on it."""
        page = self.group(group_id)
        return EntryList(entries=tuple(self._desk.store.history(page.group.id)))

    def counts(self, group_id: str) -> Counts:
        """Return the errors of a group by the day, of the last 30."""
        page, month = self.group(group_id), last_month(self._desk.now())
        series = self._desk.store.series(*month, "day", group_id=page.group.id)
        return Counts(counts=[Count(begin=at, count=n) for at, n in series.points])

    def error(self, error_id: str) -> FoundError:
        """Return an error and its group."""
        page, event = find_error(self._desk, error_id, events=1)
        return FoundError(group=page.group, event=event)

    def text(self, error_id: str, form: str) -> Text:
        """Return an error as text to be copied: as Markdown, or as a test."""
        found = find_error(self._desk, error_id, events=1)
        return Text(text=write_error(found, error_id, form))

    def stats(self) -> Stats:
        """Return the counts of the last 24 hours."""
        store, day = self._desk.store, last_day(self._desk.now())
        stats = store.stats(*day)
        return Stats(
            begin=day[0],
            end=day[1],
            total_errors=stats.total_errors,
            error_types=stats.error_types,
            codes=stats.codes,
            losses=store.losses(within=day),
            hourly=[Count(begin=at, count=n) for at, n in store.series(*day).points],
        )

    def health(self) -> Health:
        """Return how the application and the pipeline of its errors are."""
        return read_health(self._desk)

    def circuits(self) -> Overview:
        """Return the circuit breakers of all processes."""
        return self._desk.fleet.overview(with_own=True)

    def me(self) -> Me:
        """Return who makes the request, and in which role."""
        visitor = self._desk.present()
        return Me(name=visitor.name, role=visitor.role.word)

    def audit(self) -> EntryList:
        """Return a page of what was done by whom, to whichever group or to none."""
        page = read_audit(self._desk, request.args.get("after"), _limit())
        return EntryList(entries=page.items, next=page.next)


def _limit() -> int:
    text = request.args.get("limit", str(_USUAL_LIMIT))
    if not text.isascii() or not text.isdigit() or not 1 <= int(text[:9]) <= MOST:
        message = f"limit is {text[:20]!r}; allowed: 1 to {MOST}"
        raise ValidationError(message)
    return int(text)


def _checked(ask: Callable[[], Any]) -> Any:  # noqa: ANN401 - what is asked
    """Return the answer; what the store cannot be asked is the client's mistake."""
    try:
        return ask()
    except ValueError as error:
        raise ValidationError(str(error)) from error
