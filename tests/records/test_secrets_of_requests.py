"""Of a request only what may be kept reaches the sink, in bytes."""

from uuid import UUID

import pytest
from flask import Flask, request
from tests.records.conftest import ListSink

from failwell.records import Recorder

CANARY = "c4n4ry-hunter2"


@pytest.fixture
def app(recorder: Recorder) -> Flask:
    """An application whose every view fails."""
    app = Flask("shop")

    @app.route("/orders/<int:number>", methods=["GET", "POST"])
    @app.route("/reset/<token>")
    @app.route("/confirm/<uuid:token>")
    @app.route("/open/<int:pin>")
    def view(number: int = 0, token: str | UUID = "", pin: int = 0) -> str:
        try:
            password = request.headers.get("X-Password", "")
            raise ValueError({"password": password}, f"login with password={password}")
        except ValueError as error:
            try:
                raise RuntimeError("wrapped", number) from error
            except RuntimeError as wrapped:
                data = {
                    "body": request.get_json(silent=True),
                    "cookie": request.cookies,
                }
                return recorder.capture(wrapped, user_id="7", request_data=data)

    return app


def test_no_secret_of_a_request_reaches_the_sink(app: Flask, sink: ListSink) -> None:
    """Headers, cookies, query, path, body, messages and their arguments are clean."""
    client = app.test_client()
    client.set_cookie("session", CANARY)

    client.post(
        f"/orders/5?token={CANARY}&pass%77ord=two%20{CANARY}&q=Bearer%20{CANARY}&next=%2Fx%3Fapi_key%3D{CANARY}",
        headers={
            "Authorization": f"Bearer {CANARY}",
            "X-Password": CANARY,
            "X-Custom": CANARY,
            "Referer": f"https://bob:{CANARY}@example.com/?token={CANARY}",
            "User-Agent": f"agent token={CANARY}",
        },
        json={"user": [{"password": CANARY, "card": {"number": CANARY}}]},
    )
    client.get(f"/reset/{CANARY}")

    assert len(sink.payloads) == 2
    assert CANARY.encode() not in sink.every_byte


@pytest.mark.parametrize(
    ("rule", "secret"),
    [
        ("reset", CANARY),
        ("confirm", str(UUID(int=7))),
        ("confirm", str(UUID(int=0xABC << 80)).upper()),
        ("open", "4711"),
    ],
)
def test_a_secret_of_the_path_is_hidden_wherever_it_is_sent(
    app: Flask, sink: ListSink, rule: str, secret: str
) -> None:
    """Whatever its converter makes of it, and in the address that a form came from."""
    path = f"/{rule}/{secret}"

    app.test_client().get(
        f"{path}?next={path}", headers={"Referer": f"https://x{path}"}
    )

    (record,) = sink.records
    assert secret.encode() not in sink.every_byte
    assert record.request.path == f"/{rule}/[redacted]"
    assert record.request.headers["Referer"] == f"https://x/{rule}/[redacted]"


def test_what_helps_is_kept(app: Flask, sink: ListSink) -> None:
    """Method, rule, path, query and the allowed headers."""
    app.test_client().post(
        "/orders/5?page=2&q=a+b",
        headers={"User-Agent": "curl/8", "X-Other": "no"},
        json={"n": 1},
    )

    found = sink.records[0].request
    assert (found.method, found.route) == ("POST", "/orders/<int:number>")
    assert (found.path, found.query) == ("/orders/5", "page=2&q=a b")
    assert found.headers == {"Host": "localhost", "User-Agent": "curl/8"}
    assert (found.content_type, found.content_length) == ("application/json", 8)
    assert found.data["body"] == {"n": 1}
    assert [e.relation for e in sink.records[0].exceptions] == ["", "cause"]


def test_a_hostile_request_is_recorded(app: Flask, sink: ListSink) -> None:
    """Endless or broken lengths, headers and queries are bounded."""
    app.test_client().get(
        "/orders/5?" + "&".join(f"a{n}=%FF%00{n}" for n in range(5000)),
        headers={"User-Agent": "x" * 50_000},
        environ_overrides={"CONTENT_LENGTH": "9" * 5000},
    )

    assert len(sink.payloads[0]) < 20_000


def test_outside_of_a_request_there_is_none(recorder: Recorder, sink: ListSink) -> None:
    """A worker's error has no request."""
    recorder.capture(ValueError("x"))

    assert sink.records[0].request is None


@pytest.mark.parametrize("room", range(2200, 2540, 10))
def test_a_secret_across_a_cut_is_hidden(app: Flask, sink: ListSink, room: int) -> None:
    """Neither a long query nor a long header leaves the half of a password."""
    link = "x" * room + " postgresql://bob:hunter2hunter2@db/x"

    app.test_client().get("/orders/5", query_string={"q": link})
    app.test_client().get("/orders/5", headers={"User-Agent": link})

    assert b"hunter2" not in sink.every_byte
