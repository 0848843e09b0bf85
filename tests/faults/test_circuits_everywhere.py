"""Orders from a terminal reach the workers of a real server, whichever database there is."""

import json
import os
import signal
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import APPS, Server, serve
from sqlalchemy import URL

from failwell._clock import SYSTEM_CLOCK

pytestmark = pytest.mark.faults


@pytest.fixture(params=["sqlite", "postgresql"])
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """The settings of server and command line, for each kind of store in turn."""
    environ = {"BREAKING_INSTANCE": str(tmp_path), "FAILWELL_CIRCUITS_INTERVAL": "1"}
    if request.param == "postgresql":
        url: URL = request.getfixturevalue("postgresql_url")
        environ["FAILWELL_STORE_URL"] = url.render_as_string(hide_password=False)
    return environ


@pytest.fixture
def circuits(environ: dict[str, str]) -> Callable[..., Any]:
    """Return a function that runs `flask failwell circuits … --json`."""
    command = [sys.executable, "-m", "flask", "--app", "breaking", "failwell"]

    def run(*words: str) -> Any:  # noqa: ANN401 - JSON
        done = subprocess.run(
            [*command, "circuits", *words, "--json"],
            cwd=APPS,
            env={**os.environ, **environ},
            check=True,
            capture_output=True,
            text=True,
        )
        return json.loads(done.stdout)

    return run


def _eventually(holds: Callable[[], bool]) -> None:
    for _ in range(600):
        if holds():
            return
        SYSTEM_CLOCK.sleep(0.05)
    pytest.fail("it never came to hold")


def _answers(server: Server) -> dict[str, int]:
    """Return the last status of each worker, out of enough requests to meet both."""
    answers: dict[str, int] = {}
    for _ in range(400):
        answer = server.get("/ask")
        answers[answer.headers["X-Worker"]] = answer.status
        if len(answers) == 2:
            break
    return answers


def _states(document: Any) -> dict[str, list[str]]:  # noqa: ANN401 - JSON
    states = defaultdict(list)
    for process in document["processes"]:
        for circuit in process["circuits"]:
            states[circuit["name"]].append(circuit["state"])
    return states


def test_an_order_holds_in_every_worker_and_in_those_to_come(
    environ: dict[str, str], circuits: Callable[..., Any]
) -> None:
    """Opened and reset from another process; a worker that is killed changes nothing."""
    with serve("breaking:app", workers=2, **environ) as server:
        _eventually(lambda: list(_answers(server).values()) == [200, 200])
        _eventually(lambda: len(circuits()["processes"]) == 2)

        circuits("open", "calendar", "--by", "ada")
        _eventually(lambda: list(_answers(server).values()) == [503, 503])
        _eventually(lambda: _states(circuits())["calendar"] == ["open", "open"])
        refused = server.get("/ask")
        killed = next(iter(_answers(server)))
        os.kill(int(killed), signal.SIGKILL)
        _eventually(lambda: killed not in _answers(server))
        _eventually(lambda: list(_answers(server).values()) == [503, 503])

        circuits("reset", "calendar", "--by", "bob")
        _eventually(lambda: list(_answers(server).values()) == [200, 200])
        document = circuits()

    assert refused.body["error"]["code"] == "CIRCUIT_OPEN"
    assert "Retry-After" not in refused.headers
    (order,) = document["orders"]
    assert (order["override"], order["set_by"]) == (None, "bob")


def test_a_circuit_that_opens_in_a_worker_is_seen_and_closed_from_outside(
    environ: dict[str, str], circuits: Callable[..., Any]
) -> None:
    """It is made in a request, long after the process has begun to take part."""
    with serve("breaking:app", workers=1, **environ) as server:
        server.get("/ask")
        broken = server.get("/break")

        _eventually(lambda: _states(circuits())["mail"] == ["open"])
        circuits("reset", "mail")
        _eventually(lambda: _states(circuits())["mail"] == ["closed"])

    assert broken.body == {"state": "open"}
