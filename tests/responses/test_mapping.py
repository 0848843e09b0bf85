"""The table from exceptions to answers."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import jwt
import pytest
from sqlalchemy import exc as sqlalchemy_exc
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    InternalServerError,
    LengthRequired,
    MethodNotAllowed,
    NotFound,
    ServiceUnavailable,
    TooManyRequests,
    Unauthorized,
    default_exceptions,
)

from failwell.catalog import status_code_name
from failwell.exceptions import (
    AppError,
    AuthenticationError,
    ConflictError,
    DatabaseError,
    NotFoundError,
    ServiceUnavailableError,
    ValidationError,
)
from failwell.responses import to_app_error

KEY = "k" * 32


def test_an_app_error_is_its_own_answer() -> None:
    """What the application raises on purpose passes unchanged."""
    error = ConflictError()

    assert to_app_error(error) is error
    assert error.__cause__ is None


@pytest.mark.parametrize("kind", default_exceptions.values())
def test_an_http_exception_keeps_its_status(kind: type[HTTPException]) -> None:
    """Every class of Werkzeug has its own status, and its phrase as the code."""
    raised = kind()

    error = to_app_error(raised)

    assert error.status_code == raised.code
    assert error.code == status_code_name(raised.code or 0)
    assert error.message
    assert error.__cause__ is raised


@pytest.mark.parametrize("code", [None, 0, 100, 200, 204, 600, 999, "404"])
def test_a_status_that_is_no_error_becomes_500(code: object) -> None:
    """Raising is never a success, whatever the class says."""
    raised = type("Strange", (HTTPException,), {"code": code})("secret")

    error = to_app_error(raised)

    assert (error.status_code, error.code) == (500, "INTERNAL_ERROR")
    assert "secret" not in error.message


def test_an_unknown_url_has_the_message_of_the_contract() -> None:
    """The default text of a 404 is replaced, an own text stays."""
    assert to_app_error(NotFound()).message == "Resource not found"
    assert to_app_error(NotFound("No such room")).message == "No such room"


def test_a_500_hides_its_description() -> None:
    """The description of an InternalServerError may be anything, so it is not sent."""
    error = to_app_error(InternalServerError("password=hunter2"))

    assert error.message == "An internal server error occurred"


def test_headers_of_the_body_are_dropped_and_all_others_kept() -> None:
    """The content type was that of HTML; `Allow` is a fact."""
    error = to_app_error(MethodNotAllowed(["GET", "HEAD"]))

    assert error.headers == (("Allow", "GET, HEAD"),)


@pytest.mark.parametrize(
    ("seconds", "sent"), [(0, "0"), (0.2, "1"), (5, "5"), (-5, "0"), (61.5, "62")]
)
@pytest.mark.parametrize("kind", [TooManyRequests, ServiceUnavailable])
def test_retry_after_is_whole_and_never_negative(
    kind: type[TooManyRequests], seconds: float, sent: str
) -> None:
    """Seconds are rounded up: RFC 9110 knows no fractions."""
    raised = kind(retry_after=seconds)

    assert dict(to_app_error(raised).headers) == {"Retry-After": sent}


@pytest.mark.parametrize("seconds", [float("nan"), float("inf")])
def test_a_retry_after_without_end_is_not_sent(seconds: float) -> None:
    """A wait that is no number of seconds says nothing."""
    raised = TooManyRequests(retry_after=seconds)

    assert to_app_error(raised).status_code == 429
    assert to_app_error(raised).headers == ()


def test_a_503_is_kin_of_service_unavailable() -> None:
    """It is not recorded, though it is above 500."""
    error = to_app_error(ServiceUnavailable())

    assert error.record is False
    assert error.retryable
    assert error.code == ServiceUnavailableError().code


@pytest.mark.parametrize("status", [402, 418, 451, 499])
def test_a_subclass_decides_its_status(status: int) -> None:
    """Statuses that Werkzeug has no class for are kept."""
    raised = type("Own", (HTTPException,), {"code": status})("Pay first")

    error = to_app_error(raised)

    assert (error.status_code, error.message) == (status, "Pay first")


def test_a_description_that_is_no_text_is_made_one() -> None:
    """Lazy translations and numbers are valid descriptions."""
    assert to_app_error(BadRequest(5)).message == "5"
    assert to_app_error(LengthRequired()).status_code == 411


@pytest.mark.parametrize(
    "raised",
    [
        sqlalchemy_exc.IntegrityError("INSERT secret", {"p": 1}, Exception("secret")),
        sqlalchemy_exc.OperationalError("SELECT secret", {}, Exception("secret")),
        sqlalchemy_exc.PendingRollbackError("secret"),
    ],
)
def test_a_database_fault_says_nothing_of_itself(raised: Exception) -> None:
    """Neither SQL nor values reach the answer; the cause is chained for the record."""
    error = to_app_error(raised)

    assert isinstance(error, DatabaseError)
    assert error.message == "A database error occurred"
    assert "secret" not in json.dumps(error.to_dict())
    assert error.__cause__ is raised


def _token_fault(token: str, **claims: object) -> Exception:
    with pytest.raises(jwt.PyJWTError) as caught:
        jwt.decode(token, KEY, algorithms=["HS256"], **claims)
    return caught.value


@pytest.mark.parametrize(
    "token",
    [
        "no token at all",
        "a.b.c",
        jwt.encode({"sub": "1"}, "x" * 32),
        jwt.encode({"sub": "1"}, "", algorithm="none"),
        jwt.encode({"nbf": 9_999_999_999}, KEY),
        jwt.encode({"aud": "others"}, KEY),
        jwt.encode({"sub": 1}, KEY),
    ],
)
def test_a_token_that_is_not_valid_is_401_without_a_reason(token: str) -> None:
    """A forger learns nothing of what is wrong with it."""
    error = to_app_error(_token_fault(token))

    assert (error.status_code, error.code) == (401, "INVALID_TOKEN")
    assert error.message == "Invalid or expired token"
    assert error.details == {}
    assert dict(error.headers)["WWW-Authenticate"].startswith("Bearer ")
    assert 'error="invalid_token"' in dict(error.headers)["WWW-Authenticate"]


def test_an_expired_token_says_so() -> None:
    """The client refreshes an expired token instead of asking for a password."""
    error = to_app_error(_token_fault(jwt.encode({"exp": 1}, KEY)))

    assert (error.code, error.details) == ("INVALID_TOKEN", {"reason": "expired"})


@pytest.mark.parametrize(
    "raised",
    [
        jwt.exceptions.InvalidKeyError("secret"),
        jwt.exceptions.MissingCryptographyError("secret"),
        jwt.exceptions.PyJWKError("secret"),
        TypeError("Expecting a PEM-formatted key: secret"),
    ],
)
def test_a_wrong_key_of_the_server_is_its_own_fault(raised: Exception) -> None:
    """The client did nothing wrong: 500, and not a word about keys."""
    error = to_app_error(raised)

    assert (error.status_code, error.code) == (500, "INTERNAL_ERROR")
    assert error.message == "An internal server error occurred"


@pytest.fixture
def key_server() -> Iterator[str]:
    """Serve a set with one key, and at `/none` something that is no set."""
    key = {"kty": "oct", "k": "a2V5", "kid": "known", "use": "sig", "alg": "HS256"}

    class Keys(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = [] if self.path == "/none" else {"keys": [key]}
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Keys) as server:
        thread = threading.Thread(
            target=server.serve_forever, args=(0.01,), daemon=True
        )
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_token_naming_an_unknown_key_is_not_valid(key_server: str) -> None:
    """PyJWT has no class of its own for it; a new wording there turns this red."""
    with pytest.raises(jwt.PyJWKClientError) as caught:
        jwt.PyJWKClient(key_server).get_signing_key("forged")

    assert to_app_error(caught.value).code == "INVALID_TOKEN"


def test_a_key_server_that_is_broken_is_not_the_clients_fault(key_server: str) -> None:
    """The same class as for an unknown key, another status."""
    with pytest.raises(jwt.PyJWKClientError) as caught:
        jwt.PyJWKClient(f"{key_server}/none").get_signing_key("known")

    assert to_app_error(caught.value).status_code == 500


def test_a_key_server_that_is_away_is_503() -> None:
    """Nobody listens on the discard port."""
    with pytest.raises(jwt.exceptions.PyJWKClientConnectionError) as caught:
        jwt.PyJWKClient("http://127.0.0.1:9").fetch_data()

    assert to_app_error(caught.value).status_code == 503


def test_a_group_of_known_errors_is_answered_with_the_worst() -> None:
    """Of a 400 and a 409 the client sees the 409."""
    group = ExceptionGroup("several", [ValidationError(), ConflictError()])
    nested = ExceptionGroup("outer", [group, BadRequest()])

    assert to_app_error(group) is group.exceptions[1]
    assert to_app_error(nested).status_code == 409


def test_a_group_with_one_unexpected_error_is_unexpected() -> None:
    """One fault that nobody foresaw is reason enough for 500."""
    group = ExceptionGroup("several", [ValidationError(), KeyError("secret")])

    error = to_app_error(group)

    assert (error.code, error.status_code) == ("INTERNAL_ERROR", 500)
    assert error.__cause__ is group


@pytest.mark.parametrize(
    "raised", [KeyError("secret"), RecursionError("secret"), SystemExit("secret")]
)
def test_anything_else_is_an_internal_error(raised: BaseException) -> None:
    """Its text stays inside, its cause is chained."""
    error = to_app_error(raised)

    assert error.to_dict() == {
        "error": {
            "code": "INTERNAL_ERROR",
            "message": "An internal server error occurred",
            "details": {},
        }
    }
    assert error.__cause__ is raised


def test_a_401_of_werkzeug_keeps_its_challenges() -> None:
    """They are not the business of the table; the renderer adds a missing one."""
    assert to_app_error(Unauthorized()).headers == ()
    assert AuthenticationError().headers != ()
    assert isinstance(to_app_error(NotFoundError("Room", 1)), AppError)
