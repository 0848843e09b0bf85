"""An application that logs into a folder of the test, and the lines it wrote."""

import json
import logging
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from flask import Flask

from failwell.logs import setup_logging
from failwell.logs._listener import LISTENER
from failwell.logs._setup import remove_logging

Lines = Callable[[], list[str]]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a working directory; afterwards logging is as it was before."""
    monkeypatch.chdir(tmp_path)
    root = logging.getLogger()
    level = root.level

    yield tmp_path

    remove_logging()
    LISTENER.stop()
    root.setLevel(level)
    structlog.reset_defaults()


@pytest.fixture
def make_app(folder: Path) -> Iterator[Callable[..., Flask]]:
    """Return a function that makes an application with logging set up."""
    made: list[logging.Logger] = []

    def make(name: str = "shop", **config: object) -> Flask:
        app = Flask(name)
        app.config.update(config)
        setup_logging(app)
        made.append(app.logger)
        return app

    yield make

    for logger in made:
        logger.setLevel(logging.NOTSET)


@pytest.fixture
def lines(folder: Path) -> Lines:
    """Return a function that reads what the log file holds once all is written."""

    def read() -> list[str]:
        assert LISTENER.settle(10.0)
        written = (folder / "logs" / "app.log").read_bytes().decode()
        return written.split("\n")[:-1]

    return read


@pytest.fixture
def objects(lines: Lines) -> Callable[[], list[dict[str, Any]]]:
    """Return a function that reads the log file as strict JSON, a line an object."""

    def refuse(constant: str) -> None:
        message = f"{constant} is no JSON"
        raise AssertionError(message)

    return lambda: [json.loads(line, parse_constant=refuse) for line in lines()]
