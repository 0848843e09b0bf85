"""Where no thread is: without a circuit breaker, and under test."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from flask import Flask

from failwell import CircuitBreaker, Failwell
from failwell._journal import journal_of

PROGRAM = """
import sys, threading
from flask import Flask
from failwell import Failwell

app = Flask("shop", instance_path=sys.argv[1])
app.config["FAILWELL_CIRCUITS_URL"] = "redis://127.0.0.1:1"
Failwell(app)
app.add_url_rule("/", "home", lambda: "home")
loaded = {"failwell.resilience._circuits", "failwell.fleet._turn", "redis"}

def look():
    names = [thread.name for thread in threading.enumerate()]
    return names.count("failwell-circuits"), sorted(loaded & set(sys.modules))

app.test_client().get("/")
print(look())

from failwell import CircuitBreaker
kept = [CircuitBreaker(name=name) for name in ("mail", "calendar")]
print(look()[0])
"""


def test_the_thread_starts_with_the_first_breaker(tmp_path: Path) -> None:
    """Neither thread nor modules before that, although requests have come."""
    run = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(tmp_path)],
        capture_output=True,
        text=True,
        check=True,
    )

    assert run.stdout.splitlines() == ["(0, [])", "1"]


def test_under_test_there_is_no_thread(
    tmp_path: Path, breaker: CircuitBreaker, threads: Callable[[], int]
) -> None:
    """It would outlive its test; whoever looks sees this process all the same."""
    app = Flask("shop", instance_path=str(tmp_path / "instance"))
    app.testing = True
    Failwell(app)
    app.add_url_rule("/", "home", lambda: "home")

    app.test_client().get("/")

    overview = journal_of(app).fleet.overview(with_own=True)
    assert threads() == 0
    assert breaker.name in [view.name for view in overview.circuits()]
    assert list(tmp_path.iterdir()) == []
