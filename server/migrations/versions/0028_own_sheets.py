"""Indexes by which a phone finds what was sent with its key.

Revision 0028, after 0027.
"""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLES = ("submissions", "variants")
COLUMNS = ["submitter_id", "created_at", "id"]


def upgrade() -> None:
    """Makes them."""
    for table in TABLES:
        op.create_index(f"ix_{table}_sender", table, COLUMNS)


def downgrade() -> None:
    """Takes them away."""
    for table in TABLES:
        op.drop_index(f"ix_{table}_sender", table_name=table)
