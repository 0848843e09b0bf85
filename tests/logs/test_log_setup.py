"""`setup_logging`: where lines go, how often, and what stands in each."""

import json
import logging
import re
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import structlog
from concurrent_log_handler import ConcurrentRotatingFileHandler
from flask import Flask
from flask.cli import FlaskGroup
from flask.logging import default_handler

from failwell.logs import setup_logging
from failwell.logs._handlers import ConsoleHandler, QueuedHandler
from failwell.logs._setup import remove_logging

LINE = re.compile(
    r"(?P<time>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z) (?P<level>[A-Z]+) "
    r"(?P<logger>\S+): (?P<message>.*) \[in (?P<path>.*):(?P<line>\d+)\] (?P<id>\S+)"
)
Make = Callable[..., Flask]


def _ours() -> list[QueuedHandler]:
    return [h for h in logging.getLogger().handlers if isinstance(h, QueuedHandler)]


def test_a_line_says_when_what_and_where(make_app: Make, lines: Callable) -> None:
    """Time, level, logger, message, path, line number, and `-` for no request."""
    app = make_app()

    app.logger.info("sold %d", 3)

    found = LINE.fullmatch(lines()[-1])
    assert found is not None
    assert found["level"] == "INFO"
    assert found["logger"] == "shop"
    assert found["message"] == "sold 3"
    assert found["path"] == __file__
    assert found["id"] == "-"


def test_the_first_line_says_what_is_running(make_app: Make, lines: Callable) -> None:
    """It names application, release, environment, process and file."""
    make_app(FAILWELL_RELEASE="1.2", FAILWELL_ENVIRONMENT="staging")

    first = lines()[0]

    assert "shop 1.2 starts: environment staging" in first
    assert "app.log" in first


def test_a_command_of_the_application_is_no_start(
    make_app: Make, lines: Callable
) -> None:
    """`flask failwell errors` neither begins with a line nor looks like a restart."""
    running: list[Flask] = []

    def make() -> Flask:
        app = make_app("office")
        app.cli.command("count")(lambda: app.logger.info("counted"))
        running.append(app)
        return app

    FlaskGroup(create_app=make).main(["count"], standalone_mode=False)
    in_command = lines()
    FlaskGroup(create_app=lambda: make_app("shop")).main(
        ["routes"], standalone_mode=False
    )

    assert len(running) == 1
    assert [LINE.fullmatch(line)["message"] for line in in_command] == ["counted"]
    assert "shop starts" in lines()[-1]


def test_others_may_not_read_rotated_files_either(make_app: Make, folder: Path) -> None:
    """Every file of the log has mode 0640, the first as well as those that follow."""
    app = make_app(FAILWELL_LOGS_MAX_BYTES=1024)
    for number in range(30):
        app.logger.info("line %d", number)
    remove_logging()

    files = list((folder / "logs").iterdir())
    assert len(files) > 2
    assert {stat.S_IMODE(file.stat().st_mode) for file in files} == {0o640}


def test_the_defaults_are_those_of_the_contract(make_app: Make, folder: Path) -> None:
    """1 MiB, 10 backups, file at INFO, console at DEBUG, application at INFO."""
    app = make_app()

    console, file = _ours()[0]._targets

    assert isinstance(file, ConcurrentRotatingFileHandler)
    assert isinstance(console, ConsoleHandler)
    assert (file.maxBytes, file.backupCount) == (1024 * 1024, 10)
    assert Path(file.baseFilename) == folder / "logs" / "app.log"
    assert (file.level, console.level) == (logging.INFO, logging.DEBUG)
    assert app.logger.level == logging.INFO


def test_others_may_not_read_the_folder(make_app: Make, folder: Path) -> None:
    """Lines can hold what is nobody else's business, those of rotated files as well."""
    make_app()

    assert stat.S_IMODE((folder / "logs").stat().st_mode) & 0o007 == 0


def test_a_second_call_doubles_nothing(make_app: Make, lines: Callable) -> None:
    """Neither for the same application nor for another one of the process."""
    app = make_app()
    before = _ours()

    setup_logging(app)
    make_app("office")
    app.logger.info("once")

    assert _ours() == before
    assert sum("once" in line for line in lines()) == 1
    assert sum("shop starts" in line for line in lines()) == 1
    assert sum("office starts" in line for line in lines()) == 1


