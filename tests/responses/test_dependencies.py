"""Errors of clients whose service is away, too slow, or answers with a fault."""

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest
import redis
import requests

from failwell.exceptions import AppError
from failwell.responses import to_app_error

Call = Callable[[str], object]

SOON = 0.05


class Faulty(BaseHTTPRequestHandler):
    """Answers with the status that the path asks for."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(int(self.path.strip("/")))
        self.send_header("Retry-After", "17")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def faulty() -> Iterator[str]:
    """The address of a service that answers with faults."""
    with HTTPServer(("127.0.0.1", 0), Faulty) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def silent() -> Iterator[int]:
    """The port of a service that takes connections and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def gone() -> int:
    """A port that nobody listens on."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
    return port


def _httpx(url: str) -> None:
    with httpx.Client(timeout=SOON) as client:
        client.get(url).raise_for_status()


def _requests(url: str) -> None:
    requests.get(url, timeout=SOON).raise_for_status()


def _redis(port: int) -> None:
    with redis.Redis(port=port, socket_timeout=SOON, retry=None) as client:
        client.ping()


def _answer(call: Callable[[], object]) -> AppError:
    with pytest.raises(Exception) as caught:  # noqa: PT011 - any kind: that is tested
        call()
    return to_app_error(caught.value)


@pytest.mark.parametrize("call", [_httpx, _requests])
def test_a_service_that_is_away_is_503(call: Call, gone: int) -> None:
    """Nothing of its address reaches the client."""
    error = _answer(lambda: call(f"http://127.0.0.1:{gone}/"))

    assert (error.status_code, error.code) == (503, "SERVICE_UNAVAILABLE")
    assert error.record is False
    assert str(gone) not in str(error.to_dict())


@pytest.mark.parametrize("call", [_httpx, _requests])
def test_a_service_that_is_too_slow_is_504(call: Call, silent: int) -> None:
    """A gateway time-out, in the words of HTTP."""
    error = _answer(lambda: call(f"http://127.0.0.1:{silent}/"))

    assert (error.status_code, error.code) == (504, "DEADLINE_EXCEEDED")


def test_redis_away_and_redis_slow(gone: int, silent: int) -> None:
    """As with any other service."""
    assert _answer(lambda: _redis(gone)).status_code == 503
    assert _answer(lambda: _redis(silent)).status_code == 504


@pytest.mark.parametrize("call", [_httpx, _requests])
@pytest.mark.parametrize(
    ("sent", "answered"), [(500, 503), (503, 503), (429, 503), (504, 504)]
)
def test_a_fault_of_the_service_is_passed_on_as_unavailable(
    call: Call, faulty: str, sent: int, answered: int
) -> None:
    """With the wait that it asked for."""
    error = _answer(lambda: call(f"{faulty}/{sent}"))

    assert error.status_code == answered
    waits = dict(error.headers).get("Retry-After")
    assert waits == ("17" if answered == 503 else None)


@pytest.mark.parametrize("call", [_httpx, _requests])
def test_what_the_service_refuses_is_our_fault(call: Call, faulty: str) -> None:
    """A 404 of a dependency is no 404 of ours, and no reason to try again."""
    assert _answer(lambda: call(f"{faulty}/404")).status_code == 500


@pytest.mark.parametrize(
    "call",
    [
        lambda: httpx.get("ftp://127.0.0.1/"),
        lambda: requests.get("http://", timeout=SOON),
        lambda: requests.get("no-scheme", timeout=SOON),
    ],
)
def test_an_address_that_is_none_is_our_fault(call: Callable[[], object]) -> None:
    """Nothing was even asked."""
    assert _answer(call).status_code == 500


@pytest.mark.parametrize(
    "error",
    [
        redis.exceptions.ResponseError("WRONGTYPE"),
        redis.exceptions.AuthenticationError("secret"),
        redis.exceptions.LockError("not owned"),
    ],
)
def test_what_redis_refuses_is_our_fault(error: Exception) -> None:
    """A command of ours, or credentials of ours, were wrong."""
    assert to_app_error(error).status_code == 500


@pytest.mark.parametrize("wait", ["soon", "Wed, 21 Oct 2026 07:28:00 GMT", "inf", ""])
def test_a_wait_that_is_no_number_is_not_passed_on(wait: str) -> None:
    """An hour is the most that is believed."""
    response = httpx.Response(503, headers={"Retry-After": wait})
    request = httpx.Request("GET", "http://calendar")
    error = httpx.HTTPStatusError("", request=request, response=response)

    assert to_app_error(error).headers == ()
    response.headers["Retry-After"] = "999999"
    assert dict(to_app_error(error).headers) == {"Retry-After": "3600"}
