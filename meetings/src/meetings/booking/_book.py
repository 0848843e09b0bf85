"""The one way to book: making and changing a meeting both pass through `book`."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from failwell import NotFoundError
from meetings._clock import utc_now
from meetings._errors import MeetingCapacityError
from meetings.accounts import Caller
from meetings.booking._conflicts import refuse_conflicts
from meetings.booking._interval import Interval
from meetings.booking._seats import refuse_cancelled, seat, seats_of
from meetings.storage import Meeting, Room, Status, User


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A meeting as its organiser wants it."""

    title: str
    interval: Interval
    room_id: int | None
    max_capacity: int | None
    participants: frozenset[int]
    """Who else comes; the organiser takes no seat and is left out."""


def book(
    session: Session, caller: Caller, plan: Plan, meeting: Meeting | None = None
) -> Meeting:
    """Make `meeting` what the plan says, or make a new one; return it, flushed.

    Args:
        session: In a transaction that holds the write lock: what is checked here
            must still be true when it is written.
        caller: Who organises.
        plan: What is wanted.
        meeting: The meeting to change; None makes a new one.

    Raises:
        NotFoundError: The room or a participant does not exist.
        MeetingCapacityError: There are too few seats.
        MeetingConflictError: The room or the organiser is taken.
        ConflictError: The meeting is cancelled.
    """
    if meeting is not None:
        refuse_cancelled(meeting)
    own_id = None if meeting is None else meeting.id
    people = plan.participants - {caller.id}
    room = _room(session, plan.room_id)
    _refuse_unknown_people(session, people)
    seats = seats_of(room, plan.max_capacity)
    if seats is not None and len(people) > seats:
        raise MeetingCapacityError(own_id, len(people), seats)
    refuse_conflicts(session, caller, plan.interval, plan.room_id, own_id)
    if meeting is None:
        meeting = _new(caller)
    _write(session, meeting, plan, people)
    return meeting


def cancel(meeting: Meeting) -> bool:
    """Cancel the meeting, which frees its time; return whether it still stood."""
    if meeting.status == Status.CANCELLED.value:
        return False
    meeting.status = Status.CANCELLED.value
    meeting.version += 1
    return True


def _room(session: Session, room_id: int | None) -> Room | None:
    if room_id is None:
        return None
    room = session.get(Room, room_id)
    if room is None:
        raise NotFoundError("Room", room_id)
    return room


def _refuse_unknown_people(session: Session, people: Collection[int]) -> None:
    known = set(session.scalars(select(User.id).where(User.id.in_(people))))
    for user_id in sorted(people):
        if user_id not in known:
            raise NotFoundError("User", user_id)


def _new(caller: Caller) -> Meeting:
    return Meeting(
        organizer_id=caller.id,
        status=Status.CONFIRMED.value,
        version=0,
        created_at=utc_now(),
        participants=[],
    )


def _write(
    session: Session, meeting: Meeting, plan: Plan, people: Collection[int]
) -> None:
    # Seats are freed before limits shrink, and limits grow before seats are taken:
    # the triggers look at every single statement.
    for held in [p for p in meeting.participants if p.user_id not in people]:
        meeting.participants.remove(held)
    if meeting.id is not None:
        session.flush()
    meeting.title = plan.title
    meeting.start_time, meeting.end_time = plan.interval.start, plan.interval.end
    meeting.room_id, meeting.max_capacity = plan.room_id, plan.max_capacity
    meeting.version += 1
    session.add(meeting)
    session.flush()
    for user_id in sorted(set(people) - set(meeting.participant_ids)):
        seat(meeting, user_id)
    session.flush()
