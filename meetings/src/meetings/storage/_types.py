"""How moments are kept: whole seconds since 1970-01-01 UTC, in a 64-bit integer.

Integers compare the same way in every database, and the length of a meeting is a
subtraction that a CHECK constraint and a trigger can do.
"""

from datetime import UTC, datetime

from sqlalchemy import BigInteger, Dialect
from sqlalchemy.types import TypeDecorator


class UtcSeconds(TypeDecorator[datetime]):
    """An aware datetime, stored in whole seconds and read back in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> int | None:
        """Return the seconds; a naive datetime is refused, its zone is unknown."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "a naive datetime cannot be stored; give it a zone"
            raise ValueError(message)
        return int(value.timestamp())

    def process_result_value(
        self,
        value: int | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        """Return the moment in UTC."""
        return None if value is None else datetime.fromtimestamp(value, UTC)
