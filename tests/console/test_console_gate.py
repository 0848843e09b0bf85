"""The door: every address of the console, for everybody who is not to enter."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from flask import Flask
from flask.testing import FlaskClient

from failwell._settings import Settings
from failwell.console import create_console, signin_link
from failwell.console._access import Access, keys_of
from failwell.console._roles import Role
from failwell.fleet import Fleet
from failwell.records import ErrorRecord
from failwell.store import Store
from failwell.testing import ManualClock

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
KNOWN, UNKNOWN = (
    "00000000000000aa-0000000000000001",
    "00000000000000ff-00000000000000ff",
)
PAGES = [
    "",
    "/",
    "/groups/1",
    "/groups/999",
    f"/groups/1/events/{KNOWN}",
    f"/errors/{KNOWN}",
    f"/errors/{UNKNOWN}",
    f"/errors?id={KNOWN}",
    "/errors/../hidden",
    "/nothing/of/the/kind",
]
ANSWERS = [
    "/api/groups",
    "/api/groups/1",
    "/api/groups/999",
    f"/api/errors/{KNOWN}",
    f"/api/errors/{UNKNOWN}",
    "/api/stats",
    "/api/nothing",
]
METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


@pytest.fixture(autouse=True)
def one_error(
    feed_error: Callable[..., ErrorRecord], record: Callable[..., ErrorRecord]
) -> ErrorRecord:
    """Have something to hide."""
    return feed_error(record(message="a secret of the shop"))


def _nobody(client: FlaskClient, settings: Settings, clock: ManualClock) -> None:
    pass


def _forged(client: FlaskClient, settings: Settings, clock: ManualClock) -> None:
    keys = {Role.ADMIN: "another key of the attacker"}
    session = Access(keys, clock).issue_session(Role.ADMIN, "key")
    client.set_cookie("failwell_console", session, path=PREFIX)


def _expired(client: FlaskClient, settings: Settings, clock: ManualClock) -> None:
    session = Access(keys_of(settings), clock).issue_session(Role.ADMIN, "key")
    client.set_cookie("failwell_console", session, path=PREFIX)
    clock.advance(12 * 3600)


def _link_as_session(
    client: FlaskClient, settings: Settings, clock: ManualClock
) -> None:
    token = Access(keys_of(settings), clock).issue_link_token()
    client.set_cookie("failwell_console", token, path=PREFIX)


def _link_not_redeemed(
    client: FlaskClient, settings: Settings, clock: ManualClock
) -> None:
    client.get(signin_link(settings, "", clock))


def _wrong_key(client: FlaskClient, settings: Settings, clock: ManualClock) -> None:
    client.post(f"{PREFIX}/signin", data={"key": KEY[:-1]})


def _signed_out(client: FlaskClient, settings: Settings, clock: ManualClock) -> None:
    client.post(f"{PREFIX}/signin", data={"key": KEY})
    token = client.get(f"{PREFIX}/").text.split('name="form_token" value="')[1]
    answer = client.post(
        f"{PREFIX}/signout", data={"form_token": token.partition('"')[0]}
    )
    assert answer.status_code == 303


STRANGERS = [
    _nobody,
    _forged,
    _expired,
    _link_as_session,
    _link_not_redeemed,
    _wrong_key,
    _signed_out,
]
Stranger = Callable[[FlaskClient, Settings, ManualClock], None]


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_is_led_to_the_form(
    stranger: Stranger,
    client: FlaskClient,
    settings: Settings,
    clock: ManualClock,
) -> None:
    """Every page, known or unknown, answers a stranger alike and shows nothing."""
    stranger(client, settings, clock)

    answers = [client.get(PREFIX + path) for path in PAGES]

    for answer in answers:
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(f"{PREFIX}/signin")
        assert "secret" not in answer.text


@pytest.mark.parametrize("stranger", STRANGERS)
def test_a_stranger_gets_401_as_json(
    stranger: Stranger,
    client: FlaskClient,
    settings: Settings,
    clock: ManualClock,
) -> None:
    """Every address of the API, known or unknown, answers a stranger alike."""
    stranger(client, settings, clock)

    answers = [client.get(PREFIX + path) for path in ANSWERS]

    for answer in answers:
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="failwell console"'
        assert answer.get_json()["error"]["code"] == "AUTHENTICATION_ERROR"
        assert "secret" not in answer.text


@pytest.mark.parametrize("method", METHODS)
def test_no_method_passes_the_gate(client: FlaskClient, method: str) -> None:
    """No method tells a stranger which addresses there are."""
    for path in ("", "/", "/groups/1", "/signout", "/any", "/api/groups"):
        answer = client.open(PREFIX + path, method=method)

        assert answer.status_code == (401 if "/api/" in path else 303)
        assert "Allow" not in answer.headers


@pytest.mark.parametrize(
    "credentials",
    ["Bearer", "Bearer ", f"Bearer {KEY}x", f"Basic {KEY}", f"Token {KEY}", "\xe9\xff"],
)
def test_a_wrong_bearer_gets_401(client: FlaskClient, credentials: str) -> None:
    """Only the key itself, and only as a bearer token, opens the API."""
    headers = {"Authorization": credentials}

    answer = client.get(f"{PREFIX}/api/groups", headers=headers)

    assert answer.status_code == 401


def test_the_bearer_of_the_key_reads_the_api_only(client: FlaskClient) -> None:
    """A program with the key gets JSON; pages are for sessions."""
    headers = {"Authorization": f"Bearer {KEY}"}

    answer = client.get(f"{PREFIX}/api/groups", headers=headers)
    page = client.get(f"{PREFIX}/", headers=headers)

    assert answer.status_code == 200
    assert page.status_code == 303


def test_the_application_keeps_its_own_pages_and_session(
    app: Flask, admin: FlaskClient
) -> None:
    """The console neither guards other pages nor needs the application's secret."""
    assert app.secret_key is None
    assert app.test_client().get("/").text == "home"
    assert app.test_client().get("/unknown").status_code == 404


def test_a_console_needs_a_key(store: Store, settings: Settings, fleet: Fleet) -> None:
    """Without a key none is made."""
    with pytest.raises(ValueError, match="set FAILWELL_CONSOLE_KEY"):
        create_console(
            replace(settings, console_key=None),
            lambda: store,
            lambda: True,
            lambda: fleet,
        )
