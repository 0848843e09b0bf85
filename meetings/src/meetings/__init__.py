"""A backend for scheduling meetings that never double-books, built on failwell.

Owns the application. Uses public names of failwell only.
"""

from meetings._app import create_app
from meetings._errors import MeetingCapacityError, MeetingConflictError
from meetings._settings import Settings

__all__ = [
    "MeetingCapacityError",
    "MeetingConflictError",
    "Settings",
    "create_app",
]
