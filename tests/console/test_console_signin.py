"""Signing in by key and by link, and signing out: once, from here, and to here."""

from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from failwell._settings import Settings
from failwell.console import create_console, signin_link
from failwell.fleet import Fleet
from failwell.records import ErrorRecord
from failwell.store import Store
from failwell.testing import ManualClock

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
FeedError = Callable[..., ErrorRecord]
MakeRecord = Callable[..., ErrorRecord]


@pytest.fixture(autouse=True)
def one_error(feed_error: FeedError, record: MakeRecord) -> ErrorRecord:
    """Have something to hide."""
    return feed_error(record(message="a secret of the shop"))


def test_the_key_opens_every_page(client: FlaskClient) -> None:
    """After the form, the page that was asked for is there."""
    refused = client.get(f"{PREFIX}/groups/1?all=1")
    form = client.get(refused.headers["Location"])
    admitted = client.post(
        f"{PREFIX}/signin",
        data={"key": f" {KEY}\n", "next": f"{PREFIX}/groups/1?all=1"},
    )

    assert f'value="{PREFIX}/groups/1?all=1"' in form.text
    assert admitted.status_code == 303
    assert admitted.headers["Location"] == f"{PREFIX}/groups/1?all=1"
    assert "a secret of the shop" in client.get(admitted.headers["Location"]).text


@pytest.mark.parametrize(
    "wanted",
    [
        "https://evil.example/",
        "//evil.example/",
        f"//evil.example{PREFIX}/",
        f"{PREFIX}@evil.example/",
        f"{PREFIX}/\\evil",
        f"{PREFIX}/../logout",
        f"{PREFIX}/%2e%2e/logout",
        f"{PREFIX}/\r\nSet-Cookie: a=b",
        "javascript:alert(1)",
        "/",
    ],
)
def test_signing_in_leads_nowhere_else(client: FlaskClient, wanted: str) -> None:
    """What a link says to open next is opened only inside of the console."""
    answer = client.post(f"{PREFIX}/signin", data={"key": KEY, "next": wanted})

    assert answer.headers["Location"] == f"{PREFIX}/"


def test_the_session_cookie_is_kept_from_scripts_and_other_pages(
    client: FlaskClient,
) -> None:
    """The cookie is HttpOnly, SameSite, for the console alone, and Secure on TLS."""
    plain = client.post(f"{PREFIX}/signin", data={"key": KEY})
    secure = client.post(
        f"{PREFIX}/signin", data={"key": KEY}, base_url="https://shop.example"
    )

    cookie = plain.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Path={PREFIX};" in f"{cookie};"
    assert "Max-Age=43200" in cookie
    assert "Secure" not in cookie
    assert "Secure" in secure.headers["Set-Cookie"]


def test_the_cookie_follows_the_mount_point(app: Flask) -> None:
    """Below a mount point, links and the cookie's path begin with it."""
    client = app.test_client()
    mounted = {"SCRIPT_NAME": "/mounted"}

    refused = client.get(f"{PREFIX}/groups/1", environ_overrides=mounted)
    admitted = client.post(
        f"{PREFIX}/signin",
        data={"key": KEY, "next": f"/mounted{PREFIX}/groups/1"},
        environ_overrides=mounted,
    )

    assert refused.headers["Location"].startswith(f"/mounted{PREFIX}/signin?next=/mou")
    assert admitted.headers["Location"] == f"/mounted{PREFIX}/groups/1"
    assert f"Path=/mounted{PREFIX};" in f"{admitted.headers['Set-Cookie']};"


def test_a_link_signs_in_once(
    app: Flask, settings: Settings, clock: ManualClock
) -> None:
    """The first who follows a link is in, the second is told that it was used."""
    link = signin_link(settings, "http://localhost/", clock)
    first, second = app.test_client(), app.test_client()

    welcome = first.get(link, follow_redirects=True)
    refusal = second.get(link, follow_redirects=True)

    assert welcome.status_code == 200
    assert welcome.request.path == f"{PREFIX}/"
    assert "a secret of the shop" in welcome.text
    assert refusal.status_code == 403
    assert "used already" in refusal.text
    assert second.get(f"{PREFIX}/").status_code == 303


