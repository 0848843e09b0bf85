"""The circuit breakers of all processes, on a page and as JSON."""

import gc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient

from failwell._settings import Settings
from failwell.console import create_console
from failwell.fleet import CircuitReport, Fleet, ProcessReport, StoreBoard
from failwell.resilience import (
    Bulkhead,
    CircuitBreaker,
    CircuitOverride,
    CircuitState,
    Policy,
    RetryBudget,
)
from failwell.store import CircuitOrder, Store
from failwell.testing import ManualClock

PREFIX = "/errors-of/shop"
KEY = "the console's key, only for tests"
BEARER = {"Authorization": f"Bearer {KEY}"}
Tell = Callable[..., None]


@pytest.fixture(autouse=True)
def no_garbage() -> None:
    """Let go what other tests have left."""
    gc.collect()


@pytest.fixture
def now(clock: ManualClock) -> datetime:
    """Noon."""
    return datetime.fromtimestamp(clock.now(), UTC)


@pytest.fixture
def tell(board: StoreBoard, now: datetime) -> Tell:
    """Return a function by which another process tells of the circuit `told-mail`."""

    def tell(process: str, state: str, *, override: str | None = None) -> None:
        circuit = CircuitReport(
            name="told-mail",
            state=CircuitState(state),
            since=now - timedelta(minutes=3),
            retry_at=None if state == "closed" else now + timedelta(seconds=42),
            override=None if override is None else CircuitOverride(override),
            calls=0,
            failures=5,
            slow=0,
            rejected=1203,
            opened=2,
        )
        seen = now - timedelta(seconds=12)
        board.report(ProcessReport(process=process, at=seen, circuits=(circuit,)))

    return tell


def test_the_page_says_what_is_open_and_until_when(
    admin: FlaskClient, tell: Tell
) -> None:
    """State, since when, the next call, the counters, and who has told when."""
    tell("desk:1", "open")
    tell("desk:2", "closed")

    page = admin.get(f"{PREFIX}/circuits").text

    assert "not closed" in page
    assert "told-mail" in page
    assert "3 min ago" in page
    assert "in 42 s" in page
    assert "2,406" in page
    assert "desk:2" in page
    assert "12 s ago" in page


def test_the_page_says_who_ordered_what_and_who_has_not_obeyed_yet(
    admin: FlaskClient, board: StoreBoard, tell: Tell, now: datetime
) -> None:
    """Overrides are everyone's; a process that has not read one yet is counted."""
    tell("desk:1", "open", override="open")
    tell("desk:2", "closed")
    at = now - timedelta(minutes=5)
    board.order(
        CircuitOrder(name="told-mail", override="open", set_by="ada@desk", set_at=at)
    )
    board.order(
        CircuitOrder(name="told-old", override="closed", set_by="<b>", set_at=at)
    )

    page = admin.get(f"{PREFIX}/circuits").text

    assert "Held open by ada@desk" in page
    assert "5 min ago" in page
    assert "so far in 1 of 2" in page
    assert "told-old" in page
    assert "in no process" in page
    assert "by &lt;b&gt;" in page


def test_the_process_that_answers_is_shown_with_all_that_it_has(
    admin: FlaskClient, clock: ManualClock
) -> None:
    """Its circuits, policies, bulkheads and budgets, as they are now."""
    breaker = CircuitBreaker(name="told-own", clock=clock)
    breaker.force_open()
    bulkhead = Bulkhead(7, name="told-own")
    budget = RetryBudget(name="told-own", tokens=5)
    policy = Policy("told-own", breaker=breaker, bulkhead=bulkhead, deadline=3)

    page = admin.get(f"{PREFIX}/circuits").text

    assert "when it is reset" in page
    assert "0 of 7" in page
    assert f"{budget.tokens:g} of 5" in page
    assert ", ".join(policy.strategies) in page


def test_json_has_what_each_process_told(
    client: FlaskClient, board: StoreBoard, tell: Tell, now: datetime
) -> None:
    """For programs that bear the key; refused to all others."""
    tell("desk:1", "half_open")
    order = CircuitOrder(name="told-mail", override=None, set_by="ada", set_at=now)
    board.order(order)

    refused = client.get(f"{PREFIX}/api/circuits")
    body = client.get(f"{PREFIX}/api/circuits", headers=BEARER).get_json()

    told = {process["process"]: process for process in body["processes"]}
    assert refused.status_code == 401
    assert body["away"] is None
    assert body["answered_by"] in told
    assert told["desk:1"]["at"] == "2027-01-15T11:59:48Z"
    assert told["desk:1"]["circuits"][0]["state"] == "half_open"
    assert told["desk:1"]["circuits"][0]["retry_at"] == "2027-01-15T12:00:42Z"
    assert body["orders"][0]["set_by"] == "ada"


def test_a_store_that_is_away_leaves_the_process_that_answers(
    settings: Settings, clock: ManualClock
) -> None:
    """At night, with the database down, its own circuits are what somebody looks for."""
    breaker = CircuitBreaker(name="told-own", clock=clock)
    away = Store("sqlite:////dev/null/store.db", clock=clock)
    board = StoreBoard(away, ("shop", "production"), clock)  # type: ignore[arg-type] # alike
    fleet = Fleet(board, interval_s=2, clock=clock)
    app = Flask("shop")
    app.register_blueprint(
        create_console(settings, lambda: away, lambda: True, lambda: fleet, clock=clock)
    )
    client = app.test_client()
    client.post(f"{PREFIX}/signin", data={"key": KEY})

    page = client.get(f"{PREFIX}/circuits")

    assert page.status_code == 200
    assert breaker.name in page.text
    assert "Only this process is shown" in page.text
    assert "/dev/null/store.db" in page.text


@pytest.mark.parametrize("path", ["/circuits", "/"])
def test_pages_lead_to_one_another(admin: FlaskClient, path: str) -> None:
    """And say which of them this is."""
    page = admin.get(PREFIX + path).text

    assert f'href="{PREFIX}/circuits"' in page
    assert f'href="{PREFIX}/"' in page
    assert page.count('aria-current="page"') == 1
