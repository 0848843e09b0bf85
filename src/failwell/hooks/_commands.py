"""Exceptions of the commands that an application adds to `flask`.

Owns the look-up of such a command. They would also end the process; but here it is known
which command it was and of which application, and a test of a command ends no process.
"""

import copy
import errno
from collections.abc import Callable
from typing import Any

import click

from failwell.hooks._applications import Catcher
from failwell.hooks._report import report

_NO_ERRORS = (click.ClickException, click.Abort, click.exceptions.Exit, EOFError)
"""What click itself turns into a message or an exit code."""


def watch_commands(group: click.Group, catcher: Catcher) -> None:
    """Record the exceptions of a group's commands, and let them pass."""
    find = group.get_command

    def get_command(context: click.Context, name: str) -> click.Command | None:
        command = find(context, name)
        return None if command is None else _watched(command, catcher)

    vars(group)["get_command"] = get_command


def _watched(command: click.Command, catcher: Catcher) -> click.Command:
    # A copy: the command may belong to several applications.
    watched = copy.copy(command)
    vars(watched)["invoke"] = _recording(command.invoke, catcher)
    return watched


def _recording(
    invoke: Callable[[click.Context], Any], catcher: Catcher
) -> Callable[[click.Context], Any]:
    def invoke_recorded(context: click.Context) -> Any:  # noqa: ANN401 - a command's own
        try:
            return invoke(context)
        except BaseException as error:
            if not _is_end(error):
                report(
                    error,
                    lambda settings: settings.hooks_commands,
                    lambda: catcher,
                    origin="command",
                    context={"command": context.command_path},
                )
            raise

    return invoke_recorded


def _is_end(error: BaseException) -> bool:
    # click ends quietly when nobody reads its output any more.
    is_unread = isinstance(error, OSError) and error.errno == errno.EPIPE
    return is_unread or isinstance(error, _NO_ERRORS)
