"""Dossiers of communes: where each lies in a round, its moves between levels, and what was said of each unit.

Revision 0019, after 0018.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "dossiers",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("updated_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_dossiers_round_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_dossiers_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossiers")),
    )
    op.create_index("uq_dossiers_place", "dossiers", ["round_id", "area_id"], unique=True)
    op.create_table(
        "dossier_moves",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("dossier_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(16), nullable=False),
        *(
            sa.Column(f"{when}_{what}", sa.String(16), nullable=False)
            for when in ("before", "after")
            for what in ("state", "level")
        ),
        sa.Column("number", sa.String(128), nullable=True),
        sa.Column("letter_on", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        *(sa.Column(name, JSON, nullable=True) for name in ("areas", "lacks", "content")),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("undone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["dossier_id"], ["dossiers.id"], name=op.f("fk_dossier_moves_dossier_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_dossier_moves_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_moves")),
    )
    op.create_index("ix_dossier_moves_dossier", "dossier_moves", ["dossier_id", "id"])
    op.create_table(
        "dossier_appraisals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("move_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("result", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["move_id"], ["dossier_moves.id"], name=op.f("fk_dossier_appraisals_move_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_dossier_appraisals_area_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_dossier_appraisals_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dossier_appraisals")),
    )
    op.create_index("ix_dossier_appraisals_move", "dossier_appraisals", ["move_id", "area_id"])


def downgrade() -> None:
    """Takes them away."""
    for table in ("dossier_appraisals", "dossier_moves", "dossiers"):
        op.drop_table(table)
