"""An application that only sets a channel is told, by whichever process ships."""

from pathlib import Path
from typing import Any

from flask import Flask
from receivers import Receiver

from failwell import Failwell
from failwell._clock import SYSTEM_CLOCK

SECRET = "a-secret-of-the-webhook"
ATTEMPTS = 600


def _app(folder: Path, **given: Any) -> Flask:  # noqa: ANN401 - settings
    app = Flask("wired", instance_path=str(folder))
    app.config.update({f"FAILWELL_{name.upper()}": v for name, v in given.items()})

    @app.get("/")
    def fail() -> str:
        raise LookupError("nothing here")

    Failwell(app)
    return app


def _told(webhooks: Receiver) -> dict[str, Any]:
    to = f"webhook+http://{SECRET}@127.0.0.1:{webhooks.port}"
    return {"alerts_to": to, "alerts_private_webhooks": True}


def _is_told(webhooks: Receiver) -> bool:
    # Of circuits that other tests have left open it may be told, too.
    told = (body for _, _, body in webhooks.requests)
    return any(b"New error: LookupError" in body for body in told)


def test_ship_once_judges_and_sends(tmp_path: Path, webhooks: Receiver) -> None:
    """Where nothing else runs, cron is enough."""
    app = _app(tmp_path, **_told(webhooks))
    try:
        raise LookupError("nothing here")
    except LookupError as error:
        app.extensions["failwell"].recorder.capture(error)

    result = app.test_cli_runner().invoke(args=["failwell", "ship", "--once"])

    assert "Moved 1 records" in result.output
    assert _is_told(webhooks)


def test_the_elected_thread_judges_and_sends(
    tmp_path: Path, webhooks: Receiver
) -> None:
    """From the first request on; and it ends with the shipper."""
    before = _app(tmp_path)
    before.test_client().get("/")
    journal = before.extensions["failwell"]
    assert journal.settle(30)
    journal._parts.shipper.stop()
    after = _app(tmp_path, **_told(webhooks))

    after.test_client().get("/unknown")

    for _ in range(ATTEMPTS):
        if _is_told(webhooks):
            break
        SYSTEM_CLOCK.sleep(0.05)
    after.extensions["failwell"]._parts.shipper.stop()
    assert _is_told(webhooks)


def test_under_test_nobody_is_told(tmp_path: Path, webhooks: Receiver) -> None:
    """Whoever runs the tests of an application wakes nobody."""
    app = _app(tmp_path, **_told(webhooks))
    app.config.update(TESTING=True, PROPAGATE_EXCEPTIONS=False)

    app.test_client().get("/")

    assert app.extensions["failwell"].settle()

    assert webhooks.requests == []
