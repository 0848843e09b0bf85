"""The database: tables, connections, migrations.

Owns the schema and the one way to write, `writing()`. Knows no rule of booking and
no HTTP.
"""

from meetings.storage._database import connect_database, db, writing
from meetings.storage._migrate import current_version, expected_version, migrate
from meetings.storage._models import (
    LONGEST_MEETING_S,
    Base,
    Meeting,
    Participant,
    Role,
    Room,
    Status,
    User,
)

__all__ = [
    "LONGEST_MEETING_S",
    "Base",
    "Meeting",
    "Participant",
    "Role",
    "Room",
    "Status",
    "User",
    "connect_database",
    "current_version",
    "db",
    "expected_version",
    "migrate",
    "writing",
]
