"""`ErrorReporter`: one line an error, off the caller's thread."""

import logging
import threading
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask

from failwell.logs import ErrorReporter
from failwell.logs._listener import LISTENER
from failwell.records import ErrorNotice, ExceptionInfo, Frame

Make = Callable[..., Flask]


def _notice(
    exceptions: tuple[ExceptionInfo, ...] = (), **changed: str | None
) -> ErrorNotice:
    facts: dict[str, Any] = {
        "id": "00ff00ff00ff00ff-0123456789abcdef",
        "code": "INTERNAL_ERROR",
        "type": "ZeroDivisionError",
        "place": "shop.basket:total:1",
        "request_id": "request-0815",
    }
    return ErrorNotice(**facts | changed, exceptions=exceptions)


def _exceptions() -> tuple[ExceptionInfo, ...]:
    frame = Frame(module="shop.basket", function="total", file=__file__, line=1)
    return (
        ExceptionInfo(type="ZeroDivisionError", message="by\nzero", frames=(frame,)),
        ExceptionInfo(type="KeyError", message="'a'", relation="cause"),
    )


def test_a_synchronous_reporter_is_seen_by_caplog(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The record is there when `announce` returns, with its facts as attributes."""
    ErrorReporter("shop.errors", synchronous=True).announce(_notice())

    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage() == (
        "error 00ff00ff00ff00ff-0123456789abcdef code=INTERNAL_ERROR"
        " type=ZeroDivisionError at shop.basket:total:1"
    )
    facts = vars(record)
    assert facts["error_id"] == "00ff00ff00ff00ff-0123456789abcdef"
    assert facts["error_code"] == "INTERNAL_ERROR"
    assert facts["error_type"] == "ZeroDivisionError"
    assert facts["request_id"] == "request-0815"
    assert (record.pathname, record.lineno) == ("shop.basket", 1)


def test_a_record_brings_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """With source lines from the file, in the interpreter's form, nothing forged."""
    ErrorReporter("shop.errors", synchronous=True).announce(_notice(_exceptions()))

    assert caplog.records[0].pathname == __file__
    assert caplog.text.endswith(
        "KeyError: 'a'\n"
        "The above exception was the direct cause of the following exception:\n"
        "Traceback (most recent call last):\n"
        f'  File "{__file__}", line 1, in total\n'
        f'    """{__doc__}"""\n'
        "ZeroDivisionError: by\\nzero\n"
    )


def test_the_line_is_written_on_another_thread() -> None:
    """The caller does not format, and the handlers of an application run elsewhere."""
    seen: list[tuple[str, str]] = []

    class Handler(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append((record.getMessage(), threading.current_thread().name))

    logger = logging.getLogger("shop.elsewhere")
    logger.addHandler(handler := Handler())

    ErrorReporter("shop.elsewhere").announce(_notice())

    assert LISTENER.settle(10.0)
    logger.removeHandler(handler)
    assert [thread for _, thread in seen] == ["failwell-log"]


def test_the_line_carries_the_id_of_the_errors_request(
    make_app: Make, lines: Callable
) -> None:
    """Not of the thread that writes it; the traceback's lines carry it as well."""
    make_app()

    ErrorReporter("shop.errors").announce(_notice(_exceptions()))

    head, *traceback = lines()[1:]
    assert " ERROR shop.errors: error 00ff00ff00ff00ff-0123456789abcdef " in head
    assert f"shop.basket:total:1 [in {__file__}:1] request-0815" in head
    assert len(traceback) == 6
    assert all(" | " in line and line.endswith("request-0815") for line in traceback)


def test_json_has_the_facts_as_fields(make_app: Make, objects: Callable) -> None:
    """A program finds id, code and type without reading the message."""
    make_app(FAILWELL_LOGS_FORMAT="json")

    ErrorReporter("shop.errors").announce(_notice(_exceptions(), request_id=None))

    last = objects()[-1]
    assert last["error_code"] == "INTERNAL_ERROR"
    assert last["error_type"] == "ZeroDivisionError"
    assert last["request_id"] is None
    assert last["exception"].endswith("ZeroDivisionError: by\\nzero")


def test_hostile_names_stay_on_one_line(caplog: pytest.LogCaptureFixture) -> None:
    """A class may be named anything; logging that escapes nothing is safe, too."""
    hostile = "X\nERROR root: forged\x1b[2J"

    ErrorReporter("shop.errors", synchronous=True).announce(
        _notice(type=hostile, place=hostile)
    )

    assert len(caplog.records[0].getMessage().splitlines()) == 1


def test_a_broken_handler_does_not_reach_the_caller(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """Announcing goes on; standard error says what was lost."""

    class Broken(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            raise OSError(f"no space left for {record.name}")

    logger = logging.getLogger("shop.broken")
    logger.addHandler(handler := Broken())

    ErrorReporter("shop.broken", synchronous=True).announce(_notice())
    logger.removeHandler(handler)

    assert (
        "a log line was lost: OSError: no space left for shop.broken"
        in capfd.readouterr().err
    )


def test_a_silenced_logger_costs_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """Where the level says no, no traceback is formatted."""
    caplog.set_level(logging.CRITICAL, "shop.silent")

    ErrorReporter("shop.silent", synchronous=True).announce(_notice(_exceptions()))

    assert caplog.records == []
