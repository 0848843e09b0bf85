"""Demo mode: routes that fail on purpose, for this machine alone."""

from collections.abc import Callable

import pytest
from meetings_api import Api

from failwell import capture
from failwell.testing import recorded_errors
from meetings.mishaps._bugs import BUGS


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """Return an application in demo mode."""
    return make_api(MEETINGS_DEMO=True)


@pytest.mark.parametrize("kind", BUGS)
def test_every_bug_is_answered_with_500(api: Api, kind: str) -> None:
    """Whatever breaks inside, the answer is an envelope that tells nothing of it."""
    api.app.testing = False
    api.app.config["PROPAGATE_EXCEPTIONS"] = False

    answer = api.call("GET", f"//demo/crash/{kind}")

    expected = {"database": "DATABASE_ERROR", "known-fault": "REPORT_FAILED"}
    text = answer.get_data(as_text=True)
    assert answer.status_code == 500
    assert answer.get_json()["error"]["code"] == expected.get(kind, "INTERNAL_ERROR")
    assert "password" not in text
    assert "SELECT" not in text
    assert "Traceback" not in text


def test_an_error_is_its_users(api: Api) -> None:
    """Whose token came with the request, where it is a valid one; else nobody's."""
    api.app.config["PROPAGATE_EXCEPTIONS"] = False
    ada, bob = api.person(), api.person("Bob")
    expired = api.call("POST", "//demo/expired-token", ada).get_json()["access_token"]
    sent = [ada.token, bob.token, expired, f"{ada.token}x", "", None]

    for token in sent:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        api.call("GET", "//demo/crash/division", headers=headers)
    with api.app.app_context():
        capture(RuntimeError("of a job"))

    users = [record.user_id for record in recorded_errors(api.app)]
    assert users == [str(ada.id), str(bob.id), *[None] * 5]
    assert api.app.extensions["failwell"].recorder.dropped == {}


def test_an_unknown_bug_is_not_found(api: Api) -> None:
    """404 for what nobody wrote."""
    assert api.call("GET", "//demo/crash/unknown").status_code == 404


@pytest.mark.parametrize("address", ["192.0.2.7", "2001:db8::1", "", "unix:"])
def test_other_machines_find_nothing(api: Api, address: str) -> None:
    """A client from elsewhere gets the 404 of an unknown address."""
    answer = api.call(
        "GET", "//demo/crash/division", environ_overrides={"REMOTE_ADDR": address}
    )

    assert answer.status_code == 404


@pytest.mark.parametrize("name", ["X-Forwarded-For", "Forwarded", "Via"])
def test_clients_behind_a_proxy_find_nothing(api: Api, name: str) -> None:
    """A proxy on this machine must not open the routes to the world."""
    answer = api.call("GET", "//demo/crash/division", headers={name: "203.0.113.9"})

    assert answer.status_code == 404


def test_an_outage_opens_the_circuit(api: Api) -> None:
    """First the dead service is tried, then refused with when to come back."""
    answers = [api.call("POST", "//demo/outage") for _ in range(5)]

    codes = [answer.get_json()["error"]["code"] for answer in answers]
    assert {answer.status_code for answer in answers} == {503}
    assert codes[-1] == "CIRCUIT_OPEN"
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 30


def test_an_expired_token_can_be_had(api: Api) -> None:
    """It is one's own, and refused because it has expired."""
    token = api.call("POST", "//demo/expired-token", api.person()).get_json()[
        "access_token"
    ]

    answer = api.call("GET", "/users/me", headers={"Authorization": f"Bearer {token}"})

    assert answer.get_json()["error"]["details"] == {"reason": "expired"}
