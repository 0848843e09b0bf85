"""Who sees a meeting: its organiser, those with a seat, and all if it is open."""

from sqlalchemy import ColumnElement, exists, or_, select
from sqlalchemy.orm import Session

from failwell import AuthorizationError, NotFoundError
from meetings.accounts import Caller
from meetings.storage import Meeting, Participant


def visible_to(caller: Caller) -> ColumnElement[bool]:
    """Return the condition that a meeting is visible to `caller`."""
    return or_(
        Meeting.organizer_id == caller.id,
        Meeting.max_capacity.is_not(None),
        exists().where(
            Participant.meeting_id == Meeting.id, Participant.user_id == caller.id
        ),
    )


def find_meeting(session: Session, caller: Caller, meeting_id: int) -> Meeting:
    """Return the meeting.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
    """
    found = session.scalar(
        select(Meeting).where(Meeting.id == meeting_id, visible_to(caller))
    )
    if found is None:
        raise NotFoundError("Meeting", meeting_id)
    return found


def find_own_meeting(session: Session, caller: Caller, meeting_id: int) -> Meeting:
    """Return the meeting that `caller` organises.

    Raises:
        NotFoundError: There is none, or the caller may not know of it.
        AuthorizationError: The caller may see it but does not organise it.
    """
    meeting = find_meeting(session, caller, meeting_id)
    require_organizer(caller, meeting)
    return meeting


def require_organizer(caller: Caller, meeting: Meeting) -> None:
    """Return when `caller` organises the meeting.

    Raises:
        AuthorizationError: The caller does not.
    """
    if meeting.organizer_id != caller.id:
        message = "Only the organiser may do this"
        raise AuthorizationError(message, required_permissions=["meetings:organize"])
