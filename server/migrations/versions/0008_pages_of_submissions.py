"""Indexes of submissions by time and by area, with all that a page and its counts ask for; versions by submission.

Revision 0008, after 0007.
"""

from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

ASKED = ("review_state", "is_draft", "deleted_at")


def upgrade() -> None:
    """Makes them, and drops those whose place they take."""
    op.drop_index("ix_submissions_area_round", "submissions")
    op.drop_index("ix_submissions_list", "submissions")
    op.create_index("ix_submissions_newest", "submissions", ["form_id", "created_at", "id", "area_id", *ASKED])
    op.create_index("ix_submissions_area", "submissions", ["area_id", "form_id", "created_at", "id", *ASKED])
    op.create_index("ix_submission_versions_submission", "submission_versions", ["submission_id"])


def downgrade() -> None:
    """Makes those again that were there before."""
    op.drop_index("ix_submission_versions_submission", "submission_versions")
    op.drop_index("ix_submissions_area", "submissions")
    op.drop_index("ix_submissions_newest", "submissions")
    op.create_index("ix_submissions_list", "submissions", ["form_id", "created_at", "id"])
    op.create_index("ix_submissions_area_round", "submissions", ["area_id", "round_id"])
