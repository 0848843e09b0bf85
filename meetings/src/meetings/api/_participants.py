"""`/meetings/<id>/participants`: joining and leaving."""

from flask import Response, request

from meetings._gateway import CalendarNews
from meetings.accounts import Caller
from meetings.api._meeting_models import MeetingOutput, SeatInput, meeting_output
from meetings.api._meetings import CALENDAR, ETAG, MeetingEndpoint, meetings, told
from meetings.api._versions import refuse_stale
from meetings.booking import find_meeting, join, leave
from meetings.storage import writing
from meetings.web import answer, nothing


@meetings.post("/<id:meeting_id>/participants")
@MeetingEndpoint(
    summary="Join an open meeting, or bring someone to one's own",
    body=SeatInput,
    answers={201: MeetingOutput},
    errors=("AUTHORIZATION_ERROR", "CONFLICT", "MEETING_CAPACITY_ERROR"),
    conditional=True,
    headers={"Location": "The seat; DELETE frees it", **ETAG, **CALENDAR},
)
def take_seat(caller: Caller, meeting_id: int, body: SeatInput) -> Response:
    """Take a seat."""
    user_id = body.user_id or caller.id
    with writing() as session:
        meeting = find_meeting(session, caller, meeting_id)
        refuse_stale(meeting)
        join(session, caller, meeting, user_id)
        session.flush()
        output = meeting_output(meeting)
    headers = told(CalendarNews.CHANGED, output)
    return answer(output, 201, {**headers, "Location": f"{request.path}/{user_id}"})


@meetings.delete("/<id:meeting_id>/participants")
@MeetingEndpoint(
    summary="Leave a meeting",
    answers={204: None},
    conditional=True,
    headers={**ETAG, **CALENDAR},
)
def free_own_seat(caller: Caller, meeting_id: int) -> Response:
    """Free the caller's seat."""
    return _free(caller, meeting_id, caller.id)


@meetings.delete("/<id:meeting_id>/participants/<id:user_id>")
@MeetingEndpoint(
    summary="Leave a meeting, or take someone out of one's own",
    answers={204: None},
    errors=("AUTHORIZATION_ERROR",),
    conditional=True,
    headers={**ETAG, **CALENDAR},
)
def free_seat(caller: Caller, meeting_id: int, user_id: int) -> Response:
    """Free a seat."""
    return _free(caller, meeting_id, user_id)


def _free(caller: Caller, meeting_id: int, user_id: int) -> Response:
    with writing() as session:
        meeting = find_meeting(session, caller, meeting_id)
        refuse_stale(meeting)
        leave(session, caller, meeting, user_id)
        session.flush()
        output = meeting_output(meeting)
    return nothing(told(CalendarNews.CHANGED, output))