def test_looking_at_a_link_does_not_use_it(
    app: Flask, settings: Settings, clock: ManualClock
) -> None:
    """A preview, which keeps no cookies, leaves the link to the person."""
    link = signin_link(settings, "http://localhost", clock)
    preview = app.test_client(use_cookies=False)

    looked = preview.get(link, follow_redirects=True)
    preview.head(link)
    welcome = app.test_client().get(link, follow_redirects=True)

    assert looked.status_code == 403
    assert "a secret of the shop" in welcome.text


def test_the_token_leaves_the_address(
    client: FlaskClient, settings: Settings, clock: ManualClock
) -> None:
    """No page is shown under the address that carries the token."""
    answer = client.get(signin_link(settings, "", clock))

    assert answer.status_code == 303
    assert answer.headers["Location"] == f"{PREFIX}/signin/link"
    assert "HttpOnly" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("change", ["", "x", "x.y", "WyJhIiwxXQ.AAAA", "\0", "é" * 999])
def test_a_forged_link_is_refused(client: FlaskClient, change: str) -> None:
    """A token that was not issued leads to the form, with the reason."""
    answer = client.get(f"{PREFIX}/signin", query_string={"token": change})

    assert answer.status_code == 403
    assert "not valid" in answer.text
    assert "Set-Cookie" not in answer.headers


def test_an_old_link_is_refused(
    client: FlaskClient, settings: Settings, clock: ManualClock
) -> None:
    """After 15 minutes a link is over, also between its two steps."""
    link = signin_link(settings, "", clock)
    client.get(link)
    clock.advance(15 * 60)

    late = client.get(f"{PREFIX}/signin/link")
    later = client.get(link)

    assert late.status_code == 403
    assert later.status_code == 403


def test_a_link_cannot_be_used_while_the_store_is_away(
    settings: Settings, fleet: Fleet, clock: ManualClock
) -> None:
    """Without the store nobody can say whether a link was used: ask for the key."""
    app = Flask("shop")
    away = Store("sqlite:////dev/null/store.db", clock=clock)
    app.register_blueprint(
        create_console(settings, lambda: away, lambda: True, lambda: fleet, clock=clock)
    )
    client = app.test_client()

    answer = client.get(signin_link(settings, "", clock), follow_redirects=True)
    by_key = client.post(f"{PREFIX}/signin", data={"key": KEY})

    assert answer.status_code == 503
    assert "Enter the key instead" in answer.text
    assert by_key.status_code == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", "Origin": "http://localhost"},
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost.evil.example"},
    ],
)
def test_a_form_of_another_site_is_refused(
    admin: FlaskClient, headers: dict[str, str]
) -> None:
    """Neither signing in nor out works from another site."""
    token = admin.get(f"{PREFIX}/").text.split('name="form_token" value="')[1]
    form = {"form_token": token.partition('"')[0], "key": KEY}

    out = admin.post(f"{PREFIX}/signout", data=form, headers=headers)
    signed_in = admin.post(f"{PREFIX}/signin", data=form, headers=headers)

    assert out.status_code == 403
    assert signed_in.status_code == 403
    assert admin.get(f"{PREFIX}/").status_code == 200


@pytest.mark.parametrize("form", [{}, {"form_token": ""}, {"form_token": "é" * 64}])
def test_signing_out_needs_the_form_token(
    admin: FlaskClient, form: dict[str, str]
) -> None:
    """A form without the token of this session does nothing."""
    answer = admin.post(f"{PREFIX}/signout", data=form)

    assert answer.status_code == 403
    assert admin.get(f"{PREFIX}/").status_code == 200


def test_signing_out_needs_a_post(admin: FlaskClient) -> None:
    """Following a link signs nobody out."""
    answer = admin.get(f"{PREFIX}/signout")

    assert answer.status_code == 404
    assert admin.get(f"{PREFIX}/").status_code == 200


def test_a_signed_in_person_is_not_asked_again(
    admin: FlaskClient, settings: Settings, clock: ManualClock
) -> None:
    """The form and a new link lead on, and the link stays unused."""
    form = admin.get(f"{PREFIX}/signin")
    link = admin.get(signin_link(settings, "", clock))

    assert form.headers["Location"] == f"{PREFIX}/"
    assert link.headers["Location"] == f"{PREFIX}/"
