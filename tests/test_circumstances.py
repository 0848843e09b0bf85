"""What is known of an error beside its stack is shown: on the page and in the terminal."""

import logging
from pathlib import Path

import pytest
from flask import Flask, request

import failwell
from failwell import Failwell

KEY = "the console's key, only for tests"
TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    """Return an application that says all that it can, and fails."""
    app = Flask("shop", instance_path=str(tmp_path))
    app.config.update(
        FAILWELL_CONSOLE_KEY=KEY,
        FAILWELL_RECORDS_LOCALS=True,
        FAILWELL_RECORDS_IN_APP=__name__,
    )
    Failwell(app)
    app.logger.setLevel("INFO")

    @app.post("/orders/<int:number>")
    def order(number: int) -> str:
        failwell.set_user("ann-1")
        failwell.set_tags(tenant="acme")
        app.logger.info("order %s received", number)
        failwell.add_breadcrumb("charged the card", category="payment", amount=125)
        seats = {"window": number}
        try:
            return str(seats[request.get_json()["seat"]])
        except KeyError as error:
            failwell.capture(error, level="critical", basket=7031)
            raise

    return app


SHOWN = (
    "ann-1",
    "acme",
    TRACE,
    "critical",
    "order 12 received",
    "charged the card",
    "125",
    "7031",
    "aisle",
    "seats",
)


@pytest.fixture
def error_id(app: Flask, caplog: pytest.LogCaptureFixture) -> str:
    """Return the id of the error that was captured."""
    caplog.set_level(logging.CRITICAL + 1)
    answer = app.test_client().post(
        "/orders/12?page=3",
        json={"seat": "aisle"},
        headers={"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"},
    )
    return str(answer.json["error"]["id"])


@pytest.mark.parametrize("text", SHOWN)
def test_the_page_of_an_error_shows_it(app: Flask, error_id: str, text: str) -> None:
    """User, tags, trace, level, breadcrumbs, context, body and variables."""
    client = app.test_client()
    client.post("/failwell/signin", data={"key": KEY})

    found = client.get(f"/failwell/errors?id={error_id}", follow_redirects=True)

    assert text in found.text


@pytest.mark.parametrize("text", SHOWN)
def test_the_terminal_shows_it(app: Flask, error_id: str, text: str) -> None:
    """The same, by `flask failwell show`."""
    shown = app.test_cli_runner().invoke(args=["failwell", "show", error_id])

    assert text in shown.output
