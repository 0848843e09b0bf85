"""What is in the way of a meeting: the room's others and the organiser's others."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, select, true
from sqlalchemy.orm import InstrumentedAttribute, Session

from meetings._errors import MeetingConflictError
from meetings.accounts import Caller
from meetings.booking._interval import Interval
from meetings.booking._visibility import visible_to
from meetings.storage import LONGEST_MEETING_S, Meeting, Status

_MOST_LISTED = 20


def refuse_conflicts(
    session: Session,
    caller: Caller,
    wanted: Interval,
    room_id: int | None,
    but: int | None = None,
) -> None:
    """Return when the room and the caller, who organises, are free.

    Args:
        session: In a transaction that holds the write lock.
        caller: Who organises; what they may not see is listed as `busy`.
        wanted: The time.
        room_id: The room, if any.
        but: The meeting that is being moved; never in its own way.

    Raises:
        MeetingConflictError: Lists up to 20 meetings, the earliest first.
    """
    owners = ((Meeting.room_id, room_id), (Meeting.organizer_id, caller.id))
    found = {
        row.id: row
        for column, owner in owners
        if owner is not None
        for row in session.execute(_overlapping(wanted, column, owner, but))
    }
    if found:
        earliest = sorted(found.values(), key=lambda row: (row.start_time, row.id))
        seen = set(
            session.scalars(
                select(Meeting.id).where(Meeting.id.in_(found), visible_to(caller))
            )
        )
        raise MeetingConflictError(
            wanted.start,
            wanted.end,
            [_entry(row, visible=row.id in seen) for row in earliest[:_MOST_LISTED]],
        )


def _overlapping(
    wanted: Interval,
    column: InstrumentedAttribute[Any],
    owner: int,
    but: int | None,
) -> Select[int, str, datetime, datetime, int | None]:
    # Nothing that started a day before can still go on: this bound keeps the index
    # scan to a few rows, where `end_time` alone would walk through all the past.
    bound = wanted.start - timedelta(seconds=LONGEST_MEETING_S)
    return (
        select(
            Meeting.id,
            Meeting.title,
            Meeting.start_time,
            Meeting.end_time,
            Meeting.room_id,
        )
        .where(
            column == owner,
            Meeting.start_time < wanted.end,
            Meeting.start_time > bound,
            Meeting.end_time > wanted.start,
            Meeting.status == Status.CONFIRMED.value,
            true() if but is None else Meeting.id != but,
        )
        .order_by(Meeting.start_time)
        .limit(_MOST_LISTED)
    )


def _entry(
    row: Row[int, str, datetime, datetime, int | None], *, visible: bool
) -> dict[str, Any]:
    times = {
        "start_time": row.start_time.isoformat(),
        "end_time": row.end_time.isoformat(),
    }
    if not visible:
        return {"busy": True, **times}
    return {"id": row.id, "title": row.title, **times, "room_id": row.room_id}
