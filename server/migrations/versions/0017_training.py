"""Training: people who were added to classes at the desk, and persons who were said to be one.

Revision 0017, after 0016.
"""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "trainees",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("birth_year", sa.Integer(), nullable=True),
        sa.Column("sex", sa.String(8), nullable=True),
        sa.Column("ethnicity", sa.String(16), nullable=True),
        sa.Column("audience", sa.String(32), nullable=True),
        sa.Column("area_id", sa.String(36), nullable=True),
        sa.Column("represents", sa.String(16), nullable=True),
        sa.Column("household", sa.Integer(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=True),
        sa.Column("added_by", sa.Integer(), nullable=True),
        sa.Column("added_at", MOMENT, nullable=False),
        sa.Column("removed_by", sa.Integer(), nullable=True),
        sa.Column("removed_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_trainees_project_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_trainees_submission_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_trainees_area_id")),
        sa.ForeignKeyConstraint(["added_by"], ["actors.id"], name=op.f("fk_trainees_added_by")),
        sa.ForeignKeyConstraint(["removed_by"], ["actors.id"], name=op.f("fk_trainees_removed_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trainees")),
    )
    op.create_index("ix_trainees_class", "trainees", ["submission_id"])
    op.create_index("ix_trainees_project", "trainees", ["project_id"])
    op.create_table(
        "person_merges",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("one", sa.String(32), nullable=False),
        sa.Column("other", sa.String(32), nullable=False),
        sa.Column("merged_by", sa.Integer(), nullable=True),
        sa.Column("merged_at", MOMENT, nullable=False),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_person_merges_project_id")),
        sa.ForeignKeyConstraint(["merged_by"], ["actors.id"], name=op.f("fk_person_merges_merged_by")),
        sa.ForeignKeyConstraint(["undone_by"], ["actors.id"], name=op.f("fk_person_merges_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person_merges")),
    )
    op.create_index("ix_person_merges_project", "person_merges", ["project_id"])


def downgrade() -> None:
    """Drops the tables."""
    op.drop_table("person_merges")
    op.drop_table("trainees")
