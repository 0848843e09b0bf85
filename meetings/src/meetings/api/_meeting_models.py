"""The shapes of a meeting: as it is sent, changed and answered."""

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError

from failwell import ValidationError
from meetings.booking import Interval, Plan, interval_problem
from meetings.storage import Meeting, Status
from meetings.web import Id, Input, Line, Moment, Seats

People = Annotated[
    list[Id],
    Field(
        max_length=500,
        description="Ids of users; the organiser takes no seat and is left out",
    ),
]


class MeetingInput(Input):
    """A meeting to be booked; with `max_capacity`, anyone may see and join it."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "title": "Planning",
                    "start_time": "2026-05-04T09:00:00+02:00",
                    "end_time": "2026-05-04T10:00:00+02:00",
                    "participants": [],
                }
            ]
        }
    )

    title: Line
    start_time: Moment
    end_time: Moment
    room_id: Id | None = None
    max_capacity: Seats | None = None
    participants: People = Field(default_factory=list)

    @field_validator("end_time")
    @classmethod
    def _fits_the_start(cls, end: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start_time")
        problem = interval_problem(start, end) if start else None
        if problem:
            raise PydanticCustomError(*problem)
        return end

    def plan(self) -> Plan:
        """Return what is wanted."""
        return Plan(
            title=self.title,
            interval=Interval(self.start_time, self.end_time),
            room_id=self.room_id,
            max_capacity=self.max_capacity,
            participants=frozenset(self.participants),
        )


def _left_out() -> Any:  # noqa: ANN401 - stands for every kind of field
    # A factory, so that the document shows no default: what is left out stays as it is.
    return None


class MeetingChange(Input):
    """What is to change; fields that are left out stay, null empties where allowed."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"title": "Review"}]})

    title: Line = Field(default_factory=_left_out)
    start_time: Moment = Field(default_factory=_left_out)
    end_time: Moment = Field(default_factory=_left_out)
    room_id: Id | None = Field(default_factory=_left_out)
    max_capacity: Seats | None = Field(default_factory=_left_out)
    participants: People = Field(default_factory=_left_out)

    def plan(self, meeting: Meeting) -> Plan:
        """Return what is wanted of `meeting`.

        Raises:
            ValidationError: The start and the end do not fit together.
        """
        given = self.model_dump(exclude_unset=True)
        start = self.start_time if "start_time" in given else meeting.start_time
        end = self.end_time if "end_time" in given else meeting.end_time
        problem = interval_problem(start, end)
        if problem:
            field = "end_time" if "end_time" in given else "start_time"
            entry = {"code": problem[0], "message": problem[1]}
            raise ValidationError(details={field: [entry]})
        return Plan(
            title=given.get("title", meeting.title),
            interval=Interval(start, end),
            room_id=given.get("room_id", meeting.room_id),
            max_capacity=given.get("max_capacity", meeting.max_capacity),
            participants=frozenset(given.get("participants", meeting.participant_ids)),
        )


class SeatInput(Input):
    """Who joins: oneself when left out; the organiser may bring another user."""

    user_id: Id | None = None


class MeetingOutput(BaseModel):
    """A meeting."""

    id: int
    title: str
    start_time: Moment
    end_time: Moment
    room_id: int | None
    max_capacity: int | None
    participants: list[int]
    organizer_id: int
    status: Status
    version: int


def meeting_output(meeting: Meeting) -> MeetingOutput:
    """Return the meeting as it is answered."""
    return MeetingOutput.model_construct(
        id=meeting.id,
        title=meeting.title,
        start_time=meeting.start_time,
        end_time=meeting.end_time,
        room_id=meeting.room_id,
        max_capacity=meeting.max_capacity,
        participants=meeting.participant_ids,
        organizer_id=meeting.organizer_id,
        status=Status(meeting.status),
        version=meeting.version,
    )
