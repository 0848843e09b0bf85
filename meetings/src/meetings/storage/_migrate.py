"""Bring the tables to the version that this code was written for.

Owns running Alembic out of the package, wherever that is installed.
"""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from meetings.storage._database import write_lock

_SCRIPTS = Path(__file__).parent / "migrations"


def migrate(engine: Engine) -> None:
    """Apply what is missing, in one transaction under the write lock.

    Several processes may call it at once: one migrates, the others find it done.
    """
    config = _config()
    with engine.connect() as connection, write_lock(connection).begin():
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def expected_version() -> str | None:
    """Return the newest migration that this code knows."""
    return ScriptDirectory.from_config(_config()).get_current_head()


def current_version(connection: Connection) -> str | None:
    """Return the migration that the database is at; None when it is empty."""
    return MigrationContext.configure(connection).get_current_revision()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
