"""The tables, for SQLite now and PostgreSQL later; nothing else.

Time has one form for each purpose: a moment is whole microseconds since 1970-01-01
UTC, a bucket is the number of its minute or hour since then. Importing this module
imports SQLAlchemy: only the modules that touch the database do.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
)

# SQLite numbers rows by itself only where the type is exactly INTEGER.
_Number = BigInteger().with_variant(Integer(), "sqlite")

metadata = MetaData()

groups = Table(
    "groups",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("application", Text, nullable=False),
    Column("hash", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("culprit", Text, nullable=False),
    Column("message", Text, nullable=False),
    # Null until the first error of the group is counted or kept.
    Column("first_seen", BigInteger),
    Column("last_seen", BigInteger),
    Column("total", BigInteger, nullable=False),
    Index("groups_by_last_seen", "last_seen"),
)

# A table of its own, so that merging repoints a row and holds for what comes later.
group_hashes = Table(
    "group_hashes",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("application", Text, primary_key=True),
    Column("algorithm", Text, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Index("group_hashes_by_group", "group_id"),
    sqlite_with_rowid=False,
)

events = Table(
    "events",
    metadata,
    Column("id", Text, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("environment", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("user_id", Text),
    Column("request_id", Text),
    Column("payload", LargeBinary, nullable=False),
    Index("events_by_group", "group_id", "at"),
    Index("events_by_time", "at"),
)

# The frames of events, which refer to them by hash: a few stacks make nearly all.
stacks = Table(
    "stacks",
    metadata,
    Column("hash", Text, primary_key=True),
    Column("frames", LargeBinary, nullable=False),
)

group_minutes = Table(
    "group_minutes",
    metadata,
    Column("minute", BigInteger, primary_key=True),
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("release", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

group_hours = Table(
    "group_hours",
    metadata,
    Column("group_id", ForeignKey("groups.id"), primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("environment", Text, primary_key=True),
    Column("release", Text, primary_key=True),
    Column("n", BigInteger, nullable=False),
    Index("group_hours_by_hour", "hour", "group_id", "n"),
    sqlite_with_rowid=False,
)

answers = Table(
    "answers",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("application", Text, nullable=False),
    Column("environment", Text, nullable=False),
    Column("release", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("status", Integer, nullable=False),
    Column("method", Text, nullable=False),
    Column("route", Text, nullable=False),
    UniqueConstraint(
        "application", "environment", "release", "code", "status", "method", "route"
    ),
)

answer_hours = Table(
    "answer_hours",
    metadata,
    Column("answer_id", ForeignKey("answers.id"), primary_key=True),
    Column("hour", BigInteger, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

# How far each unit of the spool has been moved. A finished unit's row stays for a
# while: should its removal have failed, it must never be read again.
watermarks = Table(
    "watermarks",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("finished", Boolean, nullable=False),
    Column("moved_at", BigInteger, nullable=False),
)

# What the keys of a unit count. The definitions lie below the watermark and are not
# read again, so that a restarted shipper needs them here; as they were written, so
# that a merge made since is honoured.
unit_keys = Table(
    "unit_keys",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("key", LargeBinary, primary_key=True),
    Column("definition", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

# Which stack a key of the unit stands for, as `unit_keys` for counters.
unit_stacks = Table(
    "unit_stacks",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("key", Text, primary_key=True),
    Column("hash", Text, nullable=False),
    Column("culprit", Text, nullable=False),
    sqlite_with_rowid=False,
)

# The highest reading of each counter: counters only grow, the difference is new.
counter_marks = Table(
    "counter_marks",
    metadata,
    Column("unit_id", Text, primary_key=True),
    Column("slot", BigInteger, primary_key=True),
    Column("n", BigInteger, nullable=False),
    sqlite_with_rowid=False,
)

quarantine = Table(
    "quarantine",
    metadata,
    Column("id", _Number, primary_key=True),
    Column("unit_id", Text, nullable=False),
    Column("position", BigInteger, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    Column("payload", LargeBinary, nullable=False),
)

used_tokens = Table(
    "used_tokens",
    metadata,
    Column("token_id", Text, primary_key=True),
    Column("expires_at", BigInteger, nullable=False),
)
