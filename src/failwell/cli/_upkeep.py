"""`store prune` and `erase`: what leaves the store, and that it has."""

import click

from failwell.cli._json import print_json
from failwell.cli._options import as_json_option, at_store, using_store
from failwell.logs import escape
from failwell.store import Erased, Pruned

_MEBIBYTE = 1024 * 1024
_UNTOUCHED = (
    "Not touched: counts, which name nobody; errors of others that mention the id; files"
    " of the spool, which go when the process that wrote them has ended; log files;"
    " backups; what other machines have not shipped yet."
)


def add_prune(store: click.Group) -> None:
    """Add the command to the group of the store's."""

    @store.command("prune")
    @as_json_option
    def prune(*, as_json: bool) -> None:
        """Remove what is beyond FAILWELL_STORE_DAYS, _EVENTS and _BYTES, now.

        The shipper does so by itself, a little at a time.
        """
        total = Pruned()
        with using_store() as journal:
            for done in journal.store.prune():
                total = total.plus(done)
        if as_json:
            print_json(total._asdict())
            return
        click.echo(
            f"Removed {total.events:,} errors that were kept in full, of which"
            f" {total.landmarks:,} stay as the first or last of their group;"
            f" {total.counts:,} rows of counts and tags, {total.stacks:,} stacks."
            f" Gave back {total.freed / _MEBIBYTE:,.1f} MiB."
        )


def add_erase(group: click.Group) -> None:
    """Add the command to the group."""

    @group.command("erase")
    @click.option(
        "--user", required=True, metavar="ID", help="As errors name the user."
    )
    @click.option("--yes", is_flag=True, help="Do not ask.")
    @as_json_option
    def erase(user: str, *, yes: bool, as_json: bool) -> None:
        """Remove the errors and tags of one user; counts stay.

        Ends with 1 where some of what was recorded is not in the store yet: run it
        again then.
        """
        if not user:
            message = "an empty id names nobody"
            raise click.BadParameter(message, param_hint="--user")
        if not yes:
            named = escape(user)
            click.confirm(f"Remove all that is kept of user {named!r}?", abort=True)
        with at_store(settled=False) as place:
            is_complete, erased = place.settle(), place.store.erase(user)
        _report(erased, as_json=as_json, is_complete=is_complete)
        if not is_complete:
            click.get_current_context().exit(1)


def _report(erased: Erased, *, as_json: bool, is_complete: bool) -> None:
    if as_json:
        print_json({**erased._asdict(), "complete": is_complete})
    else:
        click.echo(
            f"Removed {erased.events + erased.landmarks:,} errors, {erased.tags:,} tags"
            f" and {erased.quarantined:,} frames that were set aside; took the id out"
            f" of {erased.titles:,} messages of groups and {erased.history:,} entries"
            " of the history."
        )
        click.echo(_UNTOUCHED)
    if not is_complete:
        click.echo(
            "Not all that was recorded is in the store yet; run this again when"
            " `flask failwell doctor` says that it is.",
            err=True,
        )
