"""Bugs on purpose: each a different fault, so that each becomes a group of its own."""

import secrets
from collections.abc import Callable
from typing import Any

from sqlalchemy import text

from failwell import AppError
from meetings.storage import db

_SEATS_BY_FLOOR = {"ground": 40, "first": 24}


def _missing_key() -> object:
    return _seats_on("second")


def _seats_on(floor: str) -> int:
    return _SEATS_BY_FLOOR[floor]


def _division() -> object:
    meetings_held, hours_open = 12, 0
    return meetings_held / hours_open


def _nobody() -> object:
    organizer: Any = None
    return organizer.name.title()


def _cause_chain() -> object:
    try:
        return _read_opening_hours("9 to 5")
    except ValueError as error:
        message = "the opening hours of room 7 are unusable"
        raise RuntimeError(message) from error


def _read_opening_hours(hours: str) -> tuple[int, int]:
    first, last = hours.split("-")
    return int(first), int(last)


def _database() -> object:
    return db.session.execute(
        text("SELECT floor FROM buildings WHERE id = :id"), {"id": 7}
    )


def _secret() -> object:
    # Made up at the moment: the lines of this file are shown beside the error.
    password, key = secrets.token_hex(8), secrets.token_hex(16)
    message = (
        f"calendar sign-in failed: https://robot:{password}@calendar.example.com/"
        f" password={password} api_key={key}"
    )
    raise ConnectionError(message)


def _several() -> object:
    faults = [ValueError("invitation 3 has no address"), TimeoutError("invitation 9")]
    message = "two of ten invitations were not sent"
    raise ExceptionGroup(message, faults)


def _known_fault() -> object:
    message = "The report of this month could not be made"
    raise AppError(message, "REPORT_FAILED", 500, {"month": "2026-11"})


BUGS: dict[str, Callable[[], object]] = {
    "missing-key": _missing_key,
    "division": _division,
    "nobody": _nobody,
    "cause-chain": _cause_chain,
    "database": _database,
    "secret": _secret,
    "several": _several,
    "known-fault": _known_fault,
}
