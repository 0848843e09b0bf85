"""Request ids: taken when sane, made otherwise, returned always, gone afterwards."""

from collections.abc import Iterator

import pytest
from flask import Flask, Response, send_file

from failwell._request_id import current_request_id, install_request_ids


@pytest.fixture
def app() -> Flask:
    """Return an application that answers with the id it sees."""
    app = Flask(__name__)
    install_request_ids(app)
    install_request_ids(app)

    @app.get("/")
    def index() -> str:
        return current_request_id() or ""

    @app.get("/stream")
    def stream() -> Response:
        def body() -> Iterator[str]:
            yield current_request_id() or "none"

        return Response(body())

    @app.get("/file")
    def file() -> Response:
        return send_file(__file__)

    @app.get("/boom")
    def boom() -> str:
        message = "boom"
        raise ValueError(message)

    return app


@pytest.mark.parametrize("sent", ["7", "a1b2c3d4", "01J-abc.DEF_~+/=9", "x" * 128])
def test_sane_id_is_taken(app: Flask, sent: str) -> None:
    """What another service sent ties the two services together."""
    answer = app.test_client().get("/", headers={"X-Request-ID": sent})

    assert answer.text == sent
    assert answer.headers.getlist("X-Request-ID") == [sent]


@pytest.mark.parametrize("sent", ["", "x" * 129, "a b c d e f", "ümläutümläut"])
def test_other_ids_are_replaced(app: Flask, sent: str) -> None:
    """What could forge or flood log lines is not taken."""
    answer = app.test_client().get("/", headers={"X-Request-ID": sent})

    assert answer.text != sent
    assert len(answer.text) == 32
    assert answer.headers["X-Request-ID"] == answer.text


@pytest.mark.parametrize("path", ["/stream", "/file", "/nowhere", "/boom"])
def test_every_answer_carries_one(app: Flask, path: str) -> None:
    """Streams, files, unknown URLs and crashes carry an id too."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    with app.test_client().get(path) as answer:
        assert len(answer.headers["X-Request-ID"]) == 32


def test_stream_still_knows_its_id(app: Flask) -> None:
    """The body of a stream is made after the view returned, within the request."""
    answer = app.test_client().get("/stream")

    assert answer.text == answer.headers["X-Request-ID"]


@pytest.mark.parametrize("path", ["/", "/stream", "/file", "/boom"])
def test_id_is_gone_after_the_request(app: Flask, path: str) -> None:
    """A line logged between two requests belongs to neither."""
    app.config["PROPAGATE_EXCEPTIONS"] = False

    app.test_client().get(path).close()

    assert current_request_id() is None


def test_id_is_gone_after_a_crash_that_escapes(app: Flask) -> None:
    """Also when the exception leaves the application."""
    app.testing = True

    with pytest.raises(ValueError, match="boom"):
        app.test_client().get("/boom")

    assert current_request_id() is None
