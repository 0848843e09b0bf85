"""Exceptions of the commands that an application adds to `flask`."""

import errno
import logging
import os

import click
import pytest
from flask import Flask
from tests.hooks.conftest import MakeApp, origins

from failwell.testing import recorded_errors

_logger = logging.getLogger("shop.commands")


def _run(app: Flask, *args: str) -> object:
    return app.test_cli_runner().invoke(args=args).exception


def test_a_command_that_fails_is_recorded_and_fails_as_before(app: Flask) -> None:
    """With the command's name, and not with its arguments."""
    error = ValueError("boom")

    @app.cli.command("import")
    @click.argument("secret")
    def run(secret: str) -> None:
        assert secret
        raise error

    assert _run(app, "import", "hunter2") is error

    (record,) = recorded_errors(app)
    assert origins(app) == ["command"]
    assert record.context["command"].endswith("import")
    assert record.exceptions[0].frames[-1].function.endswith("run")
    assert "hunter2" not in repr(record.context)


def test_a_command_in_a_group_is_recorded_once(app: Flask) -> None:
    """Also where it logs first."""

    @app.cli.group("orders")
    def orders() -> None:
        pass

    @orders.command("import")
    def run() -> None:
        try:
            raise ValueError("boom")
        except ValueError:
            _logger.exception("The import failed")
            raise

    assert isinstance(_run(app, "orders", "import"), ValueError)
    assert origins(app) == ["log"]


@pytest.mark.parametrize(
    "error",
    [
        click.UsageError("no such file"),
        click.ClickException("refused"),
        click.Abort(),
        click.exceptions.Exit(3),
        SystemExit(2),
        KeyboardInterrupt(),
        OSError(errno.EPIPE, os.strerror(errno.EPIPE)),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_click_turns_into_an_exit_code_is_no_error(
    app: Flask, error: BaseException
) -> None:
    """A wrong option, a no at a prompt, Ctrl-C, a reader that has gone."""

    @app.cli.command("import")
    def run() -> None:
        raise error

    assert isinstance(_run(app, "import"), SystemExit)
    assert origins(app) == []


def test_a_wrong_call_is_no_error(app: Flask) -> None:
    """Nor is a command that does not exist."""

    @app.cli.command("import")
    def run() -> None:
        pass

    _run(app, "import", "--nonsense")
    _run(app, "nonsense")

    assert origins(app) == []


def test_a_command_of_two_applications_is_recorded_by_the_one_that_runs_it(
    make_app: MakeApp,
) -> None:
    """The command itself stays as it was."""

    @click.command("import")
    def run() -> None:
        raise ValueError("boom")

    before = vars(run).copy()
    first, second = make_app("first"), make_app("second")
    first.cli.add_command(run)
    second.cli.add_command(run)

    _run(first, "import")

    assert (origins(first), origins(second)) == (["command"], [])
    assert vars(run) == before


def test_it_can_be_switched_off(make_app: MakeApp) -> None:
    """The exception passes all the same."""
    app = make_app(FAILWELL_HOOKS_COMMANDS=False)

    @app.cli.command("import")
    def run() -> None:
        raise ValueError("boom")

    assert isinstance(_run(app, "import"), ValueError)
    assert origins(app) == []
