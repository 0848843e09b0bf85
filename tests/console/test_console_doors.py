"""Who enters without the key: the application's users, and those a proxy names."""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.middleware.proxy_fix import ProxyFix

from failwell import Failwell, SettingsError
from failwell._callbacks import Callbacks
from failwell._settings import Settings, read_settings
from failwell.console import create_console
from failwell.fleet import Fleet
from failwell.records import ErrorRecord
from failwell.store import Store
from failwell.testing import ManualClock

KEY = "the console's key, only for tests"
PREFIX = "/errors-of/shop"
Open = Callable[..., FlaskClient]


@pytest.fixture
def open_door(
    settings: Settings, store: Store, fleet: Fleet, clock: ManualClock
) -> Open:
    """Serve a console with other settings, or with users of the application."""

    def open_door(
        ask: Callable[[], object] | None = None,
        *,
        through: Callable[[Any], Any] | None = None,
        **changes: object,
    ) -> FlaskClient:
        callbacks = Callbacks()
        app = Flask("shop")
        app.register_blueprint(
            create_console(
                replace(settings, **changes),  # type: ignore[arg-type] # as written below
                lambda: store,
                lambda: True,
                lambda: fleet,
                callbacks=callbacks,
                clock=clock,
            )
        )
        if ask is not None:
            callbacks.ask_visitor(ask)
        if through is not None:
            app.wsgi_app = through(app.wsgi_app)  # type: ignore[method-assign] # as Flask says
        return app.test_client()

    return open_door


def _me(client: FlaskClient, **options: Any) -> object:  # noqa: ANN401 - of a request
    answer = client.get(f"{PREFIX}/api/me", **options)
    return answer.get_json() if answer.status_code == 200 else answer.status_code


def test_a_user_of_the_application_enters_as_it_says(open_door: Open) -> None:
    """With name and role, until it says otherwise, and with no session of ours."""
    users: list[object] = [("ada@example.org", "operator")]
    client = open_door(lambda: users[-1])

    entered = _me(client)
    page = client.get(f"{PREFIX}/")
    users.append(None)

    assert entered == {"name": "ada@example.org", "role": "operator"}
    assert "ada@example.org" in page.text
    assert "Sign out" not in page.text
    assert "Set-Cookie" not in page.headers
    assert _me(client) == 401
    assert client.get(f"{PREFIX}/").status_code == 303


@pytest.mark.parametrize(
    "answer",
    ["ada", ("ada", "root"), ("", "admin"), (None, "admin"), ("ada",), 7, {"ada": 1}],
)
def test_what_is_no_name_and_role_lets_nobody_in(
    open_door: Open, answer: object, caplog: pytest.LogCaptureFixture
) -> None:
    """And the log says what is allowed."""
    client = open_door(lambda: answer)

    assert _me(client) == 401
    assert "cannot tell who the application's user is" in caplog.text


def test_a_function_that_fails_lets_nobody_in(
    open_door: Open, caplog: pytest.LogCaptureFixture
) -> None:
    """The key still opens: somebody has to see why it fails."""

    def ask() -> tuple[str, str]:
        message = "the table of users is gone"
        raise RuntimeError(message)

    client = open_door(ask)

    refused = client.get(f"{PREFIX}/")
    by_key = client.post(f"{PREFIX}/signin", data={"key": KEY})

    assert refused.status_code == 303
    assert "the table of users is gone" in caplog.text
    assert by_key.status_code == 303
    assert _me(client) == {"name": "key", "role": "admin"}


def test_the_application_is_asked_once_a_request(open_door: Open) -> None:
    """However often the page needs to know."""
    asked: list[bool] = []

    def ask() -> tuple[str, str]:
        asked.append(True)
        return "ada", "viewer"

    open_door(ask).get(f"{PREFIX}/")

    assert asked == [True]


