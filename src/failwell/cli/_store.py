"""`store upgrade`, `store copy`, `store open`: the database that errors rest in."""

import click

from failwell.cli._options import at_store


def add_store(group: click.Group) -> None:
    """Add the commands to the group of the store's."""
    _add_upgrade(group)
    _add_copy(group)
    _add_open(group)


def _add_upgrade(group: click.Group) -> None:
    @group.command("upgrade")
    def upgrade() -> None:
        """Bring the tables to the present version, as the first use does by itself."""
        with at_store(settled=False) as place:
            place.store.upgrade()
        click.echo("The store has the present version.")


def _add_copy(group: click.Group) -> None:
    @group.command("copy")
    @click.option(
        "--to",
        "url",
        required=True,
        metavar="URL",
        help="An empty database: postgresql://user:password@host/name, or an SQLite file.",
    )
    @click.option(
        "--keep-open",
        is_flag=True,
        help="Leave this store in use: the copy is a backup.",
    )
    def copy(url: str, *, keep_open: bool) -> None:
        """Copy the store into another database, whole or not at all.

        The application may go on: what it records meanwhile waits in the spool, and
        goes into the copy as soon as FAILWELL_STORE_URL names that. Until then the
        store can be read, and nothing is added to it.
        """
        from failwell.cli._copy_screen import (  # noqa: PLC0415 - loads rich
            copying,
        )

        with at_store() as place, copying() as report:
            place.store.copy_to(url, report, close=not keep_open)
        if keep_open:
            click.echo("The copy is complete.")
            return
        click.echo(
            "The copy is complete. Set FAILWELL_STORE_URL to it and restart the "
            "application, its shippers and every other node; what is recorded until "
            "then waits in the spools."
        )


def _add_open(group: click.Group) -> None:
    @group.command("open")
    def open_() -> None:
        """Use a store again that was copied, instead of the copy."""
        with at_store(settled=False) as place:
            was_closed = place.store.open_to_shippers()
        said = "takes" if was_closed else "was open, and takes"
        click.echo(f"The store {said} what is recorded.")
