"""Every route of the console for everybody who may come to it."""

import re
from collections.abc import Callable, Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from failwell._settings import Settings
from failwell.console._access import Access, keys_of
from failwell.console._roles import Role
from failwell.records import ErrorRecord
from failwell.testing import ManualClock

PREFIX = "/errors-of/shop"
ERROR = "00000000000000aa-0000000000000001"
VIEWER, OPERATOR, ADMIN = Role
OPEN = None
# Who may use a route, the least of them. A new route fails here until it has a row.
ROUTES = {
    ("/static/<path:filename>", "GET"): OPEN,
    ("/signin", "GET"): OPEN,
    ("/signin", "POST"): OPEN,
    ("/signin/link", "GET"): OPEN,
    ("/signout", "POST"): VIEWER,
    ("", "GET"): VIEWER,
    ("/", "GET"): VIEWER,
    ("/updates", "GET"): VIEWER,
    ("/groups/<group_id>", "GET"): VIEWER,
    ("/groups/<group_id>/events/<error_id>", "GET"): VIEWER,
    ("/errors", "GET"): VIEWER,
    ("/errors/<error_id>", "GET"): VIEWER,
    ("/errors/<error_id>/<form>", "GET"): VIEWER,
    ("/health", "GET"): VIEWER,
    ("/circuits", "GET"): VIEWER,
    ("/audit", "GET"): ADMIN,
    ("/groups/resolve", "POST"): OPERATOR,
    ("/groups/reopen", "POST"): OPERATOR,
    ("/groups/mute", "POST"): OPERATOR,
    ("/groups/assign", "POST"): OPERATOR,
    ("/groups/comment", "POST"): OPERATOR,
    ("/groups/merge", "POST"): OPERATOR,
    ("/groups/unmerge", "POST"): OPERATOR,
    ("/groups/delete", "POST"): ADMIN,
    ("/api/groups", "GET"): VIEWER,
    ("/api/groups/<group_id>", "GET"): VIEWER,
    ("/api/groups/<group_id>/events", "GET"): VIEWER,
    ("/api/groups/<group_id>/history", "GET"): VIEWER,
    ("/api/groups/<group_id>/counts", "GET"): VIEWER,
    ("/api/errors/<error_id>", "GET"): VIEWER,
    ("/api/errors/<error_id>/<form>", "GET"): VIEWER,
    ("/api/stats", "GET"): VIEWER,
    ("/api/health", "GET"): VIEWER,
    ("/api/circuits", "GET"): VIEWER,
    ("/api/me", "GET"): VIEWER,
    ("/api/openapi.json", "GET"): VIEWER,
    ("/api/export/groups", "GET"): VIEWER,
    ("/api/export/events", "GET"): VIEWER,
    ("/api/audit", "GET"): ADMIN,
    ("/api/groups/resolve", "POST"): OPERATOR,
    ("/api/groups/reopen", "POST"): OPERATOR,
    ("/api/groups/mute", "POST"): OPERATOR,
    ("/api/groups/assign", "POST"): OPERATOR,
    ("/api/groups/comment", "POST"): OPERATOR,
    ("/api/groups/merge", "POST"): OPERATOR,
    ("/api/groups/unmerge", "POST"): OPERATOR,
    ("/api/groups/delete", "POST"): ADMIN,
    ("/alerts", "GET"): ADMIN,
    ("/api/alerts", "GET"): ADMIN,
    ("/api/alerts/outbox", "GET"): ADMIN,
    ("/alerts/add", "POST"): ADMIN,
    ("/api/alerts/add", "POST"): ADMIN,
    ("/alerts/change", "POST"): ADMIN,
    ("/api/alerts/change", "POST"): ADMIN,
    ("/alerts/mute", "POST"): ADMIN,
    ("/api/alerts/mute", "POST"): ADMIN,
    ("/alerts/remove", "POST"): ADMIN,
    ("/api/alerts/remove", "POST"): ADMIN,
    ("/alerts/test", "POST"): ADMIN,
    ("/api/alerts/test", "POST"): ADMIN,
    ("/alerts/retry", "POST"): ADMIN,
    ("/api/alerts/retry", "POST"): ADMIN,
    # What is unknown, with any method: for whoever is in, it is not there.
    **{
        (rule, method): VIEWER
        for rule in ("", "/", "/<path:anything>")
        for method in ("POST", "PUT", "PATCH", "DELETE")
    },
    ("/<path:anything>", "GET"): VIEWER,
}
STRANGERS = ("nobody", "expired", "forged")
ROLES = {role.word: role for role in Role}
Visit = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def one_error(
    feed_error: Callable[..., ErrorRecord], record: Callable[..., ErrorRecord]
) -> ErrorRecord:
    """Have something to hide."""
    return feed_error(record(message="a secret of the shop"))


