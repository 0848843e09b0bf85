"""The tables as classes.

Owns names, columns and constraints. The triggers that stand behind the booking rules
are in the migrations, which alone make the tables.
"""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKey, Index, MetaData, String
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from meetings.storage._types import UtcSeconds

LONGEST_MEETING_S = 24 * 3600
"""No meeting is longer: it bounds how far back a conflict can have started."""


class Role(StrEnum):
    """What a user is allowed to be."""

    ADMIN = "admin"
    MANAGER = "manager"
    MEMBER = "member"


class Status(StrEnum):
    """What a meeting is; a cancelled one keeps its row and frees its time."""

    CONFIRMED = "confirmed"
    CANCELLED = "cancelled"


def _one_of(column: str, values: type[StrEnum]) -> str:
    return f"{column} IN ({', '.join(repr(v.value) for v in values)})"


class Base(DeclarativeBase):
    """The base of all tables; names every constraint, so that migrations can."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class User(Base):
    """A person who can sign in."""

    __tablename__ = "users"
    __table_args__ = (CheckConstraint(_one_of("role", Role), name="role"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    email: Mapped[str] = mapped_column(String(254), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    password_hash: Mapped[str] = mapped_column(String(200))
    role: Mapped[str] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcSeconds)


class Room(Base):
    """A room with so many seats."""

    __tablename__ = "rooms"
    __table_args__ = (CheckConstraint("capacity > 0", name="capacity"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200), unique=True)
    capacity: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcSeconds)


class Participant(Base):
    """A user's seat in a meeting; the organiser takes none."""

    __tablename__ = "participants"
    __table_args__ = (Index(None, "user_id", "meeting_id"),)

    meeting_id: Mapped[int] = mapped_column(
        ForeignKey("meetings.id", ondelete="CASCADE"), primary_key=True
    )
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True)
    created_at: Mapped[datetime] = mapped_column(UtcSeconds)


class Meeting(Base):
    """A meeting: half-open in time, so that back to back is no conflict."""

    __tablename__ = "meetings"
    __table_args__ = (
        CheckConstraint("end_time > start_time", name="order"),
        CheckConstraint(
            f"end_time - start_time <= {LONGEST_MEETING_S}", name="duration"
        ),
        CheckConstraint("max_capacity > 0", name="max_capacity"),
        CheckConstraint(_one_of("status", Status), name="status"),
        Index(None, "room_id", "start_time", "end_time"),
        Index(None, "organizer_id", "start_time", "end_time"),
        Index(None, "start_time", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str] = mapped_column(String(200))
    organizer_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    room_id: Mapped[int | None] = mapped_column(ForeignKey("rooms.id"))
    start_time: Mapped[datetime] = mapped_column(UtcSeconds)
    end_time: Mapped[datetime] = mapped_column(UtcSeconds)
    max_capacity: Mapped[int | None]
    status: Mapped[str] = mapped_column(String(20))
    version: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(UtcSeconds)

    participants: Mapped[list[Participant]] = relationship(
        order_by=Participant.user_id,
        cascade="all, delete-orphan",
        lazy="selectin",  # codespell:ignore selectin
    )

    @property
    def participant_ids(self) -> list[int]:
        """The ids of those who have a seat, in order."""
        return sorted(seat.user_id for seat in self.participants)
