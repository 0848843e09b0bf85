"""What a client gets of an open circuit, a full bulkhead, a deadline and a rate limit."""

import logging
import math
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from flask import Flask
from tests.responses.conftest import KeptAnswers
from werkzeug.test import TestResponse

from failwell.resilience import (
    Bulkhead,
    CircuitBreaker,
    Policy,
    check_deadline,
    deadline,
    rate_limit,
)
from failwell.responses import register_error_handlers
from failwell.testing import ManualClock

View = Callable[[], str]
Ask = Callable[[View], TestResponse]
PROBLEM = "application/problem+json"


def _fail() -> str:
    raise OSError("away")


def _answer() -> str:
    return "answer"


@pytest.fixture(params=["application/json", PROBLEM])
def form(request: pytest.FixtureRequest) -> str:
    """Each form of an answer in turn."""
    return str(request.param)


@pytest.fixture
def recorder() -> KeptAnswers:
    """What is recorded, and what is counted only."""
    return KeptAnswers()


@pytest.fixture
def ask(form: str, recorder: KeptAnswers) -> Ask:
    """Return a function that serves a view and asks for it."""

    def ask(view: View) -> TestResponse:
        app = Flask("shop")
        register_error_handlers(app, recorder)
        app.add_url_rule("/", "view", view)
        response = app.test_client().get("/", headers={"Accept": form})
        assert response.mimetype == form
        return response

    return ask


def _facts(response: TestResponse) -> dict[str, Any]:
    """Return code and details of either form."""
    body = response.get_json()
    if response.mimetype == PROBLEM:
        assert body["status"] == response.status_code
        return {"code": body["code"], **body}
    return {"code": body["error"]["code"], **body["error"]["details"]}


@pytest.fixture
def clock() -> ManualClock:
    """Stand still."""
    return ManualClock()


@pytest.fixture
def breaker(clock: ManualClock) -> CircuitBreaker:
    """A breaker that opens at the first failure, for a minute."""
    return CircuitBreaker(1, 60, 30, name="mail", clock=clock)


@pytest.fixture
def opened(breaker: CircuitBreaker) -> CircuitBreaker:
    """The same, open."""
    with pytest.raises(OSError, match="away"):
        breaker.call(_fail)
    return breaker


@pytest.mark.parametrize(
    ("waited", "left"), [(0, "60"), (0.25, "60"), (30, "30"), (59.75, "1")]
)
def test_an_open_circuit_says_when_it_may_be_tried_again(
    ask: Ask,
    opened: CircuitBreaker,
    clock: ManualClock,
    recorder: KeptAnswers,
    waited: float,
    left: str,
) -> None:
    """The seconds that are really left, rounded up; counted, and not recorded."""
    clock.advance(waited)

    response = ask(opened(_answer))

    facts = _facts(response)
    assert response.status_code == 503
    assert response.headers.getlist("Retry-After") == [left]
    assert (facts["code"], facts["breaker"]) == ("CIRCUIT_OPEN", "mail")
    assert math.ceil(facts["retry_after"]) == int(left)
    assert recorder.captured == []
    assert recorder.counted == [("CIRCUIT_OPEN", 503, "GET", "/")]


def test_a_half_open_circuit_says_how_long_its_probe_may_take(
    ask: Ask, opened: CircuitBreaker, clock: ManualClock
) -> None:
    """Then its place is free, if the probe does not come back before."""
    clock.advance(60)
    with opened:
        clock.advance(12.5)
        answers: list[TestResponse] = []
        asking = threading.Thread(target=lambda: answers.append(ask(opened(_answer))))
        asking.start()
        asking.join()

    (response,) = answers
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "18"
    assert _facts(response)["state"] == "half_open"


