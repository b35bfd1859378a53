"""Statements: what was printed of a village in a round, so that the paper can be checked.

Revision 0013, after 0012.
"""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "statements",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=True),
        sa.Column("language", sa.String(8), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("token_hash", sa.String(64), nullable=False),
        sa.Column("token_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_statements_actor_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_statements_area_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_statements_project_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_statements_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
    )
    op.create_index("uq_statements_token", "statements", ["token_hash"], unique=True)
    op.create_index("ix_statements_place", "statements", ["round_id", "area_id", "actor_id"])


def downgrade() -> None:
    """Takes it away: papers that were printed can no longer be checked."""
    op.drop_table("statements")
