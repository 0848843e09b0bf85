"""Users, rooms, meetings and seats, with the triggers that guard them.

Nothing overlaps and nothing is overfull even if a program writes past the booking
function: the triggers refuse it. The bound on `start_time` is legal because of the
CHECK on the duration, and lets the index answer.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_OVERLAPS = """
  SELECT RAISE(ABORT, 'MEETING_CONFLICT') WHERE EXISTS (
    SELECT 1 FROM meetings
    WHERE {owner} = NEW.{owner} AND id <> NEW.id AND status = 'confirmed'
      AND start_time < NEW.end_time AND start_time > NEW.start_time - 86400
      AND end_time > NEW.start_time);
"""

_TAKEN = "(SELECT count(*) FROM participants WHERE meeting_id = {meeting})"

_SEATS = """
  SELECT RAISE(ABORT, 'MEETING_CAPACITY_ERROR') FROM meetings
    LEFT JOIN rooms ON rooms.id = meetings.room_id
    WHERE meetings.id = {meeting}
      AND {taken} > min(coalesce(meetings.max_capacity, 9223372036854775807),
                        coalesce(rooms.capacity, 9223372036854775807));
"""


def upgrade() -> None:
    """Make the tables, their indexes and triggers."""
    _people_and_rooms()
    _meetings()
    _seats()
    _indexes()
    _triggers()


def _people_and_rooms() -> None:
    op.create_table(
        "users",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("email", sa.String(254), nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("password_hash", sa.String(200), nullable=False),
        sa.Column("role", sa.String(20), nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_users"),
        sa.UniqueConstraint("email", name="uq_users_email"),
        sa.CheckConstraint(
            "role IN ('admin', 'manager', 'member')", name=op.f("ck_users_role")
        ),
    )
    op.create_table(
        "rooms",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("name", sa.String(200), nullable=False),
        sa.Column("capacity", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_rooms"),
        sa.UniqueConstraint("name", name="uq_rooms_name"),
        sa.CheckConstraint("capacity > 0", name=op.f("ck_rooms_capacity")),
    )


def _meetings() -> None:
    op.create_table(
        "meetings",
        sa.Column("id", sa.Integer, nullable=False),
        sa.Column("title", sa.String(200), nullable=False),
        sa.Column("organizer_id", sa.Integer, nullable=False),
        sa.Column("room_id", sa.Integer),
        sa.Column("start_time", sa.BigInteger, nullable=False),
        sa.Column("end_time", sa.BigInteger, nullable=False),
        sa.Column("max_capacity", sa.Integer),
        sa.Column("status", sa.String(20), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_meetings"),
        sa.ForeignKeyConstraint(
            ["organizer_id"], ["users.id"], name="fk_meetings_organizer_id"
        ),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name="fk_meetings_room_id"),
        sa.CheckConstraint("end_time > start_time", name=op.f("ck_meetings_order")),
        sa.CheckConstraint(
            "end_time - start_time <= 86400", name=op.f("ck_meetings_duration")
        ),
        sa.CheckConstraint("max_capacity > 0", name=op.f("ck_meetings_max_capacity")),
        sa.CheckConstraint(
            "status IN ('confirmed', 'cancelled')", name=op.f("ck_meetings_status")
        ),
    )


def _seats() -> None:
    op.create_table(
        "participants",
        sa.Column("meeting_id", sa.Integer, nullable=False),
        sa.Column("user_id", sa.Integer, nullable=False),
        sa.Column("created_at", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("meeting_id", "user_id", name="pk_participants"),
        sa.ForeignKeyConstraint(
            ["meeting_id"],
            ["meetings.id"],
            name="fk_participants_meeting_id",
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name="fk_participants_user_id"
        ),
    )


def _indexes() -> None:
    for columns in (
        ["room_id", "start_time", "end_time"],
        ["organizer_id", "start_time", "end_time"],
        ["start_time", "id"],
    ):
        op.create_index(f"ix_meetings_{'_'.join(columns)}", "meetings", columns)
    op.create_index(
        "ix_participants_user_id_meeting_id", "participants", ["user_id", "meeting_id"]
    )


def _triggers() -> None:
    overlaps = "".join(_OVERLAPS.format(owner=o) for o in ("room_id", "organizer_id"))
    for name, event in (
        ("insert", "INSERT ON meetings"),
        (
            "update",
            "UPDATE OF room_id, organizer_id, start_time, end_time, status ON meetings",
        ),
    ):
        op.execute(
            f"CREATE TRIGGER meetings_no_overlap_on_{name} BEFORE {event}"
            f" WHEN NEW.status = 'confirmed' BEGIN {overlaps} END"
        )
    for name, event, meeting in (
        ("join", "INSERT ON participants", "NEW.meeting_id"),
        ("change", "UPDATE OF max_capacity, room_id ON meetings", "NEW.id"),
    ):
        seats = _SEATS.format(meeting=meeting, taken=_TAKEN.format(meeting=meeting))
        op.execute(
            f"CREATE TRIGGER meetings_no_overfull_on_{name} AFTER {event}"
            f" BEGIN {seats} END"
        )


def downgrade() -> None:
    """Drop everything that `upgrade` made."""
    for table in ("participants", "meetings", "rooms", "users"):
        op.drop_table(table)
