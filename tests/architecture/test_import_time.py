"""What `import failwell` loads: of the heavy libraries and rooms, nothing.

Held by what is loaded, not by a clock, which would measure the machine.
"""

import subprocess
import sys

# Each takes longer to load than failwell may add to `import flask`, or belongs to
# something that most processes never do.
HEAVY = {
    "alembic",
    "asyncio",
    "concurrent_log_handler",
    "jwt",
    "pydantic",
    "re2",
    "rich",
    "sqlalchemy",
    "structlog",
}
WIRED = {"failwell._journal", "failwell.cli", "failwell.records", "failwell.store"}


def _loaded_by(program: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after `program`."""
    run = subprocess.run(
        [sys.executable, "-c", f"{program}\nimport sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_importing_loads_nothing_heavy() -> None:
    """Neither a heavy library nor a room that only a wired application needs."""
    loaded = _loaded_by("from failwell import AppError, Failwell, retry")

    assert loaded & HEAVY == set()
    assert loaded & (WIRED | {"failwell.console", "failwell.spool"}) == set()


def test_wiring_loads_the_recording_rooms_and_nothing_heavier() -> None:
    """The first error of a process must not be the one that loads the recorder."""
    loaded = _loaded_by(
        "from flask import Flask; from failwell import Failwell; Failwell(Flask('a'))"
    )

    assert loaded & (HEAVY - {"re2"}) == set()
    assert loaded >= WIRED
    assert "failwell.console" not in loaded
