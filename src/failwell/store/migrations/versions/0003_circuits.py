"""What operators order of circuit breakers, and what processes tell of theirs."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the two tables."""
    op.create_table(
        "circuit_orders",
        sa.Column("application", sa.Text, primary_key=True, nullable=False),
        sa.Column("environment", sa.Text, primary_key=True, nullable=False),
        sa.Column("name", sa.Text, primary_key=True, nullable=False),
        sa.Column("override", sa.Text),
        sa.Column("set_by", sa.Text, nullable=False),
        sa.Column("set_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "circuit_reports",
        sa.Column("application", sa.Text, primary_key=True, nullable=False),
        sa.Column("environment", sa.Text, primary_key=True, nullable=False),
        sa.Column("process", sa.Text, primary_key=True, nullable=False),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("report", sa.Text, nullable=False),
    )
