"""Versions of a meeting in HTTP: `ETag` and `If-Match` (RFC 9110, section 13)."""

from flask import request
from werkzeug.exceptions import PreconditionFailed

from meetings.api._meeting_models import MeetingOutput
from meetings.storage import Meeting


def etag(meeting: Meeting | MeetingOutput) -> str:
    """Return the entity tag, with its quotes."""
    return f'"{_tag(meeting)}"'


def refuse_stale(meeting: Meeting) -> None:
    """Return when the request does not insist on another version.

    Raises:
        PreconditionFailed: It does.
    """
    wanted = request.if_match
    if wanted and not wanted.contains(_tag(meeting)):
        message = "The meeting has changed since; read it again"
        raise PreconditionFailed(message)


def _tag(meeting: Meeting | MeetingOutput) -> str:
    return f"{meeting.id}-{meeting.version}"
