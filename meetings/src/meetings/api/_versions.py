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
    # A header in which no tag can be read matches nothing, rather than everything.
    insists = "If-Match" in request.headers
    if insists and not request.if_match.contains(_tag(meeting)):
        message = "The meeting has changed since; read it again"
        raise PreconditionFailed(message)


def _tag(meeting: Meeting | MeetingOutput) -> str:
    return f"{meeting.id}-{meeting.version}"
