"""An API behind tokens: what every kind of bad one is answered with, headers included."""

import re

import jwt
import pytest
from flask import Flask, Response, request
from flask.testing import FlaskClient

from failwell import AuthenticationError, Failwell
from failwell.testing import recorded_errors

KEY = "a key that only the server knows"
PROBLEM = "application/problem+json"
BARE = 'Bearer realm="api"'
INVALID = f'{BARE}, error="invalid_token"'
PUBLIC_KEY = "-----BEGIN PUBLIC KEY-----\ncanary\n-----END PUBLIC KEY-----\n"

TOKENS = {
    "absent": (None, "AUTHENTICATION_ERROR", BARE),
    "another scheme": ("Basic YTpi", "AUTHENTICATION_ERROR", BARE),
    "expired": (f"Bearer {jwt.encode({'exp': 1}, KEY)}", "INVALID_TOKEN", INVALID),
    "forged": (f"Bearer {jwt.encode({}, 'x' * 32)}", "INVALID_TOKEN", INVALID),
    "unsigned": (
        f"Bearer {jwt.encode({'sub': '1'}, None, algorithm='none')}",
        "INVALID_TOKEN",
        INVALID,
    ),
    "line breaks": (
        "Bearer canary\r\nSet-Cookie: a=b\r\n\r\n<script>",
        "INVALID_TOKEN",
        INVALID,
    ),
    "no text": ("Bearer \xff\x00", "INVALID_TOKEN", INVALID),
    "empty": ("Bearer ", "INVALID_TOKEN", INVALID),
    "huge": (f"Bearer {'a' * 100_000}", "INVALID_TOKEN", INVALID),
}


def _claims(key: object) -> object:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer":
        raise AuthenticationError
    if isinstance(key, jwt.PyJWKClient):
        key = key.get_signing_key_from_jwt(token)
    return jwt.decode(token, key, algorithms=["HS256"])  # type: ignore[arg-type] # wrong ones, too


def _app(key: object = KEY) -> Flask:
    app = Flask("backend")
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)
    Failwell(app)

    @app.before_request
    def sign_in() -> None:
        _claims(key)

    @app.after_request
    def let_browsers_in(response: Response) -> Response:
        response.headers["Access-Control-Allow-Origin"] = "https://app.example"
        return response

    app.add_url_rule("/me", view_func=lambda: "fine")
    return app


def _get(client: FlaskClient, authorization: str | None, accept: str) -> Response:
    # Past Werkzeug's client, which would refuse to send some of them.
    sent = {} if authorization is None else {"HTTP_AUTHORIZATION": authorization}
    return client.get("/me", headers={"Accept": accept}, environ_overrides=sent)


def _check_headers(response: Response) -> None:
    """Assert what a browser and a supporter need on every answer."""
    assert response.headers["Access-Control-Allow-Origin"] == "https://app.example"
    assert re.fullmatch("[0-9a-f]{32}", response.headers["X-Request-ID"])
    assert "Set-Cookie" not in response.headers
    assert "canary" not in f"{response.headers} {response.text}"


@pytest.mark.parametrize("accept", ["*/*", PROBLEM])
@pytest.mark.parametrize("name", TOKENS)
def test_a_bad_token_is_401_with_its_challenge(name: str, accept: str) -> None:
    """No error code where no token was sent (RFC 6750, section 3), and nothing recorded."""
    authorization, code, challenge = TOKENS[name]
    app = _app()

    response = _get(app.test_client(), authorization, accept)

    told = response.get_json()
    told = told if accept == PROBLEM else told["error"]
    assert (response.status_code, told["code"]) == (401, code)
    assert response.headers.getlist("WWW-Authenticate") == [challenge]
    assert ("expired" in response.text.replace("or expired", "")) is (name == "expired")
    assert recorded_errors(app) == []
    _check_headers(response)


def test_a_good_token_passes() -> None:
    """Or the others would prove little."""
    token = jwt.encode({"sub": "1"}, KEY)

    assert _get(_app().test_client(), f"Bearer {token}", "*/*").status_code == 200


@pytest.mark.parametrize("key", [None, PUBLIC_KEY, 7])
def test_a_wrong_key_of_the_server_is_500(key: object) -> None:
    """Nobody is asked to sign in again for it, and it is recorded."""
    app = _app(key)
    token = jwt.encode({"sub": "1"}, KEY)

    response = _get(app.test_client(), f"Bearer {token}", "*/*")

    assert (response.status_code, response.json["error"]["code"]) == (
        500,
        "INTERNAL_ERROR",
    )
    assert "WWW-Authenticate" not in response.headers
    assert len(recorded_errors(app)) == 1
    _check_headers(response)


def test_a_key_server_that_is_away_is_503() -> None:
    """Nobody listens on the discard port."""
    app = _app(jwt.PyJWKClient("http://127.0.0.1:9/canary"))
    token = jwt.encode({"sub": "1"}, KEY, headers={"kid": "1"})

    response = _get(app.test_client(), f"Bearer {token}", "*/*")

    assert (response.status_code, response.json["error"]["code"]) == (
        503,
        "SERVICE_UNAVAILABLE",
    )
    assert "WWW-Authenticate" not in response.headers
    _check_headers(response)
