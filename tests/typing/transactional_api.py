"""What a type checker must see of `transactional`.

Compiled by mypy with `make check`, never run. Each `type: ignore` is an error that
must be found: mypy reports one that is not needed.
"""

from datetime import timedelta
from typing import assert_type

from sqlalchemy.orm import Session, scoped_session, sessionmaker

from failwell import transactional

scoped = scoped_session(sessionmaker())


def current_session() -> Session:
    """Stand for the application's own way."""
    return scoped()


@transactional()
def book(room: str, *, seats: int = 1) -> int:
    """Stand for a booking."""
    return seats


@transactional(scoped, retries=5, delay=0.1, max_elapsed=timedelta(seconds=3))
@transactional(current_session, max_elapsed=None)
@transactional(Session())
def cancel() -> None:
    """Stand for another."""


def use() -> None:
    """Use them as their authors meant it."""
    assert_type(book("blue", seats=2), int)
    book(7)  # type: ignore[arg-type]
    transactional(delay="1")  # type: ignore[arg-type]
