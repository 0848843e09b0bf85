"""Secrets planted wherever an application has them are found nowhere that failwell writes."""

import logging
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

import pytest
import structlog
from flask import Flask, request
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool

from failwell import Failwell, add_breadcrumb, set_tags
from failwell._journal import journal_of
from failwell.logs._listener import LISTENER
from failwell.logs._setup import remove_logging

# Made at run time, so that no source line around a frame holds it.
CANARY = f"c4n4ry{uuid.uuid4().hex}"
MARKER = "seen-and-kept"
KEY = "the console's key, only for tests"


class Login(NamedTuple):
    """What a view may hold."""

    user: str
    password: str


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


def _say_everything() -> None:
    """Say secrets of the request in tags, breadcrumbs and log lines."""
    set_tags(tenant=MARKER, api_key=CANARY, link=f"https://bob:{CANARY}@host/")
    add_breadcrumb(f"login with password={CANARY}", headers={"Cookie": CANARY})
    # The line itself is the application's; what it becomes in a record is ours.
    line = logging.getLogger("quiet").makeRecord
    line("quiet", logging.INFO, "", 1, "token=%s of %s", (CANARY, MARKER), None)


def _hold_everything() -> None:
    """Fail with secrets in local variables, messages, notes, causes and members."""
    login = Login(MARKER, CANARY)
    headers = [("X-Api-Key", CANARY), (b"cookie", CANARY)]
    dsn = f"postgresql://bob:{CANARY}@db/shop"
    body, form = request.get_json(silent=True), request.form
    try:
        engine = create_engine("sqlite://", poolclass=NullPool)
        with engine.connect() as connection:
            connection.execute(text("SELECT :p FROM nowhere"), {"p": CANARY})
    except Exception as error:
        error.add_note(f"with Authorization: Bearer {CANARY}")
        member = ValueError({"password": CANARY, "rows": [login, headers]})
        message = f"{MARKER} {dsn} secret={CANARY} {body and 1} {form and 1}"
        raise ExceptionGroup(message, [member, KeyError(f"sid={CANARY}")]) from error


def _app(folder: Path) -> Flask:
    app = Flask("shop", instance_path=str(folder / "instance"))
    app.config.update(
        PROPAGATE_EXCEPTIONS=False,
        FAILWELL_LOGGING=True,
        FAILWELL_CONSOLE_KEY=KEY,
        FAILWELL_RECORDS_LOCALS=True,
        FAILWELL_RECORDS_HEADERS="X-Api-Key, X-Session, X-Plain",
    )
    failwell = Failwell(app)

    @app.route("/crash/<token>", methods=["GET", "POST"])
    def crash(token: str) -> str:
        _say_everything()
        password = token
        data = {"session": CANARY, "deep": [{"cvv": CANARY}], "kept": MARKER}
        failwell.error_logging_service.log_error(
            ValueError(f"explicit token={password}"), request_data=data
        )
        _hold_everything()
        return ""

    return app


def _attack(client: FlaskClient) -> None:
    """Send secrets in every part of a request."""
    client.set_cookie("session", CANARY)
    url = (
        f"/crash/{CANARY}?token={CANARY}&q={MARKER}&pass%77ord=a+{CANARY}"
        f"&next=%2F%3Fapi_key%3D{CANARY}"
    )
    headers = {
        "Authorization": f"Bearer {CANARY}",
        "X-Api-Key": CANARY,
        "X-Session": CANARY,
        "X-Plain": f"{MARKER} Basic {CANARY}",
        "X-Other": CANARY,
        "Referer": f"https://bob:{CANARY}@example.com/?token={CANARY}",
        "User-Agent": f"{MARKER} token={CANARY}",
    }
    json = {"kept": MARKER, "a": [{"password": CANARY}], "b": ["pwd", CANARY]}
    form = {"kept": MARKER, "card[number]": CANARY, "api-key": CANARY}
    assert client.post(url, headers=headers, json=json).status_code == 500
    assert client.post(url, headers=headers, data=form).status_code == 500


def _pages(client: FlaskClient, *paths: str) -> bytes:
    answers = [client.get(f"/failwell/{path}") for path in paths]
    assert {answer.status_code for answer in answers} == {200}
    return b"".join(answer.data for answer in answers)


def _printed(app: Flask, *commands: str) -> bytes:
    runs = [
        app.test_cli_runner().invoke(args=["failwell", *command.split()])
        for command in commands
    ]
    assert {run.exit_code for run in runs} == {0}
    return b"".join(run.output.encode() for run in runs)


def _written(folder: Path, *names: str) -> bytes:
    return b"\n".join(
        file.read_bytes() for name in names for file in sorted(folder.rglob(name))
    )


def test_no_planted_secret_is_found_anywhere(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Spool, store, log, standard error, export and pages; what is no secret is there."""
    app = _app(folder)
    journal = journal_of(app)
    client = app.test_client()

    _attack(client)
    places = {"spool": _written(folder, "*.seg", "*.cnt")}
    assert journal.settle(10)
    assert LISTENER.settle(10)
    places["store"] = _written(folder, "store.db*")
    places["log"] = _written(folder, "app.log*")
    groups = _groups(folder)
    commands = [f"show {group} --json" for group in groups]
    places["export"] = _printed(app, *commands)
    places["screen"] = _printed(app, "errors", *(f"show {group}" for group in groups))
    client.post("/failwell/signin", data={"key": KEY})
    places["pages"] = _pages(client, *(f"groups/{group}" for group in groups))
    places["console"] = _pages(client, *(f"api/groups/{group}" for group in groups))
    said = "".join(capfd.readouterr())

    assert [name for name, found in places.items() if CANARY.encode() in found] == []
    assert [
        name for name, found in places.items() if MARKER.encode() not in found
    ] == []
    assert CANARY not in said
    explicit, crash = sorted(journal.store.recent(2), key=lambda r: not r.explicit)
    assert explicit.request.data["kept"] == crash.request.body["kept"][0] == MARKER
    assert crash.tags["tenant"] == MARKER
    assert [crumb.category for crumb in crash.breadcrumbs] == ["note", "log"]
    assert [bool(info.notes) for info in crash.exceptions] == [
        False,
        True,
        *[False] * 3,
    ]
    assert "login" in str(crash.exceptions[0].variables)
    assert journal.recorder.dropped == {}


def _groups(folder: Path) -> list[int]:
    (file,) = folder.rglob("store.db")
    with closing(sqlite3.connect(file)) as connection:
        found = connection.execute("SELECT id FROM groups").fetchall()
    return [row[0] for row in found]
