"""What protects the console and those who read it: headers, escaping, bounds."""

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from msgspec.structs import replace as changed
from werkzeug.exceptions import TooManyRequests

from failwell._settings import Settings
from failwell.console import create_console
from failwell.fleet import Fleet
from failwell.records import ErrorRecord, ExceptionInfo, RequestInfo
from failwell.responses import register_error_handlers
from failwell.store import Store

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; "
    "style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(1)>"
    "\"' onmouseover='alert(1)' {{ 7 * 191 }} {% raise %} \x1b[31m \u202egnp.exe \0"
)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("", 303),
        ("/groups/1", 200),
        ("/groups/99", 404),
        ("/errors/x", 404),
        ("/errors", 404),
        ("/health", 200),
        ("/alerts", 200),
        ("/audit", 200),
        ("/updates", 200),
        ("/?q=is:gone", 400),
        ("/nothing", 404),
        ("/circuits", 200),
        ("/api/groups", 200),
        ("/api/circuits", 200),
        ("/api/nothing", 404),
        ("/api/errors/x", 404),
        ("/signin", 303),
        ("/signin/link", 403),
        ("/static/nothing", 404),
    ],
)
def test_every_answer_has_the_headers(
    admin: FlaskClient,
    feed_error: FeedError,
    record: MakeRecord,
    path: str,
    status: int,
) -> None:
    """No answer of the console goes out without its protection, or into a cache."""
    feed_error(record())

    answer = admin.get(PREFIX + path)

    assert answer.status_code == status
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert answer.headers["Cache-Control"] == "no-store"


def test_the_style_sheet_may_be_kept(client: FlaskClient) -> None:
    """Its address changes with its content, and it is small."""
    page = client.get(f"{PREFIX}/signin").text
    address = re.search(r'href="([^"]+console\.css\?v=[0-9a-f]{12})"', page)
    assert address is not None

    answer = client.get(address[1])

    assert answer.status_code == 200
    assert answer.mimetype == "text/css"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    answer.close()


def test_a_large_form_is_refused(client: FlaskClient) -> None:
    """A stranger cannot make the console read megabytes."""
    answer = client.post(f"{PREFIX}/signin", data={"key": "k" * 100_000})

    assert answer.status_code == 413
    assert answer.mimetype == "text/html"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS


@pytest.mark.parametrize(
    "path",
    [
        "/groups/0",
        "/groups/99999999999999999999999",
        "/groups/" + "9" * 5000,
        "/groups/\u0661",
        "/groups/-1",
        "/groups/1;drop",
        "/errors/'%20OR%201=1",
        "/errors/%00",
        "/errors/..%2f..%2fetc",
        "/errors/" + "a" * 5000,
        "/errors?id=%F0%9F%92%A9",
        "/errors?id=" + "-" * 5000,
    ],
)
def test_a_strange_id_is_not_found(admin: FlaskClient, path: str) -> None:
    """Whatever stands where an id belongs, the answer is a page that says so."""
    answer = admin.get(PREFIX + path)

    assert answer.status_code == 404
    assert "Not found" in answer.text


def test_a_refusal_of_the_application_keeps_its_headers(
    app: Flask, client: FlaskClient
) -> None:
    """An application that limits requests does so here too, and says until when."""

    @app.before_request
    def limit() -> None:
        raise TooManyRequests(retry_after=7)

    page, body = client.get(f"{PREFIX}/"), client.get(f"{PREFIX}/api/groups")

    assert [page.status_code, body.status_code] == [429, 429]
    assert [page.mimetype, body.mimetype] == ["text/html", "application/json"]
    assert page.headers["Retry-After"] == body.headers["Retry-After"] == "7"
    assert body.get_json()["error"]["code"] == "TOO_MANY_REQUESTS"


def test_a_fault_of_the_console_is_an_ordinary_error(
    settings: Settings, store: Store, fleet: Fleet
) -> None:
    """It is answered by the application, once, and with the console's headers."""
    app = Flask("shop")
    register_error_handlers(app)
    asked: list[bool] = []

    def settle() -> bool:
        asked.append(True)
        raise ZeroDivisionError

    app.register_blueprint(
        create_console(settings, lambda: store, settle, lambda: fleet)
    )
    client = app.test_client()
    client.post(f"{PREFIX}/signin", data={"key": KEY})

    answer = client.get(f"{PREFIX}/")

    assert answer.status_code == 500
    assert answer.get_json()["error"]["code"] == "INTERNAL_ERROR"
    assert {name: answer.headers[name] for name in HEADERS} == HEADERS
    assert asked == [True]


def test_hostile_text_is_inert_everywhere(
    admin: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Markup, templates and control characters of an attacker stay what they are."""
    request = RequestInfo(
        method="GET",
        route=HOSTILE,
        path=f"/{HOSTILE}",
        query=HOSTILE,
        headers={HOSTILE: HOSTILE},
        content_type=HOSTILE,
        data={HOSTILE: [HOSTILE]},
    )
    cause = ExceptionInfo(f"a.{HOSTILE}", HOSTILE, (), relation="context")
    made = record(
        error_type=f"a.{HOSTILE}",
        message=HOSTILE,
        module=HOSTILE,
        request=request,
    )
    feed_error(changed(made, exceptions=(*made.exceptions, cause)))

    for path in ("/", "/groups/1", f"/groups/1/events/{made.id}"):
        html = admin.get(PREFIX + path).text

        assert "alert(1)" in html
        assert html.count("<script") == 1
        assert "<img" not in html
        assert "7 * 191" in html
        assert "1337" not in html
        assert not re.search("[\x00-\x08\x0b-\x1f\u202e]", html)
        assert not re.search(r"<[^>]*\son\w+=", html)


def test_pages_have_one_script_of_their_own_and_no_inline_style(
    admin: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Nothing on a page would be stopped by its own security policy."""
    feed_error(record())

    for path in ("/", "/groups/1", "/health", "/audit", "/nothing"):
        html = admin.get(PREFIX + path).text

        scripts = re.findall(r"<script[^>]*>[^<]*</script>", html)

        assert len(scripts) == 1
        assert re.fullmatch(
            r'<script src="/errors-of/shop/static/console.js\?v=\w+" defer></script>',
            scripts[0],
        )
        assert not re.search(r"<style|\sstyle=|javascript:|\son\w+=", html)
        assert not re.search(r"(src|href)=\"(?!/errors-of/shop/|#main)", html)


def test_pages_are_marked_up_for_everybody(
    admin: FlaskClient, feed_error: FeedError, record: MakeRecord
) -> None:
    """Each page has its language, landmarks, one first heading, and unique ids."""
    feed_error(record())

    for path in ("/", "/groups/1", "/health", "/audit", "/nothing"):
        html = admin.get(PREFIX + path).text
        ids = re.findall(r'\sid="([^"]+)"', html)

        assert '<html lang="en">' in html
        assert (
            html.count("<main")
            == html.count("<h1")
            == html.count("<header c") - (path == "/groups/1")
        )
        assert len(ids) == len(set(ids))
        assert html.count("<table") == html.count("<caption")