@pytest.fixture
def visit(app: Flask, settings: Settings, clock: ManualClock) -> Visit:
    """Come as somebody, with a session that this one could have."""
    access = Access(keys_of(settings), clock)

    def visit(who: str) -> FlaskClient:
        client = app.test_client()
        if who in ROLES:
            session = access.issue_session(ROLES[who], who)
        elif who == "expired":
            clock.advance(-13 * 3600)
            session = access.issue_session(ADMIN, "key")
            clock.advance(13 * 3600)
        else:
            keys = dict.fromkeys(Role, "a key that an attacker made up")
            session = Access(keys, clock).issue_session(ADMIN, "key")
        if who != "nobody":
            client.set_cookie("failwell_console", session, path=PREFIX)
        return client

    return visit


def _routes(app: Flask) -> Iterator[tuple[str, str]]:
    for rule in app.url_map.iter_rules():
        if rule.endpoint.startswith("failwell_console."):
            for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
                yield rule.rule.removeprefix(PREFIX), method


def _ask(
    client: FlaskClient, rule: str, method: str, **options: object
) -> TestResponse:
    path = (
        rule.replace("<group_id>", "1")
        .replace("<error_id>", ERROR)
        .replace("<form>", "markdown")
        .replace("<path:anything>", "nothing/of/the/kind")
        .replace("<path:filename>", "console.css")
    )
    return client.open(PREFIX + path, method=method, **options)  # type: ignore[arg-type] # as written below


def test_every_route_has_a_row(app: Flask) -> None:
    """Nobody adds a route without saying for whom it is."""
    assert sorted(_routes(app)) == sorted(ROUTES)


@pytest.mark.parametrize("who", STRANGERS)
def test_a_stranger_passes_no_route_but_the_door(who: str, visit: Visit) -> None:
    """Whatever the route, the answer is the same, and tells nothing."""
    client = visit(who)

    for (rule, method), role in ROUTES.items():
        answer = _ask(client, rule, method)

        if role is not OPEN:
            assert answer.status_code == (401 if rule.startswith("/api/") else 303)
        assert "secret of the shop" not in answer.text
        answer.close()


@pytest.mark.parametrize("who", [role.word for role in Role])
def test_a_role_passes_its_routes_and_no_other(who: str, visit: Visit) -> None:
    """403 for what takes more, whether by form or by JSON; and never 403 for the rest."""
    for (rule, method), role in ROUTES.items():
        client = visit(who)
        page = client.get(f"{PREFIX}/circuits").text
        found = re.search(r'name="form_token" value="([^"]+)"', page)
        assert found is not None
        headers = {"X-Form-Token": found[1]}
        answer = _ask(client, rule, method, headers=headers)

        is_refused = answer.status_code in {401, 403}
        is_the_door = rule in {"/signin", "/signin/link"}
        if not is_the_door:
            assert is_refused == (role is not OPEN and ROLES[who] < role), (
                rule,
                method,
            )
        answer.close()


@pytest.mark.parametrize("who", [role.word for role in Role])
def test_a_key_passes_the_routes_of_its_role(
    who: str, app: Flask, settings: Settings
) -> None:
    """Borne by a program, each key opens of the API what its role may use."""
    key = keys_of(settings)[ROLES[who]]
    headers = {"Authorization": f"Bearer {key}"}

    for (rule, method), role in ROUTES.items():
        answer = _ask(app.test_client(), rule, method, headers=headers)

        if rule.startswith("/api/"):
            assert role is not None
            refused = answer.status_code == 403
            assert refused == (ROLES[who] < role), (rule, method)
            assert answer.status_code != 401
        elif role is not OPEN:
            assert answer.status_code == 303
        answer.close()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"X-Form-Token": "a token that was made up"},
        {"X-Form-Token": "TOKEN", "Sec-Fetch-Site": "cross-site"},
        {"X-Form-Token": "TOKEN", "Origin": "https://evil.example"},
    ],
)
def test_no_change_without_the_token_of_a_form(
    headers: dict[str, str], visit: Visit
) -> None:
    """A page of another site changes nothing with the session of whoever looks at it."""
    client = visit("admin")
    page = client.get(f"{PREFIX}/circuits").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token is not None
    sent = {name: value.replace("TOKEN", token[1]) for name, value in headers.items()}

    for (rule, method), role in ROUTES.items():
        if method != "GET" and role is not OPEN:
            answer = _ask(client, rule, method, headers=sent)

            assert answer.status_code == 403, (rule, method)
