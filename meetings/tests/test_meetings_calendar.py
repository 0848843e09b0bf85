"""The outside calendar: told after the commit, and never the booking's downfall."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from meetings_api import Api, at

from failwell import CircuitBreakerError, ServiceUnavailableError
from meetings._gateway import Calendar, CalendarNews

NOBODY = "http://127.0.0.1:9/hook"
DROPS = 100


class Receiver(HTTPServer):
    """An outside calendar that remembers its news and answers as it is told."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Answer)
        self.news: list[Any] = []
        self.status = 204

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_port}/hook"


class _Answer(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        """Remember the news."""
        length = int(self.headers["Content-Length"])
        self.server.news.append(json.loads(self.rfile.read(length)))
        self.send_response(self.server.status)
        self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Return a calendar that listens on a port of its own."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_news_of_a_meeting_arrive(
    make_api: Callable[..., Api], receiver: Receiver
) -> None:
    """Making, changing, joining and cancelling are told, each with the new version."""
    api = make_api(MEETINGS_CALENDAR_URL=receiver.url)
    ada, bob = api.person(), api.person("Bob")

    answers = [
        api.book(ada, max_capacity=2),
        api.call("PATCH", "/meetings/1", ada, json={"title": "New"}),
        api.call("POST", "/meetings/1/participants", bob, json={}),
        api.call("DELETE", f"/meetings/1/participants/{bob.id}", bob),
        api.call("DELETE", "/meetings/1", ada),
        api.call("DELETE", "/meetings/1", ada),
    ]

    told = [(n["event"], n["meeting"]["version"]) for n in receiver.news]
    assert told == [
        ("created", 1),
        ("changed", 2),
        ("changed", 3),
        ("changed", 4),
        ("cancelled", 5),
    ]
    assert [a.headers.get("Calendar-Sync") for a in answers] == ["synced"] * 5 + [None]


def test_a_dead_calendar_costs_no_booking(make_api: Callable[..., Api]) -> None:
    """The booking holds and is answered 201; the header says what failed."""
    api = make_api(MEETINGS_CALENDAR_URL=NOBODY)
    ada = api.person()

    answer = api.book(ada)

    assert (answer.status_code, answer.headers["Calendar-Sync"]) == (201, "failed")
    assert api.call("GET", "/meetings/1", ada).status_code == 200


def test_an_impossible_address_costs_no_booking(make_api: Callable[..., Api]) -> None:
    """What the settings could not see is a failure of the calendar, too."""
    api = make_api(MEETINGS_CALENDAR_URL="http://a b.example/hook")

    answer = api.book(api.person())

    assert (answer.status_code, answer.headers["Calendar-Sync"]) == (201, "failed")


def test_without_a_calendar_nothing_is_said(api: Api) -> None:
    """No header where there is nobody to tell."""
    assert "Calendar-Sync" not in api.book(api.person()).headers


def test_refused_meetings_are_no_news(
    make_api: Callable[..., Api], receiver: Receiver
) -> None:
    """What was rolled back is told to nobody."""
    api = make_api(MEETINGS_CALENDAR_URL=receiver.url)
    ada = api.person()
    api.book(ada)

    api.book(ada, **at(9, 30))

    assert len(receiver.news) == 1


@pytest.mark.parametrize("status", [302, 400, 500])
def test_every_answer_but_success_is_a_failure(receiver: Receiver, status: int) -> None:
    """Refusals and redirects, which are not followed, are failures, tried twice."""
    receiver.status = status

    with pytest.raises(ServiceUnavailableError, match=str(status)):
        Calendar(receiver.url).send(CalendarNews.CREATED, {"id": 1})

    assert len(receiver.news) == 2


def test_an_answer_in_drops_is_not_waited_for() -> None:
    """A line every now and then keeps the client's own time-out from ever coming."""
    given_up = threading.Event()
    dripped: list[bytes] = []

    def drip(server: socket.socket) -> None:
        connection, _ = server.accept()
        with connection:
            connection.sendall(b"HTTP/1.1 204 No Content\r\n")
            while not given_up.wait(0.2) and len(dripped) < DROPS:
                dripped.append(b"X-Drop: 1\r\n")
                connection.sendall(dripped[-1])

    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=drip, args=(server,))
        thread.start()
        url = f"http://127.0.0.1:{server.getsockname()[1]}/hook"
        outcome = Calendar(url, name="slow").tell(CalendarNews.CREATED, {"id": 1})
        given_up.set()
        thread.join()

    assert outcome == "failed"
    assert 0 < len(dripped) < DROPS


def test_a_dead_calendar_is_given_a_rest() -> None:
    """After three failures it is not called any more; the refusal says for how long."""
    calendar = Calendar(NOBODY, name="test-calendar")
    for _ in range(3):
        with pytest.raises(ServiceUnavailableError) as failed:
            calendar.send(CalendarNews.CREATED, {"id": 1})
        assert not isinstance(failed.value, CircuitBreakerError)

    with pytest.raises(CircuitBreakerError) as refused:
        calendar.send(CalendarNews.CREATED, {"id": 1})

    assert refused.value.breaker == "test-calendar"
    assert refused.value.retry_after is not None
    assert 0 < refused.value.retry_after <= 30
    assert calendar.tell(CalendarNews.CREATED, {"id": 1}) == "failed"
