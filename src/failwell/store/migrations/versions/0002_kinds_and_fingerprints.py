"""Counts by kind and by fingerprint, so that groups can be merged and stay countable.

Moves what a store of the first version holds, which SQLite alone had. A group had one
hash: it becomes the group's fingerprint, under the number of the group.
"""

from pathlib import Path

from alembic import op
from sqlalchemy import text

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_TABLES = Path(__file__).parents[1] / "tables_0002.sql"
_INDEXES = (
    "groups_by_last_seen",
    "events_by_group",
    "events_by_time",
    "group_hashes_by_group",
    "group_hours_by_hour",
)
_REPLACED = (
    *("events", "group_hours", "group_minutes", "group_hashes", "answer_hours"),
    *("stacks", "groups"),
)

_KINDS = """
INSERT INTO kinds (application, environment, release, code, type)
SELECT g.application, c.environment, c.release, g.code, c.type
FROM old_groups g JOIN (
    SELECT h.group_id, h.environment, h.release, o.type
    FROM old_group_hours h JOIN old_groups o ON o.id = h.group_id
    UNION SELECT group_id, environment, release, type FROM old_events
) c ON c.group_id = g.id
GROUP BY 1, 2, 3, 4, 5
"""
_COUNTED_KIND = """
FROM old_{table} c
JOIN old_groups g ON g.id = c.group_id
JOIN kinds k ON k.application = g.application AND k.environment = c.environment
    AND k.release = c.release AND k.code = g.code AND k.type = g.type
"""
_HOURS = _COUNTED_KIND.format(table="group_hours")
_MINUTES = _COUNTED_KIND.format(table="group_minutes")

_MOVES = (
    """INSERT INTO groups (id, application, code, type, culprit, message, search,
        total, users, first_seen, last_seen)
    SELECT id, application, code, type, culprit, message, '', total, 0,
        first_seen, last_seen FROM old_groups""",
    """INSERT INTO fingerprints (application, algorithm, hash, group_id, home_group_id)
    SELECT application, algorithm, hash, group_id, group_id FROM old_group_hashes
    ORDER BY group_id, algorithm, hash""",
    # Of several hashes of a group, the first one gets what was counted for all.
    """CREATE TEMPORARY TABLE owners AS
    SELECT group_id, min(id) AS fingerprint_id FROM fingerprints GROUP BY group_id""",
    """UPDATE fingerprints SET (total, first_seen, last_seen) = (
        SELECT total, first_seen, last_seen FROM old_groups g WHERE g.id = group_id)
    WHERE id IN (SELECT fingerprint_id FROM owners)""",
    _KINDS,
    """INSERT INTO kind_minutes (minute, kind_id, n)
    SELECT c.minute, k.id, sum(c.n) {minutes} GROUP BY 1, 2""",
    """INSERT INTO kind_hours (hour, kind_id, n)
    SELECT c.hour, k.id, sum(c.n) {hours} GROUP BY 1, 2""",
    """INSERT INTO kind_days (day, kind_id, n)
    SELECT hour / 24, kind_id, sum(n) FROM kind_hours GROUP BY 1, 2""",
    """INSERT INTO fingerprint_minutes (minute, fingerprint_id, kind_id, n)
    SELECT c.minute, o.fingerprint_id, k.id, sum(c.n) {minutes}
    JOIN owners o ON o.group_id = c.group_id
    WHERE c.minute >= (SELECT max(minute) FROM old_group_minutes) - 1500
    GROUP BY 1, 2, 3""",
    """INSERT INTO fingerprint_hours (fingerprint_id, hour, kind_id, n)
    SELECT o.fingerprint_id, c.hour, k.id, sum(c.n) {hours}
    JOIN owners o ON o.group_id = c.group_id GROUP BY 1, 2, 3""",
    """INSERT INTO fingerprint_totals
        (fingerprint_id, kind_id, first_seen, last_seen, n)
    SELECT o.fingerprint_id, k.id,
        max(min(c.hour) * 3600000000, coalesce(g.first_seen, 0)),
        min((max(c.hour) + 1) * 3600000000 - 1, coalesce(g.last_seen, 1 << 62)),
        sum(c.n) {hours}
    JOIN owners o ON o.group_id = c.group_id GROUP BY 1, 2""",
    """INSERT INTO events
        (id, fingerprint_id, kind_id, at, user_id, request_id, route, payload)
    SELECT e.id, o.fingerprint_id, k.id, e.at, e.user_id, e.request_id,
        coalesce(substr(CASE WHEN json_valid(CAST(e.payload AS TEXT)) THEN
            json_extract(CAST(e.payload AS TEXT), '$.request.route') END, 1, 300), ''),
        e.payload
    FROM old_events e
    JOIN old_groups g ON g.id = e.group_id
    JOIN owners o ON o.group_id = e.group_id
    JOIN kinds k ON k.application = g.application AND k.environment = e.environment
        AND k.release = e.release AND k.code = g.code AND k.type = e.type
    ORDER BY e.at""",
    "INSERT INTO answer_hours (answer_id, hour, n) SELECT * FROM old_answer_hours",
    """INSERT INTO stacks (hash, frames, last_used)
    SELECT hash, frames, (SELECT coalesce(max(at), 0) / 86400000000 FROM events)
    FROM old_stacks""",
    """INSERT INTO facets (fingerprint_id, name, value, n, last_seen)
    SELECT fingerprint_id, 'route', CASE WHEN place <= 100 THEN route ELSE '…' END,
        sum(n), max(last)
    FROM (
        SELECT fingerprint_id, route, count(*) AS n, max(at) AS last, row_number() OVER (
            PARTITION BY fingerprint_id ORDER BY count(*) DESC) AS place
        FROM events WHERE route <> '' GROUP BY 1, 2
    ) GROUP BY 1, 2, 3""",
)


def upgrade() -> None:
    """Make the new tables, move what the old ones hold, and drop those."""
    for index in _INDEXES:
        op.execute(f"DROP INDEX {index}")
    for table in _REPLACED:
        op.execute(f"ALTER TABLE {table} RENAME TO old_{table}")
    for statement in _TABLES.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
    for statement in _MOVES:
        op.execute(statement.format(hours=_HOURS, minutes=_MINUTES))
    _write_search_texts()
    op.execute("DROP TABLE owners")
    for table in _REPLACED:
        op.execute(f"DROP TABLE old_{table}")


def _write_search_texts() -> None:
    """Let groups be found by their words, in Python's lower case as later ones."""
    connection = op.get_bind()
    told = text("SELECT id, type, culprit, code, message FROM groups")
    for id_, *words in connection.execute(told).all():
        connection.execute(
            text("UPDATE groups SET search = :search WHERE id = :id"),
            {"id": id_, "search": "\n".join(words).casefold()},
        )
