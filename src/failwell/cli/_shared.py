"""The commands that need a store and no application, in the order in which they help."""

import click

from failwell._clock import Clock
from failwell.cli._export import add_export
from failwell.cli._past import add_past
from failwell.cli._reading import add_reading
from failwell.cli._store import add_store
from failwell.cli._triage import add_triage
from failwell.cli._upkeep import add_erase


def add_shared(group: click.Group, store: click.Group, clock: Clock) -> None:
    """Add the commands to the group, and those of the store's in it."""
    add_reading(group, clock)
    add_triage(group, clock)
    add_past(group)
    add_export(group, clock)
    group.add_command(store)
    add_store(store)
    add_erase(group)
