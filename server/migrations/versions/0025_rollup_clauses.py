"""Rollups count by criterion how many villages it holds back; what was computed before is computed again.

Revision 0025, after 0024.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Adds the column and marks every area that has a rollup."""
    op.add_column("rollups", sa.Column("clauses", JSON, nullable=True))
    op.execute("INSERT INTO rollup_marks (round_id, area_id) SELECT DISTINCT round_id, area_id FROM rollups")


def downgrade() -> None:
    """Takes it away."""
    with op.batch_alter_table("rollups") as batch:
        batch.drop_column("clauses")
