"""The partitions of `events` in PostgreSQL: one for each day, and two for what is odd.

A day from 2020 to 2099 has a partition of its own, made when its first event is about
to come and, for tomorrow, ahead of that. What a clock gone mad dates before or after
goes into one partition each, so that whatever comes has a place.
"""

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import NamedTuple, TypeAlias

from sqlalchemy import Connection, text

from failwell.store._times import DAY, moment

_FIRST_DAY, _END_DAY = 18_262, 47_482
"""2020-01-01 and 2100-01-01."""
_THERE = text("SELECT relid::regclass::text FROM pg_partition_tree('events')")


Writing: TypeAlias = Callable[[], AbstractContextManager[Connection]]
"""Opens a transaction that writes."""


class Partition(NamedTuple):
    """A part of `events`, and the moments that it holds."""

    name: str
    first: str
    end: str


def partition_of(day: int) -> Partition:
    """Return the partition of a day."""
    if day < _FIRST_DAY:
        return Partition("events_before_2020", "MINVALUE", str(_FIRST_DAY * DAY))
    if day >= _END_DAY:
        return Partition("events_from_2100", str(_END_DAY * DAY), "MAXVALUE")
    name = f"events_{moment(day * DAY):%Y%m%d}"
    return Partition(name, str(day * DAY), str((day + 1) * DAY))


def make_partitions(connection: Connection, wanted: Iterable[Partition]) -> None:
    """Make those that are not there.

    Readers and writers of `events` go on meanwhile; of those who make partitions, one
    at a time does.
    """
    connection.execute(text("LOCK TABLE events IN SHARE UPDATE EXCLUSIVE MODE"))
    there = set(connection.scalars(_THERE))
    for name, first, end in sorted(set(wanted)):
        if name not in there:
            connection.execute(text(f"CREATE TABLE {name} (LIKE events INCLUDING ALL)"))
            # Attached and not created as a part: that would lock readers out.
            connection.execute(
                text(
                    f"ALTER TABLE events ATTACH PARTITION {name} "
                    f"FOR VALUES FROM ({first}) TO ({end})"
                )
            )