def test_a_later_call_with_other_settings_counts(make_app: Make, folder: Path) -> None:
    """The handlers are exchanged, not added to, and the old file is closed."""
    make_app()
    before = _ours()[0]._targets[1]

    make_app("office", FAILWELL_LOGS_DIR="elsewhere").logger.info("here")
    remove_logging()

    assert before.stream is None
    assert "here" in (folder / "elsewhere" / "app.log").read_text()
    assert "here" not in (folder / "logs" / "app.log").read_text()


def test_flasks_default_handler_is_taken_out(folder: Path) -> None:
    """Also where the application's logger was used before: no line twice."""
    app = Flask("early")
    app.logger.addHandler(default_handler)

    setup_logging(app)

    assert app.logger.handlers == []
    app.logger.setLevel(logging.NOTSET)


def test_the_console_gets_each_line_once(
    make_app: Make, lines: Callable, capfd: pytest.CaptureFixture[str]
) -> None:
    """Standard error shows what the file does, and below INFO where asked for."""
    app = make_app(FAILWELL_LOGS_LEVEL="INFO")
    app.logger.setLevel(logging.DEBUG)

    app.logger.debug("for the console")
    app.logger.info("for both")
    written = "\n".join(lines())

    shown = capfd.readouterr().err
    assert shown.count("for the console") == 1
    assert shown.count("for both") == 1
    assert "for the console" not in written


def test_every_line_of_a_request_carries_its_id(
    make_app: Make, lines: Callable
) -> None:
    """Whoever logs: the application, a library, structlog; and the answer says it."""
    app = make_app()

    @app.get("/")
    def index() -> str:
        app.logger.info("one")
        logging.getLogger("some.library").info("two")
        structlog.get_logger().info("three", room=3)
        return ""

    answer = app.test_client().get("/", headers={"X-Request-ID": "request-0815"})
    answer.close()
    app.logger.info("outside")

    ids = [line.rsplit(" ", 1)[1] for line in lines()[1:]]
    assert answer.headers["X-Request-ID"] == "request-0815"
    assert ids == ["request-0815"] * 3 + ["-"]


def test_structlog_and_logging_come_out_the_same(
    make_app: Make, objects: Callable
) -> None:
    """The same fields under the same names, whichever logger was called."""
    make_app(FAILWELL_LOGS_FORMAT="json")

    logging.getLogger(__name__).warning("full", extra={"room": 3})
    structlog.get_logger(__name__).warning("full", room=3)

    plain, structured = objects()[-2:]
    assert plain.keys() == structured.keys()
    different = {"timestamp", "line", "logger"}
    assert {k: plain[k] for k in plain.keys() - different} == {
        k: structured[k] for k in structured.keys() - different
    }


def test_an_applications_own_structlog_stays(folder: Path, make_app: Make) -> None:
    """A configuration that is there already is not replaced."""
    own = structlog.stdlib.LoggerFactory()
    structlog.configure(logger_factory=own)

    make_app()

    assert structlog.get_config()["logger_factory"] is own


def test_an_unwritable_folder_stops_nothing(
    make_app: Make, folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """The application starts, says what is wrong, and logs to the console."""
    (folder / "logs").write_text("a file stands where the folder should be")

    app = make_app()
    app.logger.info("still here")
    remove_logging()

    shown = capfd.readouterr().err
    assert "No log file" in shown
    assert "FAILWELL_LOGS_DIR" in shown
    assert "still here" in shown


def test_json_lines_are_strict_objects(make_app: Make, objects: Callable) -> None:
    """Fixed names first, further fields beside them, none replacing another."""
    app = make_app(FAILWELL_LOGS_FORMAT="json")
    odd = {"ratio": float("nan"), "path_": 1, "deep": {"a": [1, {2: object}]}}

    structlog.get_logger("shop").info("odd\u2028", path="mine", **odd)
    try:
        raise ValueError("bad\nvalue")
    except ValueError:
        app.logger.exception("failed", stack_info=True)

    first, second = objects()[-2:]
    assert list(first)[:7] == [
        "timestamp", "level", "logger", "message", "request_id", "path", "line",
    ]  # fmt: skip
    assert first["message"] == "odd\u2028"
    assert first["path"] == __file__
    assert first["ratio"] == "nan"
    assert first["deep"] == {"a": [1, "{2: <class 'object'>}"]}
    assert "Traceback (most recent call last):\n" in second["exception"]
    assert second["exception"].endswith("ValueError: bad\\nvalue")
    assert second["stack"].startswith("Stack (most recent call last):\n")
    assert json.dumps(second)
