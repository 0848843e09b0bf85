"""An application under test, and what it has recorded and counted."""

import logging
from collections.abc import Callable, Iterator

import pytest
from flask import Flask

from failwell import Failwell
from failwell._journal import journal_of
from failwell.hooks import unwatch
from failwell.testing import recorded_errors

MakeApp = Callable[..., Flask]


@pytest.fixture(autouse=True)
def hooks_of_this_test() -> Iterator[None]:
    """Take the hooks away behind each test, and put the level of logging back."""
    level = logging.getLogger().level
    yield
    unwatch()
    logging.getLogger().setLevel(level)


@pytest.fixture
def make_app() -> MakeApp:
    """Return a function that makes an application under test whose answers show."""

    def make(name: str = "shop", **config: object) -> Flask:
        app = Flask(name)
        app.config.update({"TESTING": True, "PROPAGATE_EXCEPTIONS": False, **config})
        Failwell(app)
        return app

    return make


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """Return an application under test."""
    return make_app()


def counted(app: Flask) -> int:
    """Return how many errors and answers an application has counted."""
    units = journal_of(app).source.units()
    return sum(counter.count for unit in units for counter in unit.counters())


def origins(app: Flask) -> list[str]:
    """Return what caught each error, having seen that each was counted once."""
    records = recorded_errors(app)
    assert counted(app) == len(records)
    return [record.origin for record in records]
