"""`circuits`, and `circuits open`, `close`, `disable`, `reset`: breakers of all processes.

This process is none of those that serve: what it shows is what they have told.
"""

from typing import TYPE_CHECKING

import click
import msgspec
from flask.cli import AppGroup, with_appcontext

from failwell.cli._journal import current_journal
from failwell.cli._json import print_json
from failwell.cli._options import StoreAwayError, as_json_option, using_store
from failwell.cli._who import who
from failwell.logs import escape
from failwell.store import CircuitOrder, Override

if TYPE_CHECKING:
    from failwell.fleet import Fleet

_ORDERS: tuple[tuple[str, Override | None, str, str], ...] = (
    (
        "open",
        "open",
        "Refuse the calls of a breaker, however long, until it is reset.",
        "is held open: its calls are refused",
    ),
    (
        "close",
        "closed",
        "Let the calls of a breaker through, whatever they count, until it is reset.",
        "is held closed: nothing opens it",
    ),
    (
        "disable",
        "disabled",
        "Let the calls of a breaker through uncounted, until it is reset.",
        "is disabled: its calls go through uncounted",
    ),
    (
        "reset",
        None,
        "Close a breaker, and let its calls decide again.",
        "is closed, and its calls decide",
    ),
)


def add_circuits(group: AppGroup) -> None:
    """Add the commands to the group."""

    @group.group("circuits", cls=AppGroup, invoke_without_command=True)
    @click.option("--processes", is_flag=True, help="A line for each process.")
    @as_json_option
    @click.pass_context
    @with_appcontext
    def circuits(context: click.Context, *, processes: bool, as_json: bool) -> None:
        """Show the circuit breakers of all processes, as these have told.

        They tell when a circuit changes, and every 30 seconds.
        """
        if context.invoked_subcommand is None:
            _show(current_journal().fleet, by_process=processes, as_json=as_json)

    for command in _ORDERS:
        _add_order(circuits, *command)


def _show(fleet: "Fleet", *, by_process: bool, as_json: bool) -> None:
    overview = fleet.overview(with_own=False)
    if overview.away is not None:
        message = f"{escape(overview.away)}; `flask failwell doctor` may say more."
        raise StoreAwayError(message)
    if as_json:
        print_json(msgspec.structs.asdict(overview))
        return
    from failwell.cli._circuits_screen import (  # noqa: PLC0415 - loads rich
        circuits_table,
        processes_table,
    )
    from failwell.cli._screen import make_screen, show  # noqa: PLC0415 - as above

    table = processes_table if by_process else circuits_table
    show(make_screen(), table(overview))


def _add_order(
    group: click.Group, command: str, override: Override | None, text: str, said: str
) -> None:
    @group.command(command, help=f"{text} In every process, from its next look on.")
    @click.argument("name")
    @click.option("--by", metavar="WHO", help="Who orders it; default: you, at HOST.")
    @as_json_option
    def give(name: str, by: str | None, *, as_json: bool) -> None:
        with using_store(settled=False) as journal:
            fleet = journal.fleet
            try:
                order = fleet.order(name, override, set_by=by or who())
            except ValueError as error:
                raise click.ClickException(escape(str(error))) from error
        if as_json:
            print_json(_document(order))
            return
        click.echo(
            f"{escape(name)} {said}, in every process within about"
            f" {fleet.interval_s:g} s."
        )


def _document(order: CircuitOrder) -> dict[str, object]:
    return {
        "name": order.name,
        "override": order.override,
        "set_by": order.set_by,
        "set_at": order.set_at,
    }
