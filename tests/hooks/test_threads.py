"""Exceptions that end a thread."""

import logging
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from flask import Flask
from tests.hooks.conftest import MakeApp, origins

import failwell
from failwell.exceptions import NotFoundError, ServiceUnavailableError
from failwell.testing import recorded_errors

pytestmark = pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnhandledThreadExceptionWarning"
)
_logger = logging.getLogger("worker")


def _run(target: Callable[[], object]) -> None:
    thread = threading.Thread(target=target, name="import")
    thread.start()
    thread.join()


def _fail() -> None:
    raise ValueError("boom")


def test_an_exception_that_ends_a_thread_is_recorded(app: Flask) -> None:
    """With the thread's name; of a Timer, too."""
    _run(_fail)
    timer = threading.Timer(0, _fail)
    timer.start()
    timer.join()

    assert origins(app) == ["thread", "thread"]
    record = recorded_errors(app)[0]
    assert (record.type, record.level) == ("ValueError", "error")
    assert record.context == {"thread": "import"}
    assert record.exceptions[0].frames[-1].function == "_fail"


@pytest.mark.parametrize("error", [NotFoundError("Room", 1), ServiceUnavailableError()])
def test_no_client_was_told_so_every_error_is_recorded(
    app: Flask, error: Exception
) -> None:
    """With its own code."""

    def fail() -> None:
        raise error

    _run(fail)

    assert [record.code for record in recorded_errors(app)] == [error.code]


def test_what_the_thread_logged_is_recorded_once(app: Flask) -> None:
    """By the line that came first."""

    def work() -> None:
        try:
            _fail()
        except ValueError:
            _logger.exception("The import failed")
            raise

    _run(work)

    assert origins(app) == ["log"]


def test_what_was_captured_is_recorded_once(app: Flask) -> None:
    """The application has said more of it than the hook could."""

    def work() -> None:
        try:
            _fail()
        except ValueError:
            failwell.capture(file="customers.csv")
            raise

    _run(work)

    (record,) = recorded_errors(app)
    assert origins(app) == [""]
    assert record.context == {"file": "customers.csv"}


def test_leaving_a_thread_is_no_error(app: Flask) -> None:
    """`sys.exit()` in a thread ends it quietly."""
    _run(sys.exit)

    assert origins(app) == []


def test_the_hook_that_was_there_is_called(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With the same arguments, and whatever failwell thinks of them."""
    seen: list[threading.ExceptHookArgs] = []
    monkeypatch.setattr(threading, "excepthook", seen.append)
    app = make_app()

    _run(_fail)
    _run(sys.exit)

    assert [args.exc_type for args in seen] == [ValueError, SystemExit]
    assert origins(app) == ["thread"]
    seen.clear()


def test_a_hook_of_another_tool_that_reports_by_a_log_line_adds_nothing(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It hands on the same exception."""

    def log(args: threading.ExceptHookArgs) -> None:
        _logger.error("A thread died", exc_info=args.exc_value)

    monkeypatch.setattr(threading, "excepthook", log)
    app = make_app()

    _run(_fail)

    assert origins(app) == ["thread"]


def test_it_can_be_switched_off(make_app: MakeApp) -> None:
    """Of one application."""
    app = make_app(FAILWELL_HOOKS_THREADS=False)

    _run(_fail)

    assert origins(app) == []


def test_a_future_is_recorded_where_its_result_is_asked_for(app: Flask) -> None:
    """Once, also when the thread has logged it outside of the request."""

    def work() -> None:
        try:
            _fail()
        except ValueError:
            _logger.exception("The part failed")
            raise

    @app.get("/")
    def view() -> str:
        with ThreadPoolExecutor(1) as pool:
            return str(pool.submit(work).result())

    answer = app.test_client().get("/")

    assert answer.status_code == 500
    assert origins(app) == ["log"]
    assert answer.json["error"]["id"] == recorded_errors(app)[0].id
