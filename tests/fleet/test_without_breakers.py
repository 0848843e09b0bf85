"""A process that has no circuit breaker pays nothing for those of others."""

import subprocess
import sys
from pathlib import Path

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
