"""Chance: the application's random numbers are its own, and forked workers differ."""

import contextlib
import os
import random

import pytest
from flask import Flask

from failwell import Failwell, capture
from failwell._dice import DICE
from failwell.resilience import retry
from failwell.store._pace import backoff
from failwell.testing import ManualClock


@pytest.mark.parametrize("jitter", ["full", "equal", "decorrelated"])
def test_no_random_number_of_the_application_is_taken(jitter: str) -> None:
    """Whoever seeds `random` gets what it expects, with jitter and records between."""
    app = Flask(__name__)
    app.config["TESTING"] = True
    Failwell(app)
    again = retry(OSError, 3, jitter=jitter, clock=ManualClock())
    before = random.getstate()

    with app.app_context(), contextlib.suppress(OSError):
        again(_fail)()
    capture(OSError("down"))
    backoff(3)

    assert random.getstate() == before


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_forked_workers_do_not_wait_alike() -> None:
    """A child throws other dice than its parent and its siblings."""
    thrown = {_thrown_in_a_child() for _ in range(3)} | {repr(DICE.random())}

    assert len(thrown) == 4


def _thrown_in_a_child() -> str:
    reader, writer = os.pipe()
    if (child := os.fork()) == 0:
        os.write(writer, repr(DICE.random()).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as told:
        return told.read()


def _fail() -> None:
    message = "down"
    raise OSError(message)
