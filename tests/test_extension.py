"""`Failwell(app)`: what it wires, and what it leaves alone."""

import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from flask import Flask, request
from flask.cli import FlaskGroup

from failwell import Failwell, ValidationError
from failwell._journal import journal_of
from failwell.logs._listener import LISTENER
from failwell.logs._setup import remove_logging
from failwell.records._places import count_in_app
from failwell.spool import FrameKind
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


def test_the_application_says_whose_an_error_is_and_what_it_belongs_to(
    folder: Path,
) -> None:
    """By functions that are asked, registered before the application is wired, too."""
    app = _app(folder, TESTING=True)
    extension = Failwell()

    @extension.user
    def who() -> int:
        return int(request.args["user"])

    @extension.group
    def same(error: BaseException) -> list[str]:
        return ["all", type(error).__name__]

    extension.init_app(app)
    for user in (1, 2):
        app.test_client().get(f"/crash?user={user}")

    first, second = recorded_errors(app)
    assert (first.user_id, second.user_id) == ("1", "2")
    assert first.group == second.group
    frames = [f for unit in journal_of(app).source.units() for f in unit.frames(0)]
    users = [f.payload for f in frames if f.kind is FrameKind.USER]
    assert len({payload[:8] for payload in users}) == 1
    assert len({payload[8:] for payload in users}) == 2


def test_frames_count_as_in_app_where_the_settings_say_so(folder: Path) -> None:
    """The longest name counts, before the place of the file."""
    said = "json.decoder, -tests"
    app = _app(folder, TESTING=True, FAILWELL_RECORDS_IN_APP=said)
    Failwell(app)

    @app.get("/decode")
    def decode() -> object:
        return json.loads("{")

    app.test_client().get("/decode")

    (record,) = recorded_errors(app)
    found = {frame.module: frame.in_app for frame in record.exceptions[0].frames}
    assert found["json.decoder"]
    assert not found["json"]
    assert not found["tests.test_extension"]
    count_in_app(["-json.decoder", "tests"])


def test_a_bad_setting_is_a_sentence_to_those_who_type_commands(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Not a traceback with the sentence below it."""

    def make() -> Flask:
        app = _app(folder, FAILWELL_SPOOL_DURABILITY="eternal")
        Failwell(app)
        return app

    with pytest.raises(SystemExit) as ended:
        FlaskGroup(create_app=make).main(["failwell", "errors"])

    said = capsys.readouterr().err
    assert ended.value.code == 1
    assert said.startswith("Error: FAILWELL_SPOOL_DURABILITY is a str; allowed:")
    assert said.count("\n") == 1
