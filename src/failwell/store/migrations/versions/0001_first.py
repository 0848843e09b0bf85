"""The first version: groups by one hash, events and counts by environment and release."""

from pathlib import Path

from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_TABLES = Path(__file__).parents[1] / "tables_0001.sql"


def upgrade() -> None:
    """Make the tables."""
    for statement in _TABLES.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            op.execute(statement)
