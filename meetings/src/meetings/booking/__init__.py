"""Meetings and their rules.

Owns what may be booked, who sees it and who has a seat. Every change of a meeting's
time, room or people passes through here, inside a transaction that holds the write
lock; the database's triggers stand behind it. Knows no HTTP and calls nobody.
"""

from meetings.booking._book import Plan, book, cancel
from meetings.booking._interval import EARLIEST, LATEST, Interval, interval_problem
from meetings.booking._seats import join, leave
from meetings.booking._visibility import find_meeting, find_own_meeting, visible_to

__all__ = [
    "EARLIEST",
    "LATEST",
    "Interval",
    "Plan",
    "book",
    "cancel",
    "find_meeting",
    "find_own_meeting",
    "interval_problem",
    "join",
    "leave",
    "visible_to",
]
