"""Exceptions that come with a log line."""

import io
import logging
import threading

import pytest
import structlog
from flask import Flask
from tests.hooks.conftest import MakeApp, origins

from failwell.exceptions import AppError, NotFoundError
from failwell.testing import recorded_errors

_logger = logging.getLogger("shop.orders")


class SilentError(AppError):
    """Says of itself that it is not worth a record."""

    record = False


def _failed(error: BaseException | None = None) -> BaseException:
    try:
        raise error or ValueError("boom")
    except BaseException as raised:  # noqa: BLE001 - raised just above
        return raised


def test_a_logged_exception_is_recorded_with_its_line(app: Flask) -> None:
    """Redacted, with the frames of the exception."""
    try:
        raise ValueError("boom")
    except ValueError:
        _logger.exception("order %d, password=%s", 7, "hunter2")

    (record,) = recorded_errors(app)
    assert origins(app) == ["log"]
    assert (record.type, record.level, record.code) == (
        "ValueError",
        "error",
        "INTERNAL_ERROR",
    )
    assert record.context == {
        "logger": "shop.orders",
        "line": "order 7, password=[redacted]",
    }
    assert record.exceptions[0].frames[-1].function.startswith("test_a_logged")


@pytest.mark.parametrize("exc_info", ["instance", "tuple", "true"])
def test_every_form_of_exc_info_is_understood(app: Flask, exc_info: str) -> None:
    """An exception, the tuple of `sys.exc_info()`, and True while one is handled."""
    try:
        raise ValueError("boom")
    except ValueError as error:
        forms = {
            "instance": error,
            "tuple": (ValueError, error, error.__traceback__),
            "true": True,
        }
        _logger.error("It broke", exc_info=forms[exc_info])

    assert origins(app) == ["log"]


def test_lines_without_an_exception_are_none(app: Flask) -> None:
    """Nor is `exc_info` while nothing is handled."""
    _logger.error("a plain line")
    _logger.error("nothing is handled", exc_info=True)  # noqa: LOG014 - what is tested
    _logger.error({"a": "dictionary"})
    _logger.error("told to leave", exc_info=_failed(SystemExit()))

    assert origins(app) == []


@pytest.mark.parametrize(
    ("setting", "levels"),
    [
        ("ERROR", ["error", "critical"]),
        ("WARNING", ["warning", "error", "critical"]),
        ("INFO", ["info", "warning", "error", "critical"]),
        ("CRITICAL", ["critical"]),
        ("OFF", []),
    ],
)
def test_the_level_decides_and_is_kept(
    make_app: MakeApp, setting: str, levels: list[str]
) -> None:
    """Below ERROR by choice only."""
    logging.getLogger().setLevel(logging.DEBUG)
    app = make_app(FAILWELL_HOOKS_LOGGING=setting)

    for level in (logging.INFO, logging.WARNING, logging.ERROR, logging.CRITICAL):
        _logger.log(level, "It broke", exc_info=_failed())

    assert [record.level for record in recorded_errors(app)] == levels


def test_a_logger_that_is_silenced_records_nothing(app: Flask) -> None:
    """What is not logged is not seen."""
    logger = logging.getLogger("silenced")
    logger.disabled = True

    logger.error("It broke", exc_info=_failed())

    assert origins(app) == []


def test_a_logger_that_does_not_propagate_is_seen(app: Flask) -> None:
    """Handlers have no part in it."""
    logger = logging.getLogger("alone")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())

    logger.error("It broke", exc_info=_failed())

    assert origins(app) == ["log"]


def test_a_client_error_is_recorded_when_it_is_logged_as_an_error(app: Flask) -> None:
    """The application says that it matters; a class that says otherwise is believed."""
    _logger.error("no such room", exc_info=_failed(NotFoundError("Room", 1)))
    _logger.error("never mind", exc_info=_failed(SilentError("x")))

    assert [record.code for record in recorded_errors(app)] == ["NOT_FOUND"]


def test_failwells_own_lines_are_never_recorded(app: Flask) -> None:
    """On whatever logger it writes them."""
    failwell = logging.getLogger("failwell")
    code = compile("logger.error('x', exc_info=error)", _inside_failwell(), "exec")

    exec(code, {"logger": app.logger, "error": _failed()})  # noqa: S102 - our own line
    exec(code, {"logger": failwell, "error": _failed()})  # noqa: S102 - our own line

    assert origins(app) == []


def _inside_failwell() -> str:
    from failwell.hooks import _log_lines  # noqa: PLC0415 - only its place is wanted

    return str(_log_lines.__file__)


def test_a_line_whose_arguments_break_is_recorded(app: Flask) -> None:
    """The line is lost, as always; the exception is not."""

    class Broken:
        def __str__(self) -> str:
            raise RuntimeError("broken")

    logger = logging.getLogger("without-a-reader")
    logger.propagate = False
    logger.addHandler(logging.NullHandler())
    logger.error("%s", Broken(), exc_info=_failed())

    (record,) = recorded_errors(app)
    assert record.context["line"] == "(RuntimeError while its arguments were read)"


def test_a_line_of_structlog_is_seen(app: Flask) -> None:
    """Its exception stands in the message, which is a dictionary."""
    log = structlog.wrap_logger(
        logging.getLogger("structured"),
        processors=[structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    try:
        raise ValueError("boom")
    except ValueError:
        log.exception("order failed", order=7)

    (record,) = recorded_errors(app)
    assert record.context == {"logger": "structured", "line": "order failed"}


def test_logging_that_nobody_set_up_still_writes_to_standard_error(
    app: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python's handler of last resort stays, and `basicConfig` has its effect."""
    written = io.StringIO()
    root = logging.getLogger()
    monkeypatch.setattr("sys.stderr", written)
    monkeypatch.setattr(root, "handlers", [])

    _logger.error("It broke", exc_info=_failed())
    logging.basicConfig(stream=io.StringIO())

    assert "It broke" in written.getvalue()
    assert len(root.handlers) == 1
    assert origins(app) == ["log"]


def test_an_application_may_use_the_names_of_our_fields(app: Flask) -> None:
    """logging refuses fields that a record has already: ours must not be in the way."""
    _logger.error("It broke", exc_info=_failed(), extra={"error_id": "mine"})

    assert origins(app) == ["log"]


def test_the_factory_of_another_tool_is_kept(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """Its records are what the handlers get."""
    before = logging.getLogRecordFactory()

    def make(*args: object, **kwargs: object) -> logging.LogRecord:
        record = before(*args, **kwargs)
        record.tenant = "acme"
        return record

    logging.setLogRecordFactory(make)
    try:
        app = make_app()
        _logger.error("It broke", exc_info=_failed())
    finally:
        logging.setLogRecordFactory(before)

    (line,) = caplog.records
    assert line.tenant == "acme"
    assert line.failwell_id == recorded_errors(app)[0].id


def test_it_is_recorded_at_the_call(app: Flask) -> None:
    """On the thread that logs, before the call returns."""
    seen: list[int] = []

    def work() -> None:
        _logger.error("It broke", exc_info=_failed())
        seen.append(len(recorded_errors(app)))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [1]


def test_an_error_that_computes_its_attributes_breaks_no_log_call(app: Flask) -> None:
    """What a class says is believed; what an error would compute is not asked."""

    class OddError(AppError):
        @property
        def record(self) -> bool:  # type: ignore[override]
            raise RuntimeError("broken")

    _logger.error("It broke", exc_info=_failed(OddError("x")))

    assert origins(app) == ["log"]