def test_forms_of_a_user_are_the_users_own(
    open_door: Open,
    feed_error: Callable[..., ErrorRecord],
    record: Callable[..., ErrorRecord],
    store: Store,
) -> None:
    """The token on one's page serves nobody else."""
    feed_error(record())
    users = ["eve"]
    client = open_door(lambda: (users[-1], "operator"))
    page = client.get(f"{PREFIX}/groups/1").text
    token = re.search(r'name="form_token" value="([^"]+)"', page)
    assert token is not None
    form = {"ids": "1", "form_token": token[1]}

    users.append("ada")
    stolen = client.post(f"{PREFIX}/groups/resolve", data=form)
    users.append("eve")
    own = client.post(f"{PREFIX}/groups/resolve", data=form)

    assert stolen.status_code == 403
    assert own.status_code == 303
    assert store.history(1)[0].by == "eve"


def test_the_extension_takes_the_function(settings: Settings) -> None:
    """As a decorator, before or after the application is wired."""
    app = Flask("shop")
    app.testing = True
    app.config.update(FAILWELL_CONSOLE_KEY=KEY, FAILWELL_CONSOLE_PREFIX=PREFIX)
    failwell = Failwell(app)

    @failwell.console_user
    def staff() -> tuple[str, str]:
        return "ada", "viewer"

    assert staff() == ("ada", "viewer")
    assert _me(app.test_client()) == {"name": "ada", "role": "viewer"}
    with pytest.raises(TypeError, match="the console's visitor"):
        failwell.console_user("ada")  # type: ignore[type-var] # refused on purpose


PROXY = {
    "console_proxy_header": "X-Forwarded-User",
    "console_proxy_addresses": ("10.0.0.5", "10.1.0.0/16", "fd00::/8"),
    "console_proxy_roles": (("ada@example.org", "admin"), ("*", "viewer")),
}


def test_a_header_counts_from_the_proxy_alone(open_door: Open) -> None:
    """From any other address it is as if nothing had been sent."""
    client = open_door(**PROXY)
    headers = {"X-Forwarded-User": "ada@example.org"}
    trusted = ["10.0.0.5", "10.1.255.1", "fd00::17"]
    others = [
        "10.0.0.6",
        "10.2.0.1",
        "::ffff:10.0.0.5",
        "fe80::1",
        "127.0.0.1",
        "",
        "x",
    ]

    entered = {
        address: _me(client, headers=headers, environ_base={"REMOTE_ADDR": address})
        for address in (*trusted, *others)
    }

    ada = {"name": "ada@example.org", "role": "admin"}
    assert entered == {**dict.fromkeys(trusted, ada), **dict.fromkeys(others, 401)}


def test_a_proxy_gives_roles_by_name(open_door: Open) -> None:
    """What stands for all others is for all others; without it they stay outside."""
    client = open_door(**PROXY)
    strict = open_door(
        **{**PROXY, "console_proxy_roles": (("ada@example.org", "admin"),)}
    )
    base = {"REMOTE_ADDR": "10.0.0.5"}

    bob = {"X-Forwarded-User": "bob"}
    nobody = {"X-Forwarded-User": " "}

    assert _me(client, headers=bob, environ_base=base) == {
        "name": "bob",
        "role": "viewer",
    }
    assert _me(strict, headers=bob, environ_base=base) == 401
    assert _me(client, headers=nobody, environ_base=base) == 401


