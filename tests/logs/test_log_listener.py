"""The listener: order, bounds, forks, and the end of the process."""

import logging
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask

from failwell.logs._listener import Listener
from failwell.testing import ManualClock

Make = Callable[..., Flask]


def test_items_are_consumed_in_order_on_one_other_thread() -> None:
    """Everything put before `settle` is consumed when it returns."""
    listener = Listener()
    seen: list[tuple[int, str]] = []

    for number in range(100):
        listener.put(
            lambda n: seen.append((n, threading.current_thread().name)), number
        )

    assert listener.settle(10.0)
    assert seen == [(number, "failwell-log") for number in range(100)]
    listener.stop()


def test_a_failing_item_does_not_end_the_thread(
    capfd: pytest.CaptureFixture[str],
) -> None:
    """The next one is consumed; standard error names the failure."""
    listener = Listener()
    seen: list[str] = []

    listener.put(lambda _: 1 / 0, None)
    listener.put(seen.append, "next")
    listener.stop()

    assert seen == ["next"]
    assert "ZeroDivisionError" in capfd.readouterr().err


def test_a_stuck_handler_holds_nobody_up_for_long(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Callers wait a quarter of a second in all, then lines are dropped and counted."""
    clock = ManualClock()
    listener = Listener(clock=clock)
    release = threading.Event()
    began = threading.Event()
    seen: list[int] = []
    listener.put(lambda _: (began.set(), release.wait(30)), None)
    assert began.wait(10)

    for number in range(10_007):
        listener.put(seen.append, number)
    waited = sum(clock.sleeps)
    release.set()
    listener.stop(30)

    assert 0.25 <= waited < 0.3
    assert seen == list(range(10_000))
    assert "7 log lines were dropped" in caplog.text


def test_after_the_end_the_caller_writes() -> None:
    """What is logged while the interpreter ends is not lost."""
    listener = Listener()
    seen: list[str] = []

    listener.close()
    listener.put(seen.append, "late")

    assert seen == ["late"]


def test_a_handler_that_logs_does_not_feed_itself(
    make_app: Make, lines: Callable
) -> None:
    """What is logged while a line is written is not written in turn for ever."""
    app = make_app()

    class Chatty(logging.Filter):
        def filter(self, _record: logging.LogRecord) -> bool:
            logging.getLogger("chatty").warning("about to write")
            return True

    target = logging.getLogger().handlers[-1]._targets[0]  # type: ignore[attr-defined]
    target.addFilter(Chatty())

    app.logger.info("one")

    assert [line for line in lines() if "about to write" in line] == []


def _run(script: str, folder: Path) -> list[str]:
    start = (
        "import logging, os, sys, multiprocessing\n"
        "from flask import Flask\n"
        "from failwell.logs import setup_logging\n"
        "app = Flask('shop'); setup_logging(app); log = app.logger\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", start + script],
        cwd=folder,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    return (folder / "logs" / "app.log").read_text().splitlines()


def test_nothing_waits_unwritten_at_the_end(tmp_path: Path) -> None:
    """A process that logs and ends at once has written every line, in order."""
    script = "for n in range(500): log.info('line %d.', n)"

    written = _run(script, tmp_path)

    assert [f"line {n}. " in line for n, line in enumerate(written[1:])] == [True] * 500


def test_the_last_error_of_a_process_is_written(tmp_path: Path) -> None:
    """Also with an application's own logging, which knows nothing of a queue."""
    script = """
from failwell.logs import ErrorReporter
from failwell.logs._setup import remove_logging
from failwell.records import ErrorNotice
remove_logging()
logging.basicConfig(filename='logs/app.log', format='%(message)s')
for n in range(200):
    ErrorReporter('own').announce(ErrorNotice(f'{n}.', 'CODE', 'Type', 'a:b:1', None))
"""

    written = _run(script, tmp_path)

    assert [line.split(" code")[0] for line in written[1:]] == [
        f"error {n}." for n in range(200)
    ]


def test_a_forked_child_logs_through_a_thread_of_its_own(tmp_path: Path) -> None:
    """Neither side loses or repeats a line, with the parent's queue full at the fork."""
    script = """
for n in range(200): log.info('parent before %d.', n)
child = os.fork()
for n in range(200): log.info('%s after %d.', 'parent' if child else 'child', n)
if child: assert os.waitpid(child, 0)[1] == 0
"""

    written = _run(script, tmp_path)

    for side in ("parent before", "parent after", "child after"):
        found = [line for line in written if side in line]
        assert [f"{side} {n}. " in line for n, line in enumerate(found)] == [True] * 200


def test_a_multiprocessing_child_writes_its_last_line(tmp_path: Path) -> None:
    """It ends without `atexit`; its lines are there nevertheless."""
    script = """
children = [
    multiprocessing.get_context('fork').Process(target=log.info, args=('child %d.', n))
    for n in range(3)
]
for child in children: child.start()
for child in children: child.join()
"""

    written = _run(script, tmp_path)

    assert sorted(line.split(": ")[1][:8] for line in written[1:]) == [
        "child 0.",
        "child 1.",
        "child 2.",
    ]


def test_setting_up_starts_no_thread(tmp_path: Path) -> None:
    """A server that forks after `create_app` forks a process with one thread."""
    _run("import threading; assert threading.active_count() == 1", tmp_path)
