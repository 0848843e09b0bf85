"""Which library an exception belongs to, by the names of its classes.

Owns the names. So no library has to be imported to recognise its errors, and all of
SQLAlchemy's stay unloaded in an application that has no database.
"""

import functools
from collections.abc import Hashable
from typing import cast

_FAMILIES = {
    ("sqlalchemy.exc", "SQLAlchemyError"): "sqlalchemy",
    ("sqlalchemy.exc", "StatementError"): "statement",
    ("sqlalchemy.exc", "DBAPIError"): "driver",
    ("sqlalchemy.exc", "TimeoutError"): "pool empty",
    ("sqlalchemy.exc", "NoResultFound"): "no result",
    ("sqlalchemy.orm.exc", "StaleDataError"): "stale",
    ("psycopg", "Error"): "postgresql",
    ("psycopg2", "Error"): "postgresql",
    ("asyncpg.exceptions._base", "PostgresError"): "postgresql",
    ("pymysql.err", "MySQLError"): "mysql",
    ("MySQLdb", "MySQLError"): "mysql",
    ("MySQLdb._exceptions", "MySQLError"): "mysql",
    ("mariadb", "Error"): "mysql",
    ("mysql.connector.errors", "Error"): "mysql",
    ("sqlite3", "Error"): "sqlite",
}


def family(error: BaseException | None) -> str:
    """Return what `error` is to us, empty for what belongs to no database."""
    return _family(cast("Hashable", type(error)))


def is_kind(error: BaseException, module: str, name: str) -> bool:
    """Return whether a class `name` of `module` is in the ancestry of `error`."""
    return any(
        (c.__module__, c.__name__) == (module, name) for c in type(error).__mro__
    )


# Asked for every exception that is answered, so remembered by class.
@functools.lru_cache(maxsize=512)
def _family(kind: Hashable) -> str:
    names = ((cls.__module__, cls.__name__) for cls in cast("type", kind).__mro__)
    return next((_FAMILIES[name] for name in names if name in _FAMILIES), "")