def test_a_header_is_ignored_unless_it_is_trusted(open_door: Open) -> None:
    """Without the setting, no header opens anything, from wherever it comes."""
    client = open_door(console_proxy_addresses=("10.0.0.5",))
    headers = {"X-Forwarded-User": "ada", "Remote-User": "ada"}

    assert _me(client, headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.5"}) == 401


def test_a_client_cannot_pretend_to_be_the_proxy(open_door: Open) -> None:
    """`ProxyFix` believes the client's address; what counts is who is connected."""
    client = open_door(through=lambda app: ProxyFix(app, x_for=1), **PROXY)
    headers = {"X-Forwarded-User": "ada@example.org", "X-Forwarded-For": "10.0.0.5"}
    from_proxy = {**headers, "X-Forwarded-For": "192.0.2.7"}

    pretended = _me(client, headers=headers, environ_base={"REMOTE_ADDR": "192.0.2.7"})
    real = _me(client, headers=from_proxy, environ_base={"REMOTE_ADDR": "10.0.0.5"})

    assert pretended == 401
    assert real == {"name": "ada@example.org", "role": "admin"}


def test_a_socket_of_this_machine_is_trusted_by_name(open_door: Open) -> None:
    """It has no address."""
    client = open_door(**{**PROXY, "console_proxy_addresses": ("unix",)})
    headers = {"X-Forwarded-User": "bob"}

    by_socket = _me(client, headers=headers, environ_base={"REMOTE_ADDR": ""})
    by_network = _me(client, headers=headers, environ_base={"REMOTE_ADDR": "10.0.0.5"})

    assert by_socket == {"name": "bob", "role": "viewer"}
    assert by_network == 401


def test_wrong_keys_are_limited_by_where_they_come_from(
    client: FlaskClient, clock: ManualClock
) -> None:
    """Ten in a minute, by form and by bearer together; then not even the right one."""
    bearer = {"Authorization": "Bearer not the key at all"}
    for _ in range(5):
        client.post(f"{PREFIX}/signin", data={"key": "not the key"})
        client.get(f"{PREFIX}/api/me", headers=bearer)

    form = client.post(f"{PREFIX}/signin", data={"key": KEY})
    program = client.get(f"{PREFIX}/api/me", headers={"Authorization": f"Bearer {KEY}"})
    elsewhere = client.post(
        f"{PREFIX}/signin", data={"key": KEY}, environ_base={"REMOTE_ADDR": "192.0.2.7"}
    )
    client.delete_cookie("failwell_console", path=PREFIX)
    clock.advance(60)
    later = client.post(f"{PREFIX}/signin", data={"key": KEY})

    assert form.status_code == 429
    assert form.headers["Retry-After"] == "60"
    assert "Too many wrong keys" in form.text
    assert program.status_code == 429
    assert program.get_json()["error"]["code"] == "RATE_LIMITED"
    assert elsewhere.status_code == 303
    assert later.status_code == 303


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            {"FAILWELL_CONSOLE_VIEWER_KEY": "sixteen letters!"},
            "need FAILWELL_CONSOLE_KEY",
        ),
        (
            {
                "FAILWELL_CONSOLE_KEY": KEY,
                "FAILWELL_CONSOLE_VIEWER_KEY": KEY,
            },
            "allowed: one for each role",
        ),
        (
            {"FAILWELL_CONSOLE_PROXY_HEADER": "X-Forwarded-User"},
            "needs FAILWELL_CONSOLE_PROXY_ADDRESSES",
        ),
        (
            {"FAILWELL_CONSOLE_PROXY_HEADER": "X Forwarded"},
            "FAILWELL_CONSOLE_PROXY_HEADER is a str; allowed: the name of a header",
        ),
        (
            {"FAILWELL_CONSOLE_PROXY_ADDRESSES": "10.0.0.0/40"},
            "FAILWELL_CONSOLE_PROXY_ADDRESSES holds '10.0.0.0/40'",
        ),
        (
            {"FAILWELL_CONSOLE_PROXY_ROLES": "ada=root"},
            "FAILWELL_CONSOLE_PROXY_ROLES holds 'ada=root'; allowed: users with",
        ),
    ],
)
def test_a_door_that_cannot_be_meant_is_refused(
    config: dict[str, str], said: str
) -> None:
    """The start ends with a sentence that names the setting and what is allowed."""
    with pytest.raises(SettingsError, match=re.escape(said)):
        read_settings(config, import_name="shop", instance_path="unused", environ={})


def test_doors_are_read_from_the_environment() -> None:
    """As lists separated by commas."""
    settings = read_settings(
        {},
        import_name="shop",
        instance_path="unused",
        environ={
            "FAILWELL_CONSOLE_PROXY_HEADER": "X-Forwarded-User",
            "FAILWELL_CONSOLE_PROXY_ADDRESSES": "10.0.0.5, unix",
            "FAILWELL_CONSOLE_PROXY_ROLES": "ada@example.org=admin, *=viewer",
        },
    )

    assert settings.console_proxy_addresses == ("10.0.0.5", "unix")
    assert settings.console_proxy_roles == (
        ("ada@example.org", "admin"),
        ("*", "viewer"),
    )
