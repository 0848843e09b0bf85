"""What happened to groups, and the alerts that come of it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the four tables."""
    op.create_table(
        "happenings",
        sa.Column("id", _ROW, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("group_id", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alert_rules",
        *_deployment(),
        sa.Column("name", sa.Text, primary_key=True, nullable=False),
        sa.Column("rule", sa.Text),
        sa.Column("changed_by", sa.Text, nullable=False),
        sa.Column("changed_at", sa.BigInteger, nullable=False),
    )
    op.create_table(
        "alert_states",
        *_deployment(),
        sa.Column("rule", sa.Text, primary_key=True, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
    )
    _make_outbox()


def _deployment() -> list[sa.Column[str]]:
    return [
        sa.Column(name, sa.Text, primary_key=True, nullable=False)
        for name in ("application", "environment")
    ]


def _make_outbox() -> None:
    told = (
        "alert_id",
        "application",
        "environment",
        "channel",
        "rule",
        "title",
        "body",
    )
    op.create_table(
        "alert_outbox",
        sa.Column("id", _ROW, primary_key=True),
        *(sa.Column(name, sa.Text, nullable=False) for name in told),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("state", sa.Text, nullable=False, server_default="waiting"),
        sa.Column("tries", sa.Integer, nullable=False, server_default=sa.text("0")),
        sa.Column("due_at", sa.BigInteger, nullable=False),
        sa.Column("done_at", sa.BigInteger),
        sa.Column("error", sa.Text, nullable=False, server_default=""),
    )
    op.create_index("alert_outbox_by_due", "alert_outbox", ["state", "due_at"])
    op.create_index("alert_outbox_by_time", "alert_outbox", ["at"])
    op.create_index("alert_outbox_by_alert", "alert_outbox", ["alert_id"])
