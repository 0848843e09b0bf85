"""`/meetings`: booking, reading, changing, cancelling."""

from functools import partial
from typing import NoReturn

from flask import Blueprint, Response, request
from sqlalchemy import BigInteger, select, tuple_, type_coerce

from failwell import ValidationError
from meetings._errors import MeetingValidationError
from meetings._gateway import CalendarNews
from meetings.accounts import Caller
from meetings.api._meeting_models import (
    MeetingChange,
    MeetingInput,
    MeetingOutput,
    meeting_output,
)
from meetings.api._versions import etag, refuse_stale
from meetings.booking import book, cancel, find_meeting, find_own_meeting, visible_to
from meetings.storage import Meeting, db, writing
from meetings.web import (
    Endpoint,
    Page,
    PageQuery,
    answer,
    cut,
    nothing,
    read_cursor,
    services,
    write_cursor,
)

meetings = Blueprint("meetings", __name__, url_prefix="/api/v1/meetings")

MeetingEndpoint = partial(Endpoint, invalid="MEETING_VALIDATION_ERROR")

ETAG = {"ETag": "The version; send it as `If-Match` to change just that one"}
CALENDAR = {
    "Calendar-Sync": "`synced` or `failed`, where an outside calendar is told; the "
    "booking holds in both cases"
}
_REFUSALS = ("MEETING_CONFLICT", "MEETING_CAPACITY_ERROR", "NOT_FOUND", "CONFLICT")


@meetings.errorhandler(ValidationError)
def invalid(error: ValidationError) -> NoReturn:
    """Have what does not validate answered in the way of this blueprint.

    Raised rather than rendered, so that failwell negotiates the form of the body and
    counts the code that the client sees.

    Raises:
        MeetingValidationError: Always.
    """
    raise MeetingValidationError(error) from error


def told(news: CalendarNews, meeting: MeetingOutput) -> dict[str, str]:
    """Tell the outside calendar, after the commit; return the headers of the answer."""
    outcome = services().calendar.tell(news, meeting.model_dump(mode="json"))
    headers = {"ETag": etag(meeting)}
    return {**headers, "Calendar-Sync": outcome} if outcome else headers


@meetings.post("")
@MeetingEndpoint(
    summary="Book a meeting",
    body=MeetingInput,
    answers={201: MeetingOutput},
    errors=_REFUSALS,
    headers={"Location": "The meeting", **ETAG, **CALENDAR},
)
def create(caller: Caller, body: MeetingInput) -> Response:
    """Book a meeting, organised by the caller."""
    with writing() as session:
        output = meeting_output(book(session, caller, body.plan()))
    headers = told(CalendarNews.CREATED, output)
    return answer(output, 201, {**headers, "Location": f"{request.path}/{output.id}"})


@meetings.get("")
@MeetingEndpoint(
    summary="List the meetings that one may see",
    query=PageQuery,
    answers={200: Page[MeetingOutput]},
)
def index(caller: Caller, query: PageQuery) -> Response:
    """Answer with a page of meetings, by start and id."""
    wanted = select(Meeting).where(visible_to(caller))
    if query.cursor:
        key = tuple_(type_coerce(Meeting.start_time, BigInteger), Meeting.id)
        wanted = wanted.where(key > read_cursor(query.cursor, 2))
    found = db.session.scalars(
        wanted.order_by(Meeting.start_time, Meeting.id).limit(query.limit + 1)
    ).all()
    page, last = cut(found, query.limit)
    cursor = write_cursor([int(last.start_time.timestamp()), last.id]) if last else None
    items = [meeting_output(meeting) for meeting in page]
    return answer(Page[MeetingOutput].model_construct(items=items, next_cursor=cursor))


@meetings.get("/<id:meeting_id>")
@MeetingEndpoint(
    summary="Read a meeting", answers={200: MeetingOutput, 304: None}, headers=ETAG
)
def read(caller: Caller, meeting_id: int) -> Response:
    """Answer with one meeting, or 304 to a matching `If-None-Match`."""
    output = meeting_output(find_meeting(db.session, caller, meeting_id))
    response = answer(output, headers={"ETag": etag(output)})
    response.make_conditional(request)
    return response


@meetings.patch("/<id:meeting_id>")
@MeetingEndpoint(
    summary="Change a meeting",
    body=MeetingChange,
    answers={200: MeetingOutput},
    errors=("AUTHORIZATION_ERROR", *_REFUSALS),
    conditional=True,
    headers={**ETAG, **CALENDAR},
)
def change(caller: Caller, meeting_id: int, body: MeetingChange) -> Response:
    """Change what is given; nothing given changes nothing."""
    with writing() as session:
        meeting = find_own_meeting(session, caller, meeting_id)
        refuse_stale(meeting)
        if body.model_fields_set:
            book(session, caller, body.plan(meeting), meeting)
        output = meeting_output(meeting)
    return answer(output, headers=told(CalendarNews.CHANGED, output))


@meetings.delete("/<id:meeting_id>")
@MeetingEndpoint(
    summary="Cancel a meeting",
    answers={204: None},
    errors=("AUTHORIZATION_ERROR",),
    conditional=True,
    headers={**ETAG, **CALENDAR},
)
def delete(caller: Caller, meeting_id: int) -> Response:
    """Cancel a meeting; doing it twice is once."""
    with writing() as session:
        meeting = find_own_meeting(session, caller, meeting_id)
        refuse_stale(meeting)
        stood = cancel(meeting)
        output = meeting_output(meeting)
    headers = told(CalendarNews.CANCELLED, output) if stood else {"ETag": etag(output)}
    return nothing(headers)
