"""Alembic, run out of the package, wherever that is installed."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

_SCRIPTS = Path(__file__).parents[1] / "migrations"


def config() -> Config:
    """Return what Alembic needs to know."""
    made = Config()
    made.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    made.set_main_option("path_separator", "os")
    return made


def upgrade(connection: Connection, to: str = "head") -> None:
    """Apply what is missing, in the transaction of a connection."""
    made = config()
    made.attributes["connection"] = connection
    command.upgrade(made, to)
