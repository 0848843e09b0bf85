"""`ship`: in the foreground, ended by a signal, and once."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result

from failwell._clock import SYSTEM_CLOCK
from failwell.records import ErrorRecord
from failwell.spool import MemorySpool, Spool
from failwell.store import Store
from failwell.testing import ManualClock

Run = Callable[..., Result]

APP = """
import sys
from pathlib import Path
sys.path[:0] = {tests!r}
from conftest import Journal
from flask import Flask
from failwell._settings import read_settings
from failwell.cli import create_commands
from failwell.spool import SpoolDirectory
from failwell.testing import ManualClock

app = Flask("shop")
here = Path(__file__).parent
settings = read_settings(
    {{"FAILWELL_SPOOL_DIR": here / "spool", "FAILWELL_STORE_URL": f"sqlite:///{{here}}/store.db"}},
    import_name="shop", instance_path=here, environ={{}},
)
app.extensions["failwell"] = Journal(settings, SpoolDirectory(here / "spool"), ManualClock())
app.cli.add_command(create_commands())
"""


def test_once_moves_what_is_there_and_says_so(
    flask: Run, record: Callable[..., ErrorRecord]
) -> None:
    """Records and counts by number; a second time there is nothing to move."""
    record()
    record()

    first, second = flask("ship", "--once"), flask("ship", "--once")

    assert "Moved 2 records and 2 counts" in first.stdout
    assert "Moved 0 records and 0 counts" in second.stdout


def test_once_leaves_the_work_to_who_does_it(flask: Run, spool: MemorySpool) -> None:
    """Two shippers at a time there are not."""
    lock = spool.elect()
    assert lock is not None

    with lock:
        result = flask("ship", "--once")

    assert result.exit_code == 1
    assert "Another process is shipping already" in result.stderr


def test_once_with_a_store_that_is_away_fails_clearly(
    flask: Run, record: Callable[..., ErrorRecord], tmp_path: Path
) -> None:
    """Exit code 3 and the store's name; what is spooled stays."""
    record()
    (tmp_path / "failwell").write_text("a file stands where the folder should be")

    result = flask("ship", "--once")

    assert result.exit_code == 3
    assert "error store" in result.stderr


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Return a function that starts `flask failwell ship`."""
    here = Path(__file__).parent
    tests = [str(here), str(here.parent / "support")]
    (tmp_path / "shop.py").write_text(APP.format(tests=tests))
    running: list[subprocess.Popen[str]] = []

    def run() -> subprocess.Popen[str]:
        command = ["-m", "flask", "--app", "shop.py", "failwell", "ship"]
        process = subprocess.Popen(
            [sys.executable, "-u", *command],
            cwd=tmp_path,
            env={k: v for k, v in os.environ.items() if k != "FLASK_DEBUG"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        running.append(process)
        return process

    yield run

    for process in running:
        process.kill()
        process.communicate()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ships_until_a_signal_ends_it(
    tmp_path: Path,
    start: Callable[[], subprocess.Popen[str]],
    record_into: Callable[..., ErrorRecord],
    number: signal.Signals,
) -> None:
    """It says what it does, moves what comes, and ends in order with exit code 0."""
    process = start()
    assert "Shipper of shop" in _line(process)
    assert "Shipping" in _line(process)

    clock = ManualClock()
    spool = Spool(tmp_path / "spool", clock=clock)
    error = record_into(spool, clock)
    store = Store(f"sqlite:///{tmp_path}/store.db", clock=clock)
    found = _poll(lambda: store.find(error.id))
    process.send_signal(number)

    assert found is not None
    assert "Stopped" in _line(process)
    assert process.wait(10) == 0
    spool.close()
    store.close()


def test_a_second_one_stands_by_and_takes_over(
    start: Callable[[], subprocess.Popen[str]],
) -> None:
    """After `kill -9` of the first, the second ships; each change is said once."""
    first = start()
    assert "Shipper of" in _line(first)
    assert "Shipping" in _line(first)
    second = start()
    assert "Shipper of" in _line(second)
    assert "standing by" in _line(second)

    first.kill()

    assert "Shipping" in _line(second)


def _poll(look: Callable[[], object]) -> object:
    for _ in range(200):
        found = look()
        if found:
            return found
        SYSTEM_CLOCK.sleep(0.05)
    return None
