"""Returned sheets, and what became of each: told, seen by its sender, corrected.

Revision 0026, after 0025.
"""

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OPEN = sa.text("ended_at IS NULL")
FILL = """
INSERT INTO returns (move_id, submission_id, project_id, form_id, area_id, sender_id, returned_at)
SELECT m.id, s.id, f.project_id, s.form_id, s.area_id, s.submitter_id, m.created_at
FROM submissions s
JOIN forms f ON f.id = s.form_id
JOIN review_moves m ON m.id = (
  SELECT max(x.id) FROM review_moves x
  WHERE x.submission_id = s.id AND x.to_state = 'rejected' AND x.undoes_id IS NULL AND NOT x.undone)
WHERE s.review_state = 'rejected' AND NOT s.is_draft
"""


def upgrade() -> None:
    """Makes the table and fills it with what stands as returned."""
    op.create_table(
        "returns",
        sa.Column("move_id", NUMBER, nullable=False, autoincrement=False),
        sa.Column("submission_id", NUMBER, nullable=False),
        *(sa.Column(f"{what}_id", sa.Integer(), nullable=False) for what in ("project", "form")),
        sa.Column("area_id", sa.String(36), nullable=True),
        sa.Column("sender_id", sa.Integer(), nullable=False),
        sa.Column("returned_at", MOMENT, nullable=False),
        sa.Column("told_at", MOMENT, nullable=True),
        sa.Column("told_by", sa.Integer(), nullable=True),
        *(sa.Column(f"{what}_at", MOMENT, nullable=True) for what in ("seen", "ended")),
        sa.Column("ended", sa.String(16), nullable=True),
        sa.Column("by_submission_id", NUMBER, nullable=True),
        sa.ForeignKeyConstraint(["move_id"], ["review_moves.id"], name=op.f("fk_returns_move_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_returns_submission_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_returns_project_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_returns_form_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_returns_area_id")),
        sa.ForeignKeyConstraint(["sender_id"], ["actors.id"], name=op.f("fk_returns_sender_id")),
        sa.ForeignKeyConstraint(["told_by"], ["actors.id"], name=op.f("fk_returns_told_by")),
        sa.ForeignKeyConstraint(["by_submission_id"], ["submissions.id"], name=op.f("fk_returns_by_submission_id")),
        sa.PrimaryKeyConstraint("move_id", name=op.f("pk_returns")),
    )
    for name, columns in (
        ("ix_returns_open", ["project_id", "area_id"]),
        ("ix_returns_open_sender", ["project_id", "sender_id"]),
    ):
        op.create_index(name, "returns", columns, sqlite_where=OPEN, postgresql_where=OPEN)
    op.create_index("ix_returns_project", "returns", ["project_id", "returned_at"])
    op.create_index("ix_returns_submission", "returns", ["submission_id"])
    op.create_index("ix_returns_by_submission", "returns", ["by_submission_id"])
    op.execute(FILL)


def downgrade() -> None:
    """Takes it away."""
    op.drop_table("returns")
