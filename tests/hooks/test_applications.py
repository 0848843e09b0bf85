"""Which application records, and that none is kept alive for it."""

import gc
import logging
import subprocess
import sys
import threading
import warnings
import weakref

import pytest
from flask import Flask
from tests.hooks.conftest import MakeApp, origins

from failwell.hooks import unwatch

_logger = logging.getLogger("worker")


def _log_an_error() -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        _logger.exception("It broke")


def test_the_application_of_the_context_records(make_app: MakeApp) -> None:
    """Whichever was made last."""
    first, second = make_app("first"), make_app("second")

    with first.app_context():
        _log_an_error()

    assert (origins(first), origins(second)) == (["log"], [])


def test_without_a_context_the_application_made_last_records(
    make_app: MakeApp,
) -> None:
    """A test's own application, where another was made at the import."""
    first, second = make_app("first"), make_app("second")

    _log_an_error()

    assert (origins(first), origins(second)) == ([], ["log"])


def test_an_application_without_failwell_is_left_alone(app: Flask) -> None:
    """Its errors are not another one's."""
    with Flask("other").app_context():
        _log_an_error()

    assert origins(app) == []


def test_an_application_that_wants_no_such_errors_records_none(
    make_app: MakeApp,
) -> None:
    """Though another one in the process does."""
    make_app("first")
    app = make_app("second", FAILWELL_HOOKS_LOGGING="OFF")

    with app.app_context():
        _log_an_error()

    assert origins(app) == []


def _hooks() -> list[object]:
    return [
        sys.excepthook,
        threading.excepthook,
        logging.getLogRecordFactory(),
        warnings.showwarning,
    ]


def test_an_application_that_is_gone_can_be_collected(make_app: MakeApp) -> None:
    """Whatever it has recorded, and though its hooks are in place."""
    app: Flask | None = make_app(FAILWELL_HOOKS_WARNINGS=True)
    gone = weakref.ref(app)

    _log_an_error()
    app = None
    gc.collect()

    assert gone() is None


ALL_GONE = """
import gc, logging, sys, threading, warnings
from flask import Flask
from failwell import Failwell

def hooks():
    return [sys.excepthook, threading.excepthook, logging.getLogRecordFactory(),
            warnings.showwarning]

def make():
    app = Flask("shop")
    app.config["FAILWELL_HOOKS_WARNINGS"] = True
    Failwell(app)

before = hooks()
make()
during = hooks()
gc.collect()
print([a is b for a, b in zip(before, during)], [a is b for a, b in zip(before, hooks())])
kept = Flask("kept")
Failwell(kept)
"""


def test_the_last_application_takes_the_hooks_along() -> None:
    """In a process of its own, where no other is; at its end nothing is said."""
    run = subprocess.run(
        [sys.executable, "-c", ALL_GONE], capture_output=True, text=True, check=True
    )

    assert run.stdout.strip() == f"{[False] * 4} {[True] * 4}"
    assert run.stderr == ""


def test_many_applications_put_each_hook_there_once(make_app: MakeApp) -> None:
    """A test suite makes thousands of them."""
    kept = [make_app(f"app{n}") for n in range(3)]
    hooks = _hooks()

    kept += [make_app(f"app{n}") for n in range(3, 6)]

    assert _hooks() == hooks


@pytest.mark.parametrize(
    ("setting", "value", "changed"),
    [
        ("FAILWELL_HOOKS_PROCESS", False, [1, 2]),
        ("FAILWELL_HOOKS_THREADS", False, [0, 2]),
        ("FAILWELL_HOOKS_WARNINGS", True, [0, 1, 2, 3]),
        ("FAILWELL_HOOKS_ASYNCIO", False, [0, 1, 2]),
    ],
)
def test_only_what_is_wanted_is_hooked(
    make_app: MakeApp, setting: str, *, value: bool, changed: list[int]
) -> None:
    """What is switched off is not touched."""
    gc.collect()
    unwatch()
    before = _hooks()

    app = make_app(**{setting: value})

    assert app.testing
    now = _hooks()
    assert [n for n in range(4) if before[n] is not now[n]] == changed
