"""`Failwell(app)`: what it wires, and what it leaves alone."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask

from failwell import Failwell, ValidationError
from failwell.logs._listener import LISTENER
from failwell.logs._setup import remove_logging
from failwell.testing import recorded_errors


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return the working directory of a test, with the logging restored behind it."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    level = root.level
    yield tmp_path
    remove_logging()
    LISTENER.stop()
    root.setLevel(level)
    structlog.reset_defaults()


def _app(folder: Path, **config: object) -> Flask:
    app = Flask("shop", instance_path=str(folder / "instance"))
    app.config.update(config, PROPAGATE_EXCEPTIONS=False)

    @app.get("/crash")
    def crash() -> str:
        message = "crashed"
        raise ValueError(message)

    return app


def test_under_test_nothing_is_written_to_disk(folder: Path) -> None:
    """Not even where the application asks for logging."""
    app = _app(folder, TESTING=True, FAILWELL_LOGGING=True)
    extension = Failwell(app)

    answer = app.test_client().get("/crash")
    with app.app_context():
        extension.error_logging_service.log_error(ValidationError())
        entries = extension.error_logging_service.get_recent_errors()

    assert answer.status_code == 500
    assert [entry.error_type for entry in entries] == ["ValidationError", "ValueError"]
    assert len(recorded_errors(app)) == 2
    assert list(folder.iterdir()) == []


def test_logging_is_set_up_only_where_it_is_asked_for(folder: Path) -> None:
    """The log of an application that has its own stays as it is."""
    handlers = logging.getLogger().handlers.copy()

    Failwell(_app(folder))
    untouched = logging.getLogger().handlers == handlers
    Failwell(_app(folder, FAILWELL_LOGGING=True))

    assert untouched
    assert "shop starts" in (folder / "logs" / "app.log").read_text()


def test_wiring_starts_nothing_and_writes_nothing(folder: Path) -> None:
    """A server that forks afterwards would lose threads and share open files."""
    Failwell(_app(folder))

    assert list(folder.iterdir()) == []


def test_a_second_registration_is_refused(folder: Path) -> None:
    """It would record everything twice; the message says what to remove."""
    app = _app(folder)
    Failwell().init_app(app)

    with pytest.raises(RuntimeError, match="remove the second"):
        Failwell(app)
