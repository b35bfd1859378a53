"""Indexes of submissions by time and by area, with all that a page asks for; versions by submission; tallies, counted.

Revision 0008, after 0007.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

COLUMNS = ["form_id", "area_id", "review_state", "slot", "number"]
ASKED = ("review_state", "is_draft", "deleted_at")


def upgrade() -> None:
    """Makes them, and drops those whose place they take."""
    op.drop_index("ix_submissions_area_round", "submissions")
    op.drop_index("ix_submissions_list", "submissions")
    op.create_index("ix_submissions_newest", "submissions", ["form_id", "created_at", "id", "area_id", *ASKED])
    op.create_index("ix_submissions_area", "submissions", ["area_id", "form_id", "created_at", "id", *ASKED])
    op.create_index("ix_submission_versions_submission", "submission_versions", ["submission_id"])
    op.create_table(
        "submission_tallies",
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("review_state", sa.String(16), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("form_id", "area_id", "review_state", "slot", name=op.f("pk_submission_tallies")),
        sqlite_with_rowid=False,
    )
    sent = sa.table(
        "submissions",
        *(sa.column(name) for name in ("form_id", "area_id", "review_state")),
        sa.column("is_draft", sa.Boolean()),
        sa.column("deleted_at"),
    )
    area = sa.func.coalesce(sent.c.area_id, "")
    counted = (
        sa.select(sent.c.form_id, area, sent.c.review_state, sa.literal(0), sa.func.count())
        .where(sent.c.is_draft.is_(False), sent.c.deleted_at.is_(None))
        .group_by(sent.c.form_id, area, sent.c.review_state)
    )
    tallies = sa.table("submission_tallies", *(sa.column(name) for name in COLUMNS))
    op.execute(tallies.insert().from_select(COLUMNS, counted))


def downgrade() -> None:
    """Makes those again that were there before."""
    op.drop_table("submission_tallies")
    op.drop_index("ix_submission_versions_submission", "submission_versions")
    op.drop_index("ix_submissions_area", "submissions")
    op.drop_index("ix_submissions_newest", "submissions")
    op.create_index("ix_submissions_list", "submissions", ["form_id", "created_at", "id"])
    op.create_index("ix_submissions_area_round", "submissions", ["area_id", "round_id"])
