"""What waits for a decision, with what an inbox orders it by; approvals of many in one move.

Revision 0023, after 0022.
"""

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
ORDER = ("project_id", "round_id", "weight", "since", "submission_id", "area_id", "form_id", "reached", "state")
COUNT = ("project_id", "reached", "round_id", "form_id", "weight", "state", "returned")

FILL = """
INSERT INTO waiting_submissions (submission_id, project_id, form_id, round_id, area_id, reached, weight, errors,
  warnings, missing, state, returned, since)
SELECT id, project_id, form_id, round_id, area_id,
  CASE WHEN word = 0 AND of_commune THEN 1 ELSE word END,
  CASE WHEN errors > 0 THEN 2 WHEN warnings > 0 OR missing > 0 THEN 1 ELSE 0 END,
  errors, warnings, missing, review_state, returned, since
FROM (
  SELECT s.id, f.project_id, s.form_id, s.round_id, s.area_id, s.review_state,
    CASE WHEN s.review_state = 'approved' AND s.review_level = 'commune' THEN 1
         WHEN s.review_state = 'approved' AND s.review_level = 'district' THEN 2 ELSE 0 END AS word,
    EXISTS (SELECT 1 FROM area_versions a WHERE a.area_id = s.area_id
      AND a.kind IN ('commune', 'ward', 'town', 'special_zone')) AS of_commune,
    (SELECT count(*) FROM findings x WHERE x.version_id = v.id AND x.severity = 'error') AS errors,
    (SELECT count(*) FROM findings x WHERE x.version_id = v.id AND x.severity = 'warning')
      + (SELECT count(*) FROM quality_findings q WHERE q.submission_id = s.id AND q.severity = 'warning'
         AND NOT EXISTS (SELECT 1 FROM quality_looks l WHERE l.submission_id = q.submission_id
           AND l.fingerprint = q.fingerprint AND l.undone_at IS NULL)) AS warnings,
    (SELECT count(*) FROM submission_attachments t WHERE t.version_id = v.id AND t.expected AND t.sha256 IS NULL)
      AS missing,
    EXISTS (SELECT 1 FROM review_moves m WHERE m.submission_id = s.id AND m.to_state = 'rejected'
      AND m.version_id <> v.id AND m.undoes_id IS NULL AND NOT m.undone) AS returned,
    CASE WHEN s.review_state = 'approved' THEN coalesce(s.updated_at, s.created_at) ELSE v.created_at END AS since
  FROM submissions s
  JOIN forms f ON f.id = s.form_id
  JOIN submission_versions v ON v.submission_id = s.id AND v.is_current
  WHERE NOT s.is_draft AND s.deleted_at IS NULL AND s.review_state <> 'rejected'
    AND (s.review_state <> 'approved' OR s.review_level IS NULL OR s.review_level <> 'province')
) found
"""


def upgrade() -> None:
    """Makes the tables and fills the first."""
    _make_waiting()
    op.execute(FILL)
    op.create_table(
        "bulk_approvals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_bulk_approvals_project_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_bulk_approvals_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_approvals")),
    )
    op.create_index("ix_bulk_approvals_actor", "bulk_approvals", ["actor_id", "project_id"])
    op.create_table(
        "bulk_approval_items",
        sa.Column("bulk_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("submission_id", _big(), nullable=False, autoincrement=False),
        sa.Column("sight", sa.String(64), nullable=False),
        sa.Column("outcome", sa.String(64), nullable=True),
        sa.Column("move_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bulk_id"], ["bulk_approvals.id"], name=op.f("fk_bulk_approval_items_bulk_id")),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_bulk_approval_items_submission_id")
        ),
        sa.PrimaryKeyConstraint("bulk_id", "submission_id", name=op.f("pk_bulk_approval_items")),
    )
    op.create_index("ix_bulk_approval_items_outcome", "bulk_approval_items", ["bulk_id", "outcome"])
    op.create_index("ix_bulk_approval_items_submission", "bulk_approval_items", ["submission_id"])


def _make_waiting() -> None:
    op.create_table(
        "waiting_submissions",
        sa.Column("submission_id", _big(), nullable=False, autoincrement=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.String(36), nullable=True),
        *(sa.Column(name, sa.SmallInteger(), nullable=False) for name in ("reached", "weight")),
        *(sa.Column(name, sa.Integer(), nullable=False) for name in ("errors", "warnings", "missing")),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("returned", sa.Boolean(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}s.id"], name=op.f(f"fk_waiting_submissions_{one}_id"))
            for one in ("submission", "project", "form", "round", "area")
        ),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_waiting_submissions")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_waiting_submissions_order", "waiting_submissions", [*ORDER, "returned"])
    op.create_index("ix_waiting_submissions_count", "waiting_submissions", list(COUNT))
    op.create_index("ix_waiting_submissions_area", "waiting_submissions", ["area_id", "project_id"])


def _big() -> sa.types.TypeEngine[int]:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("bulk_approval_items")
    op.drop_table("bulk_approvals")
    op.drop_table("waiting_submissions")
