"""What `alerts add` and `alerts change` take of a rule."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar, get_args

import click

from failwell.records import Level

Command = TypeVar("Command", bound=Callable[..., Any])

_OPTIONS = (
    click.option("--to", multiple=True, help="A channel; again for more; default all."),
    click.option(
        "--code", "codes", multiple=True, help="An error code; again for more."
    ),
    click.option(
        "--level",
        type=click.Choice(get_args(Level)),
        help="Errors of this level or a graver one alone.",
    ),
    click.option("--route", help="Of this route alone."),
    click.option(
        "--of", type=click.Choice(["errors", "users"]), help="What is counted."
    ),
    click.option(
        "--scope",
        type=click.Choice(["group", "application"]),
        help="Whether each group is looked at, or all errors together.",
    ),
    click.option("--count", type=int, help="How many at least."),
    click.option("--minutes", type=int, help="In how many minutes."),
    click.option("--factor", type=float, help="How many times the usual."),
    click.option(
        "--pause", "pause_minutes", type=int, help="Minutes of silence after an alert."
    ),
    click.option("--urgent/--not-urgent", default=None, help="In quiet hours, too."),
)

by_option = click.option(
    "--by", metavar="WHO", help="Who does so; default: you, at HOST."
)


def rule_options(command: Command) -> Command:
    """Give a command the options of a rule."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def given(options: Mapping[str, Any]) -> dict[str, Any]:
    """Return those options that were given."""
    return {name: value for name, value in options.items() if value not in (None, ())}
