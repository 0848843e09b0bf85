"""Seats: how many there are, user_id, leaving.

Everything here runs in a transaction that holds the write lock, so that what is
counted is still true when it is written.
"""

from sqlalchemy.orm import Session

from failwell import AuthorizationError, ConflictError, NotFoundError
from meetings._clock import utc_now
from meetings._errors import MeetingCapacityError
from meetings.accounts import Caller
from meetings.booking._visibility import require_organizer
from meetings.storage import Meeting, Participant, Room, Status, User


def seats_of(room: Room | None, max_capacity: int | None) -> int | None:
    """Return how many seats there are, the fewer of the two; None is no limit."""
    limits = [max_capacity, room.capacity if room else None]
    return min((limit for limit in limits if limit is not None), default=None)


def join(session: Session, caller: Caller, meeting: Meeting, user_id: int) -> None:
    """Give a seat to the caller, or, if the caller organises, to another user.

    Raises:
        MeetingCapacityError: No seat is free.
        ConflictError: The meeting is cancelled, or the person is in it already.
        AuthorizationError: The caller may not bring others, or the meeting is closed.
        NotFoundError: There is no such user.
    """
    refuse_cancelled(meeting)
    if user_id != caller.id or meeting.max_capacity is None:
        require_organizer(caller, meeting)
    if user_id == meeting.organizer_id or user_id in meeting.participant_ids:
        message = "This person is in the meeting already"
        raise ConflictError(message, {"user_id": user_id})
    if session.get(User, user_id) is None:
        raise NotFoundError("User", user_id)
    _refuse_full(session, meeting)
    seat(meeting, user_id)
    meeting.version += 1


def _refuse_full(session: Session, meeting: Meeting) -> None:
    room = None if meeting.room_id is None else session.get(Room, meeting.room_id)
    seats, taken = seats_of(room, meeting.max_capacity), len(meeting.participants)
    if seats is not None and taken >= seats:
        raise MeetingCapacityError(meeting.id, taken, seats)


def leave(session: Session, caller: Caller, meeting: Meeting, user_id: int) -> None:
    """Free the seat of `user_id`: oneself, or anyone if the caller organises.

    Raises:
        AuthorizationError: The caller is neither.
        NotFoundError: The user has no seat.
    """
    if caller.id not in {user_id, meeting.organizer_id}:
        message = "Only the organiser may take others out"
        raise AuthorizationError(message, required_permissions=["meetings:organize"])
    held = session.get(Participant, (meeting.id, user_id))
    if held is None:
        raise NotFoundError("Participant", user_id)
    meeting.participants.remove(held)
    meeting.version += 1


def seat(meeting: Meeting, user_id: int) -> None:
    """Add a seat; whether there is room was asked before."""
    meeting.participants.append(Participant(user_id=user_id, created_at=utc_now()))


def refuse_cancelled(meeting: Meeting) -> None:
    """Return when the meeting still stands.

    Raises:
        ConflictError: It is cancelled.
    """
    if meeting.status == Status.CANCELLED.value:
        message = "The meeting is cancelled"
        raise ConflictError(message, {"status": meeting.status})
