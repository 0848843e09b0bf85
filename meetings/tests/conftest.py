"""What the tests of the backend share: applications over fresh databases."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from meetings_api import Api, config

from meetings import create_app
from meetings.storage import db, migrate


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an SQLite file with all tables and nothing in them."""
    folder = tmp_path_factory.mktemp("migrated")
    (folder / "instance").mkdir()
    app = create_app(config(folder))
    with app.app_context():
        migrate(db.engine)
        db.engine.dispose()
    return folder / "instance" / "meetings.db"


@contextmanager
def _applications(folder: Path, migrated: Path) -> Iterator[Callable[..., Api]]:
    made: list[Flask] = []
    (folder / "instance").mkdir()
    shutil.copy(migrated, folder / "instance")

    def make(**settings: object) -> Api:
        app = create_app(config(folder, **settings))
        made.append(app)
        return Api(app)

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def make_api(tmp_path: Path, migrated: Path) -> Iterator[Callable[..., Api]]:
    """Return how to make applications over one database of the test's own."""
    with _applications(tmp_path, migrated) as make:
        yield make


@pytest.fixture
def api(make_api: Callable[..., Api]) -> Api:
    """Return an application with a fresh database."""
    return make_api()


@pytest.fixture(scope="module")
def shared_api(
    tmp_path_factory: pytest.TempPathFactory, migrated: Path
) -> Iterator[Api]:
    """Return an application for tests that do not see what others left in it."""
    with _applications(tmp_path_factory.mktemp("shared"), migrated) as make:
        yield make()
