"""Registering, signing in, and which tokens are believed."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from meetings_api import Api

KEY = "a key that only tests know, long enough"


def _claims(user_id: int, **changed: object) -> dict[str, object]:
    now = datetime.now(UTC)  # noqa: TID251 - PyJWT compares with the real clock
    claims = {
        "iss": "meetings",
        "aud": "meetings-api",
        "sub": str(user_id),
        "jti": "x",
        "iat": now,
        "nbf": now,
        "exp": now + timedelta(minutes=5),
        **changed,
    }
    return {name: value for name, value in claims.items() if value is not None}


def _token(claims: dict[str, Any], key: str = KEY, **more: Any) -> str:  # noqa: ANN401 - PyJWT's
    more.setdefault("headers", {"typ": "at+jwt"})
    return jwt.encode(claims, key, **{"algorithm": "HS256", **more})


def _whoami(api: Api, header: str | None) -> tuple[int, Any, str | None]:
    headers = {} if header is None else {"Authorization": header}
    answer = api.call("GET", "/users/me", headers=headers)
    return (
        answer.status_code,
        answer.get_json().get("error"),
        answer.headers.get("WWW-Authenticate"),
    )


def test_registered_user_signs_in(api: Api) -> None:
    """A user in is a user out, without the password, and its tokens work."""
    body = {"email": "Ada@Example.com", "name": " Ada ", "password": "a-long-password"}

    created = api.call("POST", "/users", json=body)
    tokens = api.sign_in("ada@example.com", "a-long-password")
    header = {"Authorization": f"Bearer {tokens['access_token']}"}
    me = api.call("GET", "/users/me", headers=header)

    assert created.status_code == 201
    assert created.headers["Location"] == "/api/v1/users/me"
    assert me.get_json() == created.get_json()
    assert me.get_json() == {
        "id": 1,
        "email": "ada@example.com",
        "name": "Ada",
        "role": "member",
    }
    assert tokens.keys() == {
        "access_token",
        "refresh_token",
        "token_type",
        "expires_in",
    }
    assert (tokens["token_type"], tokens["expires_in"]) == ("Bearer", 900)


def test_an_address_registers_once(api: Api) -> None:
    """The same address in other letters is taken."""
    body = {"email": "ada@example.com", "name": "Ada", "password": "a-long-password"}
    api.call("POST", "/users", json=body)

    answer = api.call("POST", "/users", json={**body, "email": "ADA@example.com"})

    assert answer.status_code == 409
    assert answer.get_json()["error"] == {
        "code": "CONFLICT",
        "message": "This e-mail address is registered already",
        "details": {"field": "email"},
    }


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("email", "no-at-sign"),
        ("email", "ada@ex ample.com"),
        ("email", "a" * 300 + "@example.com"),
        ("email", 7),
        ("name", ""),
        ("name", "  "),
        ("name", "Ada\0"),
        ("name", "Ada\r\nLovelace"),
        ("name", "x" * 201),
        ("password", "tiny"),
        ("password", "x" * 129),
        ("password", None),
        ("role", "admin"),
        ("id", 1),
    ],
)
def test_bad_registration_names_the_field(
    shared_api: Api, field: str, value: object
) -> None:
    """400 with the field; nothing can be smuggled in, and no value comes back."""
    body = {"email": "ada@example.com", "name": "Ada", "password": "a-long-password"}

    answer = shared_api.call("POST", "/users", json={**body, field: value})

    error = answer.get_json()["error"]
    assert (answer.status_code, error["code"]) == (400, "VALIDATION_ERROR")
    assert list(error["details"]) == [field]
    assert (
        not isinstance(value, str)
        or value not in json.dumps(error["details"])
        or not value.strip()
    )


def test_unknown_user_and_wrong_password_look_alike(api: Api) -> None:
    """The bodies are the same, byte for byte."""
    ada = api.person()

    bodies = [
        api.call("POST", "/auth/token", json={"email": e, "password": "wrong-password"})
        for e in (ada.email, "nobody@example.com")
    ]

    assert [body.status_code for body in bodies] == [401, 401]
    assert bodies[0].data == bodies[1].data
    assert bodies[0].headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("header", [None, "Basic YTpi", "Bearer", "Bearer ", "x"])
def test_no_token_is_a_challenge(shared_api: Api, header: str | None) -> None:
    """Without a bearer token: 401, and a challenge without an error (RFC 6750)."""
    status, error, challenge = _whoami(shared_api, header)

    assert (status, error["code"]) == (401, "AUTHENTICATION_ERROR")
    assert challenge is not None
    assert "error=" not in challenge


@pytest.mark.parametrize(
    "changed",
    [
        {"aud": "other"},
        {"aud": None},
        {"iss": "other"},
        {"iss": None},
        {"exp": None},
        {"jti": None},
        {"iat": None},
        {"nbf": None},
        {"sub": None},
        {"sub": 1},
        {"nbf": 4_000_000_000},
        {"iat": 4_000_000_000},
        {"sub": "999"},
        {"sub": "abc"},
        {"sub": ""},
        {"sub": " 1 "},
        {"sub": "1_0"},
        {"sub": "\u0661"},
        {"sub": "9" * 30},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(shared_api: Api, changed: dict[str, object]) -> None:
    """Every claim must be there and right."""
    ada = shared_api.person()

    status, error, challenge = _whoami(
        shared_api, f"Bearer {_token(_claims(ada.id, **changed))}"
    )

    assert (status, error["code"]) == (401, "INVALID_TOKEN")
    assert "reason" not in error["details"]
    assert challenge is not None
    assert 'error="invalid_token"' in challenge


def test_a_right_claim_is_believed(api: Api) -> None:
    """The tests above refuse because of what they change, and nothing else."""
    ada = api.person()

    assert _whoami(api, f"Bearer {_token(_claims(ada.id))}")[0] == 200


def test_an_expired_token_says_so(api: Api) -> None:
    """Expiry alone is told, so that a client knows to refresh."""
    ada = api.person()

    status, error, _ = _whoami(
        api, f"Bearer {_token(_claims(ada.id, exp=1_000_000_000))}"
    )

    assert status == 401
    assert error["details"] == {"reason": "expired"}


@pytest.mark.parametrize(
    "forge",
    [
        lambda claims: _token(claims, key="another key that is also long enough"),
        lambda claims: _token(claims, key=KEY * 2, algorithm="HS512"),
        lambda claims: _token(claims, key="", algorithm="none"),
        lambda claims: _token(claims)[:-4],
        lambda claims: _token(claims).rsplit(".", 1)[0] + ".",
        lambda claims: _token(claims, headers={"typ": "JWT"}),
        lambda claims: _token(claims, headers={"typ": "rt+jwt"}),
        lambda claims: _token(claims, headers={"typ": "at+jwt", "crit": ["x"], "x": 1}),
        lambda claims: _token(claims, headers={"typ": "at+jwt", "kid": "../null"}),
        lambda claims: _token(claims, headers={"typ": "at+jwt", "jku": "http://[::1]"}),
        lambda claims: _token({**claims, "padding": "x" * 5_000}),
        lambda _: "x" * 300_000,
        lambda _: "a.b.c",
        lambda _: "ÿ.é.ü",
        lambda _: ".".join([base64.b64encode(b"[" * 900).decode()] * 3),
    ],
)
def test_a_forged_token_is_refused(
    shared_api: Api, forge: Callable[[dict[str, object]], str]
) -> None:
    """Other keys, algorithms, kinds and sizes are all the same 401."""
    ada = shared_api.person()

    status, error, _ = _whoami(shared_api, f"Bearer {forge(_claims(ada.id))}")

    assert (status, error["code"]) == (401, "INVALID_TOKEN")


def test_a_refresh_token_is_no_access_token(api: Api) -> None:
    """What sign-in hands out for refreshing opens nothing."""
    ada = api.person()
    refresh = api.sign_in(ada.email, ada.password)["refresh_token"]

    assert _whoami(api, f"Bearer {refresh}")[0] == 401