def test_a_circuit_that_is_held_open_says_nothing_of_when(
    ask: Ask, breaker: CircuitBreaker
) -> None:
    """Nobody knows when a person lets it go, and a made-up time would be a lie."""
    breaker.force_open()

    response = ask(breaker(_answer))

    assert response.status_code == 503
    assert "Retry-After" not in response.headers
    assert _facts(response)["retry_after"] is None


@pytest.fixture
def full() -> Iterator[Bulkhead]:
    """A bulkhead with no place left."""
    bulkhead = Bulkhead(1, name="reports")
    with bulkhead:
        yield bulkhead


def test_a_full_bulkhead_says_so(
    ask: Ask, full: Bulkhead, recorder: KeptAnswers
) -> None:
    """503 without a time, which depends on calls that are still running."""
    response = ask(full(_answer))

    assert response.status_code == 503
    assert "Retry-After" not in response.headers
    assert _facts(response)["code"] == "BULKHEAD_FULL"
    assert _facts(response)["bulkhead"] == "reports"
    assert recorder.captured == []


def test_a_passed_deadline_is_a_504(ask: Ask, clock: ManualClock) -> None:
    """Without a time: how long it would have taken is not known."""

    def late() -> str:
        with deadline(1, clock=clock):
            clock.advance(2)
            check_deadline()
        return "answer"

    response = ask(late)

    assert response.status_code == 504
    assert "Retry-After" not in response.headers
    assert _facts(response)["code"] == "DEADLINE_EXCEEDED"


def test_a_used_up_rate_limit_is_a_429(ask: Ask, recorder: KeptAnswers) -> None:
    """With the seconds until the oldest call leaves the window."""
    limited = rate_limit("1 per 30 seconds", name="exports")(_answer)
    limited()

    response = ask(limited)

    assert response.status_code == 429
    assert 1 <= int(response.headers["Retry-After"]) <= 30
    assert _facts(response)["code"] == "RATE_LIMITED"
    assert recorder.captured == []


def test_a_policy_answers_as_its_strategies_do(
    ask: Ask, opened: CircuitBreaker, full: Bulkhead
) -> None:
    """The fused wrapper raises the same errors."""
    behind_breaker = Policy("mail", breaker=opened)(_answer)
    behind_bulkhead = Policy("reports", bulkhead=full)(_answer)

    answers = [ask(behind_breaker), ask(behind_bulkhead)]

    assert [_facts(a)["code"] for a in answers] == ["CIRCUIT_OPEN", "BULKHEAD_FULL"]
    assert [a.headers.get("Retry-After") for a in answers] == ["60", None]


def test_a_change_is_one_line_and_a_refusal_none(
    clock: ManualClock, caplog: pytest.LogCaptureFixture
) -> None:
    """However many applications the process has, and however many requests fail."""
    caplog.set_level(logging.INFO, "failwell.resilience")
    breaker = CircuitBreaker(2, 60, name="mail", clock=clock)
    works = threading.Event()
    view = breaker(lambda: "answer" if works.is_set() else _fail())
    clients = []
    for name in ("shop", "admin"):
        app = Flask(name)
        register_error_handlers(app, KeptAnswers())
        app.add_url_rule("/", "view", view)
        clients.append(app.test_client())

    failed = [client.get("/").status_code for _ in range(10) for client in clients]
    works.set()
    clock.advance(60)
    statuses = [client.get("/").status_code for client in clients]

    lines = [r for r in caplog.records if r.name == "failwell.resilience"]
    told = [
        (r.levelname, r.circuit, r.before, r.after, r.retry_after)  # type: ignore[attr-defined] # as the line has them
        for r in lines
    ]
    assert failed == [500, 500, *[503] * 18]
    assert statuses == [200, 200]
    assert told == [
        ("WARNING", "mail", "closed", "open", 60),
        ("INFO", "mail", "open", "half_open", None),
        ("INFO", "mail", "half_open", "closed", None),
    ]
    assert "2 failures in a row" in lines[0].message
    assert "18 calls were refused" in lines[2].message
