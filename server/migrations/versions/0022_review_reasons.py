"""Decisions that say why question by question, and can be taken back.

Revision 0022, after 0021.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
COLUMNS = ("from_level", "questions", "undoes_id", "undone")


def upgrade() -> None:
    """Makes the columns."""
    with op.batch_alter_table("review_moves") as batch:
        batch.add_column(sa.Column("from_level", sa.String(16), nullable=True))
        batch.add_column(sa.Column("questions", JSON, nullable=True))
        batch.add_column(sa.Column("undoes_id", NUMBER, nullable=True))
        batch.add_column(sa.Column("undone", sa.Boolean(), nullable=False, server_default=sa.false()))
        batch.create_foreign_key(op.f("fk_review_moves_undoes_id"), "review_moves", ["undoes_id"], ["id"])


def downgrade() -> None:
    """Takes them away."""
    with op.batch_alter_table("review_moves") as batch:
        batch.drop_constraint(op.f("fk_review_moves_undoes_id"), type_="foreignkey")
        for column in COLUMNS:
            batch.drop_column(column)
