"""Partial indexes of current versions that SQLite can use: it compares the words of their condition with a query's.

Revision 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

INDEXES = (
    ("uq_form_versions_current", "form_versions", "form_id"),
    ("uq_submission_versions_current", "submission_versions", "submission_id"),
)


def upgrade() -> None:
    """Makes them anew with the words that queries use."""
    _make_anew("is_current = 1")


def downgrade() -> None:
    """Makes them as they were."""
    _make_anew("is_current")


def _make_anew(condition: str) -> None:
    for name, table, column in INDEXES:
        op.drop_index(name, table)
        op.create_index(
            name,
            table,
            [column],
            unique=True,
            sqlite_where=sa.text(condition),
            postgresql_where=sa.text("is_current"),
        )
