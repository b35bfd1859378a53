"""Data quality: what was found when sheets were held against each other, and what reviewers said of it.

Revision 0014, after 0013.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the tables. What was sent before is looked at in the background."""
    op.create_table(
        "quality_marks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("alone", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_quality_marks_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_marks")),
    )
    op.create_index("ix_quality_marks_submission", "quality_marks", ["submission_id"])
    op.create_index("ix_quality_marks_order", "quality_marks", ["alone", "id"])
    _sheets()
    _findings()
    _looks()
    submissions = sa.table("submissions", sa.column("id"), sa.column("is_draft"), sa.column("deleted_at"))
    marks = sa.table("quality_marks", sa.column("submission_id"), sa.column("alone"))
    sent = sa.select(submissions.c.id, sa.false()).where(
        submissions.c.is_draft.is_(sa.false()), submissions.c.deleted_at.is_(None)
    )
    op.execute(marks.insert().from_select(["submission_id", "alone"], sent))


def _sheets() -> None:
    op.create_table(
        "quality_sheets",
        sa.Column("submission_id", BIG_ID, autoincrement=False, nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("area_id", sa.String(36), nullable=True),
        sa.Column("submitter_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=True),
        sa.Column("began_at", MOMENT, nullable=True),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("photos", JSON, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_quality_sheets_submission_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_quality_sheets_form_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_quality_sheets_round_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_quality_sheets_area_id")),
        sa.ForeignKeyConstraint(["submitter_id"], ["actors.id"], name=op.f("fk_quality_sheets_submitter_id")),
        sa.PrimaryKeyConstraint("submission_id", name=op.f("pk_quality_sheets")),
    )
    op.create_index("ix_quality_sheets_area", "quality_sheets", ["area_id", "round_id"])
    op.create_index("ix_quality_sheets_phone", "quality_sheets", ["submitter_id", "began_at"])


def _findings() -> None:
    op.create_table(
        "quality_findings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("own", JSON, nullable=False),
        sa.Column("beside", JSON, nullable=False),
        sa.Column("others", JSON, nullable=False),
        sa.Column("found_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_quality_findings_submission_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_quality_findings_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_findings")),
    )
    op.create_index("uq_quality_findings_once", "quality_findings", ["submission_id", "fingerprint"], unique=True)
    op.create_index("ix_quality_findings_round", "quality_findings", ["round_id", "kind", "severity"])


def _looks() -> None:
    op.create_table(
        "quality_looks",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("undone_by", sa.Integer(), nullable=True),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_quality_looks_submission_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_quality_looks_actor_id")),
        sa.ForeignKeyConstraint(["undone_by"], ["actors.id"], name=op.f("fk_quality_looks_undone_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_quality_looks")),
    )
    op.create_index("ix_quality_looks_finding", "quality_looks", ["submission_id", "fingerprint"])


def downgrade() -> None:
    """Takes them away, with what reviewers said of what was found."""
    for table in ("quality_looks", "quality_findings", "quality_sheets", "quality_marks"):
        op.drop_table(table)
