"""From a database's error to the answer, and to whether trying again can help.

Owns both decisions. The facts come from the drivers' codes alone: SQLAlchemy's classes
differ between drivers for the same fault, and texts between versions and languages.
"""

import dataclasses
from collections.abc import Callable

from failwell.exceptions import (
    AppError,
    ConflictError,
    ConstraintViolationError,
    DatabaseError,
    DeadlineExceededError,
    ServiceUnavailableError,
)
from failwell.responses._database._ancestry import family
from failwell.responses._database._constraints import Constraint, Constraints
from failwell.responses._database._execution import (
    Execution,
    execution_of,
    is_bound_and_refused,
    was_committing,
)
from failwell.responses._database._fault import Fault, Kind
from failwell.responses._database._generated import is_generated_key
from failwell.responses._database._mysql import read_mysql
from failwell.responses._database._postgresql import read_postgresql
from failwell.responses._database._sqlite import read_sqlite

RETRY_AFTER_S = 1
"""Locks are over, and a restarted database is back, in about this time."""

_READERS: dict[str, Callable[[BaseException, Execution], Fault]] = {
    "postgresql": read_postgresql,
    "mysql": read_mysql,
    "sqlite": read_sqlite,
}
_WITHOUT_DRIVER = {
    "pool empty": Kind.POOL_EMPTY,
    "stale": Kind.STALE,
    "sqlalchemy": Kind.OTHER,
}


def _try_again() -> AppError:
    return ServiceUnavailableError(retry_after=RETRY_AFTER_S)


_ANSWERS: dict[Kind, Callable[[], AppError]] = {
    Kind.UNIQUE: ConflictError,
    Kind.STALE: ConflictError,
    Kind.STILL_REFERENCED: ConflictError,
    # True whichever way round it was.
    Kind.FOREIGN_KEY: ConflictError,
    Kind.PARENT_MISSING: ConstraintViolationError,
    Kind.RULE: ConstraintViolationError,
    Kind.NOT_NULL: ConstraintViolationError,
    Kind.BAD_VALUE: ConstraintViolationError,
    Kind.ROLLED_BACK: _try_again,
    Kind.UNREACHABLE: _try_again,
    Kind.POOL_EMPTY: _try_again,
    Kind.CONNECTION_LOST: _try_again,
    # 504 tells a dependency that is too slow from one that is away; and no Retry-After:
    # the same statement would take as long in a second.
    Kind.STATEMENT_TIMEOUT: DeadlineExceededError,
    Kind.GENERATED_KEY: DatabaseError,
    Kind.OTHER: DatabaseError,
}


def classify_database(
    error: BaseException, constraints: Constraints
) -> AppError | None:
    """Return the answer to an error of SQLAlchemy or of a database driver.

    Nothing of the database's own words is in it: what the client is told beyond the
    kind is what the application chose for the constraint. `NoResultFound` is not
    answered: whether something missing is the client's fault, only the view knows.

    Args:
        error: Any exception.
        constraints: Those that the application gave a meaning.

    Returns:
        A new `AppError`, or None when `error` is none of a database.
    """
    fault = diagnose(error)
    if fault is None:
        return None
    if fault.kind is Kind.CONNECTION_LOST and was_committing(error):
        # It may have been saved: nobody is invited to send it again.
        return ServiceUnavailableError()
    answer = _ANSWERS[fault.kind]()
    constraint = constraints.find(fault)
    is_refusal = isinstance(answer, (ConflictError, ConstraintViolationError))
    return _named(answer, constraint) if constraint and is_refusal else answer


def is_retryable(error: BaseException) -> bool:
    """Return whether the same transaction, run again from its start, may succeed.

    True after a deadlock, a serialization failure, a lock wait or SQLite's busy, when
    nothing of the transaction is left; and where no connection could be had, when
    nothing was sent. Never for a connection that was lost: whether the statement took
    effect is not known.
    """
    fault = diagnose(error)
    return fault is not None and fault.kind in {Kind.ROLLED_BACK, Kind.UNREACHABLE}


def is_lost_before_commit(error: BaseException) -> bool:
    """Return whether the connection was lost while no COMMIT was under way.

    Of a transaction, the server has then rolled back everything.
    """
    fault = diagnose(error)
    lost = fault is not None and fault.kind is Kind.CONNECTION_LOST
    return lost and not was_committing(error)


def diagnose(error: BaseException) -> Fault | None:
    """Return the fault behind `error`, None when it is none of a database."""
    kin = family(error)
    if kin in _READERS:
        return _settled(_READERS[kin](error, execution_of(error)), execution_of(error))
    if kin in {"statement", "driver"}:
        return _settled(_read_wrapped(error), execution_of(error))
    if kin in _WITHOUT_DRIVER:
        return Fault(_WITHOUT_DRIVER[kin])
    return Fault(Kind.BAD_VALUE) if is_bound_and_refused(error) else None


def _read_wrapped(error: BaseException) -> Fault:
    cause = getattr(error, "orig", None)
    if not isinstance(cause, BaseException):
        return Fault(Kind.OTHER)
    reader = _READERS.get(family(cause))
    if reader is not None:
        return reader(cause, execution_of(error))
    return Fault(Kind.BAD_VALUE if is_bound_and_refused(cause) else Kind.OTHER)


def _settled(fault: Fault, execution: Execution) -> Fault:
    """Return the fault with what only the execution can tell."""
    kind = fault.kind
    if kind is Kind.OTHER and execution.invalidated:
        kind = Kind.CONNECTION_LOST
    elif kind is Kind.BAD_VALUE and execution.binds_nothing:
        kind = Kind.OTHER  # the value stands in the SQL, so the SQL is wrong
    elif kind is Kind.UNIQUE and is_generated_key(fault, execution):
        kind = Kind.GENERATED_KEY
    return dataclasses.replace(fault, kind=kind)


def _named(answer: AppError, constraint: Constraint) -> AppError:
    answer.code = constraint.code or answer.code
    answer.message = constraint.message or answer.message
    answer.status_code = constraint.status_code or answer.status_code
    if constraint.field is not None:
        answer.details["field"] = constraint.field
    return answer
