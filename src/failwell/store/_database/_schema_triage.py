"""The tables of triage: who did what, and since when each release is known."""

from sqlalchemy import BigInteger, Column, Index, Table

from failwell.store._database._columns import metadata, number, number_of_row, words

# What people did, and what new errors made of the state of groups. `group_id` is null
# where it is about no group: a sign-in, an export. `details` is a JSON object.
history = Table(
    "history",
    metadata,
    number_of_row(),
    number("at"),
    Column("group_id", BigInteger),
    words("done_by"),
    words("action"),
    words("details"),
    Index("history_by_group", "group_id", "id"),
)

# By `first_seen` the releases of an application are in order.
releases = Table(
    "releases",
    metadata,
    words("application", key=True),
    words("release", key=True),
    number("first_seen"),
    sqlite_with_rowid=False,
)
