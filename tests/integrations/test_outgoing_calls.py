"""Calls to other services are breadcrumbs of the request that makes them."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest
import requests
from asgiref.sync import async_to_sync
from flask import Flask

from failwell import Failwell, set_user
from failwell.integrations.httpx import AsyncBreadcrumbTransport, BreadcrumbTransport
from failwell.integrations.requests import BreadcrumbAdapter
from failwell.testing import recorded_errors


class Service(BaseHTTPRequestHandler):
    """Answers with the status that the path ends with."""

    def do_GET(self) -> None:
        """Answer."""
        self.send_response(int(self.path.partition("?")[0].rpartition("/")[2]))
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def service() -> Iterator[str]:
    """A real server; its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Service) as server:
        threading.Thread(target=server.serve_forever).start()
        yield f"http://bob:c4n4ry@127.0.0.1:{server.server_port}"
        server.shutdown()


def by_httpx(url: str) -> None:
    """Get a page as a synchronous client does."""
    with httpx.Client(transport=BreadcrumbTransport()) as client:
        client.get(url)


def by_requests(url: str) -> None:
    """Get a page as a session does."""
    with requests.Session() as session:
        session.mount("http://", BreadcrumbAdapter())
        session.get(url, timeout=5)


CLIENTS = pytest.mark.parametrize("get", [by_httpx, by_requests])


def breadcrumbs_of(
    view: Callable[[], None],
) -> list[tuple[str, str, dict[str, object]]]:
    """Return level, message and data of the breadcrumbs of a view that fails."""
    app = Flask("shop")
    app.testing = True
    app.config["PROPAGATE_EXCEPTIONS"] = False
    Failwell(app)

    @app.get("/")
    def failing() -> str:
        view()
        raise ValueError

    assert app.test_client().get("/").status_code == 500
    (record,) = recorded_errors(app)
    crumbs = [crumb for crumb in record.breadcrumbs if crumb.category == "call"]
    return [(c.level, c.message, c.data) for c in crumbs]


@CLIENTS
def test_a_call_is_a_breadcrumb(service: str, get: Callable[[str], None]) -> None:
    """Method, host, path, status and duration; neither query nor credentials."""

    def view() -> None:
        get(f"{service}/prices/200?key=c4n4ry")
        get(f"{service}/prices/503")

    (level, message, data), (worse, _, failed) = breadcrumbs_of(view)

    assert (level, message) == ("", "GET 127.0.0.1/prices/200")
    assert data.keys() == {"status", "ms"}
    assert (data["status"], failed["status"], worse) == (200, 503, "warning")


@CLIENTS
def test_a_call_without_an_answer_is_a_breadcrumb(get: Callable[[str], None]) -> None:
    """It is the one that explains most; the exception goes on."""

    def view() -> None:
        # Nobody listens on the port of discarded packets.
        with pytest.raises((httpx.ConnectError, requests.ConnectionError)):
            get("http://127.0.0.1:9/prices")

    ((level, message, data),) = breadcrumbs_of(view)

    assert (level, message) == ("error", "GET 127.0.0.1/prices")
    assert str(data["error"]).startswith("Connect")


def test_calls_of_an_asynchronous_view_are_breadcrumbs(service: str) -> None:
    """What is said in a coroutine of Flask's is known where its error is recorded."""

    async def view() -> None:
        """Call twice and tell who calls."""
        set_user(7)
        async with httpx.AsyncClient(transport=AsyncBreadcrumbTransport()) as client:
            await client.get(f"{service}/prices/200?key=c4n4ry")
            with pytest.raises(httpx.ConnectError):
                await client.get("http://127.0.0.1:9/prices")

    found = breadcrumbs_of(async_to_sync(view))

    assert [(level, message) for level, message, _ in found] == [
        ("", "GET 127.0.0.1/prices/200"),
        ("error", "GET 127.0.0.1/prices"),
    ]
