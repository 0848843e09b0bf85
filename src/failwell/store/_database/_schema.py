"""The tables, one schema for SQLite and PostgreSQL; nothing else.

Time has one form for each purpose: a moment is whole microseconds since 1970-01-01
UTC, a bucket is the number of its minute, hour or day since then. The large tables
have no foreign keys: they are filled by COPY, and merging groups only repoints
`fingerprints.group_id`. Importing this module imports SQLAlchemy: only the modules
that touch the database do.
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    Table,
    Text,
    UniqueConstraint,
    text,
)

from failwell.store._database._columns import counts as _counts
from failwell.store._database._columns import metadata
from failwell.store._database._columns import number as _number
from failwell.store._database._columns import number_of_row as _id
from failwell.store._database._columns import words as _text

# What errors are told apart by besides their group: few, and each named once.
kinds = Table(
    "kinds",
    metadata,
    _id(),
    _text("application"),
    _text("environment"),
    _text("release"),
    _text("code"),
    _text("type"),
    UniqueConstraint("application", "environment", "release", "code", "type"),
)

# Exact to the minute; pruned with the age of retention.
kind_minutes = _counts(
    "kind_minutes", _number("minute", key=True), _number("kind_id", key=True)
)
# Kept for ever, and days beside hours so that a month's statistics read few rows.
kind_hours = _counts(
    "kind_hours", _number("hour", key=True), _number("kind_id", key=True)
)
kind_days = _counts("kind_days", _number("day", key=True), _number("kind_id", key=True))

# `total`, `users`, `first_seen` and `last_seen` are sums and unions over the group's
# fingerprints. The two are null until the first error is counted or kept.
groups = Table(
    "groups",
    metadata,
    _id(),
    _text("application"),
    _text("code"),
    _text("type"),
    _text("culprit"),
    _text("message"),
    # What a text is looked for in: type, place, code and message without case.
    _text("search"),
    Column("state", Text, nullable=False, server_default="open"),
    Column("state_at", BigInteger),
    Column("total", BigInteger, nullable=False, server_default=text("0")),
    Column("users", BigInteger, nullable=False, server_default=text("0")),
    Column("first_seen", BigInteger),
    Column("last_seen", BigInteger),
    # Whose it is; what opens a muted one again; when it last came back by itself; and in
    # which release it was resolved, or the moment from which a release is the next.
    Column("assigned_to", Text),
    Column("muted_until", BigInteger),
    Column("muted_more", BigInteger),
    Column("regressed_at", BigInteger),
    Column("resolved_in", Text),
    Column("regresses_from", BigInteger),
    Index("groups_by_last_seen", "last_seen", "id"),
    Index("groups_by_first_seen", "first_seen", "id"),
    Index("groups_by_total", "total", "id"),
)

# Merging repoints `group_id`, and so holds for what comes later; to take a merge back
# is to set it to `home_group_id` again.
fingerprints = Table(
    "fingerprints",
    metadata,
    _id(),
    _text("application"),
    _text("algorithm"),
    _text("hash"),
    _number("group_id"),
    _number("home_group_id"),
    # What was hashed, as a JSON list of texts.
    Column("parts", Text, nullable=False, server_default="[]"),
    Column("total", BigInteger, nullable=False, server_default=text("0")),
    Column("first_seen", BigInteger),
    Column("last_seen", BigInteger),
    UniqueConstraint("application", "algorithm", "hash"),
    Index("fingerprints_by_group", "group_id"),
    Index("fingerprints_by_home", "home_group_id"),
    Index("fingerprints_by_hash", "hash"),
)

# The last 25 hours only.
fingerprint_minutes = _counts(
    "fingerprint_minutes",
    _number("minute", key=True),
    _number("fingerprint_id", key=True),
    _number("kind_id", key=True),
)
fingerprint_hours = _counts(
    "fingerprint_hours",
    _number("fingerprint_id", key=True),
    _number("hour", key=True),
    _number("kind_id", key=True),
    index=[Index("fingerprint_hours_by_hour", "hour", "fingerprint_id", "n")],
)
# Exact for ever: what a filter by release or environment adds up.
fingerprint_totals = _counts(
    "fingerprint_totals",
    _number("fingerprint_id", key=True),
    _number("kind_id", key=True),
    _number("first_seen"),
    _number("last_seen"),
    index=[Index("fingerprint_totals_by_kind", "kind_id")],
)
# Sketches (HyperLogLog) of the users that were met. Day 0 holds those of all days.
fingerprint_users = Table(
    "fingerprint_users",
    metadata,
    _number("fingerprint_id", key=True),
    _number("day", key=True),
    Column("sketch", LargeBinary, nullable=False),
)


def _event_columns() -> list[Column[Any]]:
    return [
        _text("id"),
        _number("fingerprint_id"),
        _number("kind_id"),
        _number("at"),
        Column("user_id", Text),
        Column("request_id", Text),
        _text("route"),
        Column("payload", LargeBinary, nullable=False),
    ]


def _by_user(table: str) -> Index:
    known = text("user_id IS NOT NULL")
    return Index(
        f"{table}_by_user", "user_id", sqlite_where=known, postgresql_where=known
    )


# Nothing is unique here, since partitions could not hold it: the watermark, moved in
# the same transaction, is what keeps an event from being stored twice.
events = Table(
    "events",
    metadata,
    *_event_columns(),
    Index("events_by_id", "id"),
    Index("events_by_fingerprint", "fingerprint_id", "at"),
    # With the kind, by which an application's own are found among many others.
    Index("events_by_time", "at", "kind_id"),
    _by_user("events"),
    postgresql_partition_by="RANGE (at)",
)

# The first and the last event of a group, when retention takes them out of `events`.
landmarks = Table(
    "landmarks",
    metadata,
    *_event_columns(),
    Index("landmarks_by_id", "id"),
    Index("landmarks_by_fingerprint", "fingerprint_id", "at"),
    _by_user("landmarks"),
)

# Of the kept events: their route, and every tag under its own name. What is beyond a
# hundred values of a name is counted under the value `…`.
facets = Table(
    "facets",
    metadata,
    _number("fingerprint_id", key=True),
    _text("name", key=True),
    _text("value", key=True),
    _number("n"),
    _number("last_seen"),
    Index("facets_by_value", "name", "value"),
    sqlite_with_rowid=False,
)

# The frames of events, which refer to them by hash: a few stacks make nearly all.
# `last_used` is the day of the newest event that does. A stack that `unit_stacks` names
# may be asked for again, however old it is.
stacks = Table(
    "stacks",
    metadata,
    _text("hash", key=True),
    Column("frames", LargeBinary, nullable=False),
    _number("last_used"),
    Index("stacks_by_last_used", "last_used"),
)

answers = Table(
    "answers",
    metadata,
    _id(),
    _text("application"),
    _text("environment"),
    _text("release"),
    _text("code"),
    Column("status", Integer, nullable=False),
    _text("method"),
    _text("route"),
    UniqueConstraint(
        "application", "environment", "release", "code", "status", "method", "route"
    ),
)
answer_hours = _counts(
    "answer_hours", _number("answer_id", key=True), _number("hour", key=True)
)

# Errors that were counted and not kept, by reason.
losses = Table(
    "losses",
    metadata,
    _id(),
    _text("application"),
    _text("environment"),
    _text("release"),
    _text("reason"),
    UniqueConstraint("application", "environment", "release", "reason"),
)
loss_hours = _counts(
    "loss_hours", _number("loss_id", key=True), _number("hour", key=True)
)

# How far each unit of the spool has been moved. A finished unit's row stays for a
# while: should its removal have failed, it must never be read again.
watermarks = Table(
    "watermarks",
    metadata,
    _text("unit_id", key=True),
    _number("position"),
    Column("finished", Boolean, nullable=False),
    _number("moved_at"),
)

# What the keys of a unit count. The definitions lie below the watermark and are not
# read again, so that a restarted shipper needs them here; as they were written, so
# that a merge made since is honoured.
unit_keys = Table(
    "unit_keys",
    metadata,
    _text("unit_id", key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("definition", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Which stack a key of the unit stands for, as `unit_keys` for counters.
unit_stacks = Table(
    "unit_stacks",
    metadata,
    _text("unit_id", key=True),
    _text("key", key=True),
    _text("hash"),
    _text("culprit"),
    sqlite_with_rowid=False,
)

# The highest reading of each counter: counters only grow, the difference is new.
counter_marks = Table(
    "counter_marks",
    metadata,
    _text("unit_id", key=True),
    _number("slot", key=True),
    _number("n"),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    _id(),
    _text("unit_id"),
    _number("position"),
    _number("at"),
    _text("reason"),
    Column("payload", LargeBinary, nullable=False),
)

used_tokens = Table(
    "used_tokens",
    metadata,
    _text("token_id", key=True),
    _number("expires_at"),
)

# The last order of an operator for the circuit breakers of a name, and what each process
# told last of its own, as JSON.
circuit_orders = Table(
    "circuit_orders",
    metadata,
    _text("application", key=True),
    _text("environment", key=True),
    _text("name", key=True),
    Column("override", Text),
    _text("set_by"),
    _number("set_at"),
)
circuit_reports = Table(
    "circuit_reports",
    metadata,
    _text("application", key=True),
    _text("environment", key=True),
    _text("process", key=True),
    _number("at"),
    _text("report"),
)
