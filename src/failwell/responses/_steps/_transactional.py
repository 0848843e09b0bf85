"""The decorator `transactional`: a function as one transaction, run again when it must.

Owns where the transaction begins and ends, and which errors a new run can mend. The
waits are those of `resilience.retry`; which session is used, the application says.
"""

import functools
import inspect
import logging
from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from flask import current_app

from failwell._clock import SYSTEM_CLOCK, Clock
from failwell.exceptions import ServiceUnavailableError
from failwell.resilience import retry
from failwell.responses._database import (
    RETRY_AFTER_S,
    is_lost_before_commit,
    is_retryable,
)

if TYPE_CHECKING:
    from sqlalchemy.orm import Session, scoped_session

    SessionSource = Session | scoped_session[Any] | Callable[[], Session]

P = ParamSpec("P")
R = TypeVar("R")

_log = logging.getLogger("failwell.responses")

_RUNNING = "failwell.transactional"
"""Set in `Session.info` while a transaction of ours is under way."""


class _RolledBackError(Exception):
    """A run failed, nothing of it is left, and another may succeed."""

    def __init__(self, error: BaseException) -> None:
        # For the log line of the retry: the error's own text holds SQL and values.
        fault = getattr(error, "orig", None) or error
        super().__init__(type(fault).__qualname__)
        self.error = error


def transactional(
    session: "SessionSource | None" = None,
    *,
    retries: int = 3,
    delay: float | timedelta = 0.05,
    max_elapsed: float | timedelta | None = 10.0,
    logger: Callable[[str], object] | None = None,
    clock: Clock = SYSTEM_CLOCK,
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Run a function as one transaction, and the whole of it again when it must.

    Commits when the function returns, rolls back when it raises. After a deadlock, a
    serialization failure, a lock wait or SQLite's busy, when nothing of the
    transaction is left, the function is called again from its start: repeating the
    last statement alone would build on reads that are gone. So it is after a
    connection that broke before COMMIT was sent, whose transaction the server has
    rolled back. All other errors are raised as they are.

    It is never called again once COMMIT was sent and the connection broke before the
    answer: the change may have been saved, and a second run would make it twice. That
    error is raised as it is, and answered with 503 without `Retry-After`. Nor is it
    after it has ended the transaction itself, by a commit of its own.

    What the function does outside the database, such as sending a mail, is done once a
    run: do it after. Connections in AUTOCOMMIT have no transactions to repeat.

    A decorated function called inside another on the same session joins its
    transaction: the outermost alone commits, rolls back and retries. What the session
    has only read before is let go at the start, as no retry could rely on it. What it
    has changed is neither committed nor dropped, but refused.

    Args:
        session: Returns the session, such as a function or a `scoped_session`, or is
            it. Default: the one of Flask-SQLAlchemy-Lite or Flask-SQLAlchemy.
        retries: Further runs after the first, from 0; default 3.
        delay: The longest first wait, in seconds from 0 or as a timedelta; each next
            is twice as long, and waits are a random part (full jitter). Default 0.05.
        max_elapsed: The whole time, runs and waits, after which no further run begins;
            it gives up before a wait that would pass it. Default 10; None for no limit.
        logger: Called with one line a retry, such as `app.logger.warning`.
        clock: Time.

    Returns:
        A decorator that keeps the function's name, docstring and signature. The
        decorated function raises `ServiceUnavailableError`, from the last error, when
        it gives up, and `RuntimeError` when the session has uncommitted changes.

    Raises:
        TypeError: A parameter is of the wrong kind, or what is decorated is no
            function, a generator function or a coroutine function.
        ValueError: A parameter has a value that is not allowed.
    """
    given: object = retries
    if not isinstance(given, int) or given < 0:
        message = f"retries is {given!r}; allowed: a whole number from 0"
        raise ValueError(message)
    find_session = _finder(session)
    again = retry(
        _RolledBackError,
        retries + 1,
        delay,
        logger=logger,
        max_elapsed=max_elapsed,
        clock=clock,
    )

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        _check_function(function)

        @again
        @functools.wraps(function)  # so that the line about a retry names it
        def run(current: "Session", call: Callable[[], R]) -> R:
            return _run_once(current, call)

        @functools.wraps(function)
        def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
            current = find_session()
            if _RUNNING in current.info:
                return function(*args, **kwargs)
            current.info[_RUNNING] = True
            try:
                return run(current, lambda: function(*args, **kwargs))
            except _RolledBackError as last:
                raise ServiceUnavailableError(retry_after=RETRY_AFTER_S) from last.error
            finally:
                current.info.pop(_RUNNING)

        return wrapper

    return decorate


def _check_function(function: object) -> None:
    kinds = (
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    )
    # The call of all of these returns before their body has begun.
    if not callable(function) or any(matches(function) for matches in kinds):
        message = f"transactional decorates ordinary functions; this is {function!r}"
        raise TypeError(message)


def _run_once(session: "Session", function: Callable[[], R]) -> R:
    _begin(session)
    transaction = session.get_transaction()
    try:
        result = function()
        session.commit()
    except BaseException as error:
        # Another one means that the function has committed: a part of it is saved.
        whole = session.get_transaction() is transaction
        may_mend = whole and (is_retryable(error) or is_lost_before_commit(error))
        if _roll_back(session) and may_mend:
            raise _RolledBackError(error) from error
        raise
    return result


def _begin(session: "Session") -> None:
    """Begin a transaction of our own.

    Raises:
        RuntimeError: The session has changes that would be lost by it.
    """
    if session.in_transaction():
        if _has_changes(session):
            message = (
                "the session has uncommitted changes from before the transactional "
                "function: commit or roll back first, or make them inside of it"
            )
            raise RuntimeError(message)
        session.rollback()
    session.begin()


def _has_changes(session: "Session") -> bool:
    if session.new or session.dirty or session.deleted:
        return True
    # What is flushed is in none of the public collections any more. Objects that
    # nobody holds have left these as well; what SQL alone has changed never was there.
    transaction = session.get_transaction()
    flushed = (
        getattr(transaction, name, None) for name in ("_new", "_dirty", "_deleted")
    )
    return session.in_nested_transaction() or any(flushed)


def _roll_back(session: "Session") -> bool:
    try:
        session.rollback()
    except Exception:  # noqa: BLE001 - the answer must not depend on it
        # The error that is on its way says more than this one.
        _log.warning("A transaction was not rolled back", exc_info=True)
        return False
    return True


def _finder(session: object) -> "Callable[[], Session]":
    kinds = {(cls.__module__, cls.__name__) for cls in type(session).__mro__}
    if ("sqlalchemy.orm.session", "sessionmaker") in kinds:
        message = (
            "session is a sessionmaker, which makes a new one at every call: give a "
            "scoped_session, or a function that returns the session in use"
        )
        raise TypeError(message)
    if session is None:
        return _session_of_the_application
    if callable(session):
        return session
    if not hasattr(session, "info") or not hasattr(session, "commit"):
        message = f"session is {session!r}; allowed: a session, or what returns one"
        raise TypeError(message)
    return lambda: session  # type: ignore[return-value]  # it has what is used of one


def _session_of_the_application() -> "Session":
    extension = current_app.extensions.get("sqlalchemy")
    session = getattr(extension, "session", None)
    if session is None:
        message = (
            f"{current_app.name} has neither Flask-SQLAlchemy-Lite nor "
            "Flask-SQLAlchemy: give transactional its session"
        )
        raise RuntimeError(message)
    # Lite has the session itself, Flask-SQLAlchemy a scoped_session.
    return session() if callable(session) else session  # type: ignore[no-any-return]
