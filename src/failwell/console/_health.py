"""How the application and failwell itself are: rates, refusals, circuits, the pipeline."""

from collections import Counter
from datetime import datetime

import msgspec
from flask import Response

from failwell.catalog import CATALOG
from failwell.console._charts import last_day
from failwell.console._desk import Desk
from failwell.console._routes import Routes
from failwell.fleet import CircuitView, Overview
from failwell.resilience import CircuitState
from failwell.spool import MemorySpool, measure
from failwell.store import AnswerCount, Deployment, LossCount

_ANSWERS = 100
_ROUTES, _MINUTES = 25, 60
_CLIENTS_FAULT = range(400, 500)


class Backlog(msgspec.Struct, frozen=True, kw_only=True):
    """What waits on this machine to be moved into the store."""

    units: int = 0
    """One for each process that writes or has written, until it is moved."""
    bytes: int = 0
    quota: int | None = None
    """How many bytes there may be; None where it is kept in memory."""
    settled: bool
    """Whether all of it is in the store already."""
    problem: str = ""
    """Why the spool cannot be read; empty where it can."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """The last 24 hours, the present one the last."""

    begin: datetime
    end: datetime
    errors: int
    codes: dict[str, int]
    """Of the errors, the most frequent first."""
    refused: list[AnswerCount]
    """What clients did wrong, by code and route, the most frequent first."""
    unavailable: list[AnswerCount]
    """What was answered from 500 on without being recorded: open circuits, and the like."""
    routes: dict[str, int]
    """Errors of the last hour by route, the most frequent first; one of an hour is
    counted where the kept errors of its kind came from."""
    backlog: Backlog
    set_aside: int
    """Frames of the last hour that the store could not take; it keeps them apart."""
    losses: list[LossCount]
    """Counted, not kept in full, by reason."""


def add_health(routes: Routes, desk: Desk) -> None:
    """Add the page."""

    def page() -> Response:
        health, overview = read_health(desk), desk.fleet.overview(with_own=True)
        hourly = desk.store.series(health.begin, health.end).points
        return desk.page(
            "health.html",
            health=health,
            hourly=[count for _, count in hourly],
            troubled=_troubled(overview),
            overview=overview,
            entries=list(CATALOG),
        )

    routes.add("/health", "health", page)


def read_health(desk: Desk) -> Health:
    """Return how it is.

    Raises:
        StoreError: The store cannot be read.
    """
    settled = desk.settle()
    store, day = desk.store, last_day(desk.now())
    stats = store.stats(*day)
    answers = store.answers(limit=_ANSWERS, within=day)
    whose = Deployment(desk.settings.application, desk.settings.environment)
    with store.alert_book(whose).looking() as rates:
        routes, set_aside = Counter(rates.routes((), _MINUTES)), rates.set_aside()
    return Health(
        begin=day[0],
        end=day[1],
        errors=stats.total_errors,
        codes=stats.codes,
        refused=[a for a in answers if a.status in _CLIENTS_FAULT],
        unavailable=[a for a in answers if a.status not in _CLIENTS_FAULT],
        routes=dict(routes.most_common(_ROUTES)),
        backlog=_backlog(desk, settled=settled),
        set_aside=set_aside,
        losses=store.losses(within=day),
    )


def _backlog(desk: Desk, *, settled: bool) -> Backlog:
    source, folder = desk.open_source(), desk.settings.spool_dir
    in_memory = isinstance(source, MemorySpool)
    quota = None if in_memory else desk.settings.spool_quota
    try:
        units = source.units()
        size = sum(u.size() for u in units) if in_memory else measure(folder).used
    except OSError as error:
        problem = error.strerror or str(error)
        return Backlog(settled=settled, quota=quota, problem=problem)
    return Backlog(units=len(units), bytes=size, quota=quota, settled=settled)


def _troubled(overview: Overview) -> list[CircuitView]:
    """Return the circuits that are held or not closed."""
    return [view for view in overview.circuits() if _is_troubled(view)]


def _is_troubled(view: CircuitView) -> bool:
    is_held = view.order is not None and view.order.override is not None
    return is_held or view.state not in {None, CircuitState.CLOSED}
