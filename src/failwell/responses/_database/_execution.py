"""What the application asked the database for when it failed.

Owns where statement and parameters are found: on SQLAlchemy's error, or, for what a
driver raises raw, in the frames that the exception passed. Keeps none of it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import FrameType
from typing import Any

from failwell.responses._database._ancestry import family

# A driver converts parameters in frames of its own or, when it is written in C, in
# none: the innermost frame is then SQLAlchemy's call of it.
_DRIVERS = frozenset(
    {
        *("psycopg", "psycopg_binary", "psycopg_c", "psycopg2", "asyncpg"),
        *("pymysql", "MySQLdb", "mariadb", "mysql", "aiosqlite"),
    }
)
_CALLS_OF_DRIVERS = "sqlalchemy.engine.default"
_PARAMETER_NAMES = ("parameters", "params", "args", "vars")
_LARGEST_SQLITE_INT_BITS = 63


@dataclass(frozen=True, slots=True)
class Execution:
    """What was executed.

    Args:
        statement: The SQL; None where none was, as in COMMIT, or none is known.
        parameters: What was bound to it; None where unknown.
        invalidated: Whether SQLAlchemy has given the connection up.
        by_sqlalchemy: Whether it went through SQLAlchemy, so that a missing statement
            means that there was none.
    """

    statement: str | None = None
    parameters: Any = None
    invalidated: bool = False
    by_sqlalchemy: bool = False

    @property
    def binds_nothing(self) -> bool:
        """Whether the statement is known and all of its values stand in it."""
        return self.statement is not None and not self.parameters


def execution_of(error: BaseException) -> Execution:
    """Return what `error`, of SQLAlchemy or of a driver, was raised for."""
    if family(error) not in {"statement", "driver"}:
        return Execution(parameters=_parameters_in_frames(error))
    return Execution(
        getattr(error, "statement", None),
        getattr(error, "params", None),
        bool(getattr(error, "connection_invalidated", False)),
        by_sqlalchemy=True,
    )


def values_of(parameters: object) -> Iterator[object]:
    """Yield every value that is bound, of one row or of many."""
    if isinstance(parameters, Mapping):
        rows: Iterable[object] = parameters.values()
    elif isinstance(parameters, (list, tuple)):
        rows = parameters
    else:
        yield parameters
        return
    for value in rows:
        yield from values_of(value)


def is_bound_and_refused(error: BaseException) -> bool:
    """Return whether a driver could not convert a bound value and said so raw.

    Only a `UnicodeEncodeError` (a lone surrogate) and an `OverflowError` (an integer
    beyond 64 bits on SQLite) that left a driver, whose execution had such a value.
    """
    refuses = _REFUSALS.get(type(error))
    if refuses is None or not _left_a_driver(error):
        return False
    return any(refuses(value) for value in values_of(_parameters_in_frames(error)))


def was_committing(error: BaseException) -> bool:
    """Return whether `error` came out of a COMMIT, as SQLAlchemy sends it."""
    return any(
        frame.f_code.co_name in {"do_commit", "do_commit_twophase"}
        and _module(frame).startswith("sqlalchemy.")
        for frame in _frames(error)
    )


def _has_lone_surrogate(value: object) -> bool:
    return isinstance(value, str) and any("\ud800" <= c <= "\udfff" for c in value)


def _is_beyond_64_bits(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > _LARGEST_SQLITE_INT_BITS


_REFUSALS: dict[type[BaseException], Callable[[object], bool]] = {
    UnicodeEncodeError: _has_lone_surrogate,
    OverflowError: _is_beyond_64_bits,
}


def _left_a_driver(error: BaseException) -> bool:
    innermost: FrameType | None = None
    for innermost in _frames(error):  # noqa: B007 - the last one is what is wanted
        pass
    if innermost is None:
        return False
    module = _module(innermost)
    return module.partition(".")[0] in _DRIVERS or (
        module == _CALLS_OF_DRIVERS
        and innermost.f_code.co_name.startswith("do_execute")
    )


def _parameters_in_frames(error: BaseException) -> object:
    """Return the parameters of the outermost frame of SQLAlchemy or a driver."""
    for frame in _frames(error):
        module = _module(frame)
        if module == _CALLS_OF_DRIVERS or module.partition(".")[0] in _DRIVERS:
            seen = frame.f_locals
            found = [seen[name] for name in _PARAMETER_NAMES if name in seen]
            if found:
                return found
    return None


def _frames(error: BaseException) -> Iterator[FrameType]:
    trace = error.__traceback__
    while trace is not None:
        yield trace.tb_frame
        trace = trace.tb_next


def _module(frame: FrameType) -> str:
    name = frame.f_globals.get("__name__", "")
    return name if isinstance(name, str) else ""
