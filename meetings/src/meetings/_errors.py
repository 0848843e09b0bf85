"""The errors of this domain, their places in the catalogue, and what keys mean.

failwell.AppError
├── failwell.ValidationError
│   └── MeetingValidationError  MEETING_VALIDATION_ERROR  400
├── MeetingConflictError        MEETING_CONFLICT          409
└── MeetingCapacityError        MEETING_CAPACITY_ERROR    400
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from failwell import AppError, CatalogEntry, ValidationError


class MeetingConflictError(AppError):
    """The time wanted overlaps confirmed meetings of the room or the organiser.

    Args:
        start_time: Start of the time wanted.
        end_time: End of the time wanted; not part of it.
        conflicting_meetings: What is in the way, as far as the caller may see it:
            `{"id", "title", "start_time", "end_time", "room_id"}`, or
            `{"busy": true, "start_time", "end_time"}`.
    """

    code = "MEETING_CONFLICT"
    status_code = 409

    def __init__(
        self,
        start_time: datetime,
        end_time: datetime,
        conflicting_meetings: Sequence[Mapping[str, Any]],
    ) -> None:
        super().__init__(
            "Meeting time conflicts with existing meetings",
            details={
                "start_time": start_time.isoformat(),
                "end_time": end_time.isoformat(),
                "conflicting_meetings": [dict(entry) for entry in conflicting_meetings],
            },
        )


class MeetingCapacityError(AppError):
    """More people than the room or the meeting has seats for.

    Args:
        meeting_id: The meeting; None while it is being made.
        current_capacity: How many seats are taken, or would be.
        max_capacity: How many there are.
    """

    code = "MEETING_CAPACITY_ERROR"
    status_code = 400

    def __init__(
        self, meeting_id: int | None, current_capacity: int, max_capacity: int
    ) -> None:
        super().__init__(
            "Meeting has reached maximum capacity",
            details={
                "meeting_id": meeting_id,
                "current_capacity": current_capacity,
                "max_capacity": max_capacity,
            },
        )


class MeetingValidationError(ValidationError):
    """The input of a meetings route does not validate; its body has `fields`.

    Args:
        error: What was found, as every other route would answer it.
    """

    code = "MEETING_VALIDATION_ERROR"

    def __init__(self, error: ValidationError) -> None:
        super().__init__(error.message, error.details)

    def to_dict(self) -> dict[str, Any]:
        """Return `{"error": {"code", "message", "fields"}}`."""
        return {
            "error": {
                "code": self.code,
                "message": self.message,
                "fields": self.details,
            }
        }


MEETING_CODES = (
    CatalogEntry(
        code="MEETING_CONFLICT",
        title="Meeting conflict",
        status=409,
        meaning="The room or the organiser already has a meeting at that time.",
        remedy="Choose another time or room; the details list what is in the way.",
        example={
            "start_time": "2026-05-04T09:00:00+00:00",
            "end_time": "2026-05-04T10:00:00+00:00",
            "conflicting_meetings": [
                {
                    "id": 7,
                    "title": "Planning",
                    "start_time": "2026-05-04T09:30:00+00:00",
                    "end_time": "2026-05-04T10:30:00+00:00",
                    "room_id": 2,
                }
            ],
        },
    ),
    CatalogEntry(
        code="MEETING_CAPACITY_ERROR",
        title="Meeting at capacity",
        status=400,
        meaning="The room or the meeting has no seat for so many people.",
        remedy="Invite fewer people, or take a larger room.",
        example={"meeting_id": 7, "current_capacity": 8, "max_capacity": 8},
    ),
    CatalogEntry(
        code="MEETING_VALIDATION_ERROR",
        title="Meeting validation error",
        status=400,
        meaning="Some fields of a request about meetings are not valid.",
        remedy="Correct the fields named under `fields` and send it again.",
        example={
            "end_time": [
                {
                    "code": "end_before_start",
                    "message": "The end must be after the start",
                }
            ]
        },
        error=MeetingValidationError,
    ),
)
"""What `create_app` adds to failwell's catalogue."""

UNIQUE = (
    ("uq_users_email", "email", "This e-mail address is registered already"),
    ("uq_rooms_name", "name", "A room of this name exists already"),
)
"""Keys of the database: the constraint, the field at fault, and what is said of it."""
