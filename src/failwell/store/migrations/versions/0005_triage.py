"""Who did what with which group, since when releases are known, and more of states."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_ROW = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_COLUMNS = (
    ("assigned_to", sa.Text),
    ("muted_until", sa.BigInteger),
    ("muted_more", sa.BigInteger),
    ("regressed_at", sa.BigInteger),
    ("resolved_in", sa.Text),
    ("regresses_from", sa.BigInteger),
)
_KNOWN_RELEASES = """
INSERT INTO releases (application, release, first_seen)
SELECT k.application, k.release, min(t.first_seen)
FROM kinds k JOIN fingerprint_totals t ON t.kind_id = k.id
WHERE k.release <> '' GROUP BY k.application, k.release
"""


def upgrade() -> None:
    """Make the two tables, fill in the releases, and widen the groups."""
    op.create_table(
        "history",
        sa.Column("id", _ROW, primary_key=True),
        sa.Column("at", sa.BigInteger, nullable=False),
        sa.Column("group_id", sa.BigInteger),
        sa.Column("done_by", sa.Text, nullable=False),
        sa.Column("action", sa.Text, nullable=False),
        sa.Column("details", sa.Text, nullable=False),
    )
    op.create_index("history_by_group", "history", ["group_id", "id"])
    op.create_table(
        "releases",
        sa.Column("application", sa.Text, primary_key=True, nullable=False),
        sa.Column("release", sa.Text, primary_key=True, nullable=False),
        sa.Column("first_seen", sa.BigInteger, nullable=False),
        sqlite_with_rowid=False,
    )
    op.execute(_KNOWN_RELEASES)
    for name, kind in _COLUMNS:
        op.add_column("groups", sa.Column(name, kind))
