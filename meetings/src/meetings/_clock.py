"""Time, asked in one place.

Owns the only reading of the wall clock in `meetings`; refuses to sleep.
"""

from datetime import UTC, datetime


def utc_now() -> datetime:
    """Return the current moment in UTC, to the whole second."""
    return datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - the one place
