"""Submissions with their findings, reviews and verdicts.

Revision 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
TABLES = (
    "submissions",
    "variants",
    "comments",
    "submission_versions",
    "variant_attachments",
    "verdicts",
    "findings",
    "review_moves",
    "submission_attachments",
)


def upgrade() -> None:
    """Makes the tables."""
    _submissions()
    _variants()
    _comments()
    _submission_versions()
    _variant_attachments()
    _verdicts()
    _findings()
    _review_moves()
    _submission_attachments()


def downgrade() -> None:
    """Drops them again, last first."""
    for table in reversed(TABLES):
        op.drop_table(table)


def _submissions() -> None:
    op.create_table(
        "submissions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.String(255), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("submitter_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=True),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.Column("review_state", sa.String(16), nullable=False),
        sa.Column("review_level", sa.String(16), nullable=True),
        sa.Column("arrival", sa.String(8), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=True),
        sa.Column("round_id", sa.Integer(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=True),
        sa.Column("deleted_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_submissions_area_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_submissions_form_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_submissions_round_id")),
        sa.ForeignKeyConstraint(["submitter_id"], ["actors.id"], name=op.f("fk_submissions_submitter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submissions")),
    )
    op.create_index("ix_submissions_area_round", "submissions", ["area_id", "round_id"])
    op.create_index("ix_submissions_list", "submissions", ["form_id", "created_at", "id"])
    op.create_index("uq_submissions_instance", "submissions", ["form_id", "is_draft", "instance_id"], unique=True)


def _variants() -> None:
    op.create_table(
        "variants",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.String(255), nullable=False),
        sa.Column("deprecated_id", sa.String(255), nullable=True),
        sa.Column("reason", sa.String(16), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("stated_version", sa.String(255), nullable=True),
        sa.Column("submitter_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=True),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("applied_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_variants_form_id")),
        sa.ForeignKeyConstraint(["submitter_id"], ["actors.id"], name=op.f("fk_variants_submitter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variants")),
    )
    op.create_index("ix_variants_deprecated", "variants", ["form_id", "deprecated_id"])
    op.create_index("uq_variants_once", "variants", ["form_id", "instance_id", "sha256"], unique=True)


def _comments() -> None:
    op.create_table(
        "comments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_comments_actor_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_comments_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_comments")),
    )
    op.create_index("ix_comments_submission", "comments", ["submission_id"])


def _submission_versions() -> None:
    op.create_table(
        "submission_versions",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("form_id", sa.Integer(), nullable=False),
        sa.Column("form_version_id", sa.Integer(), nullable=False),
        sa.Column("is_draft", sa.Boolean(), nullable=False),
        sa.Column("instance_id", sa.String(255), nullable=False),
        sa.Column("instance_name", sa.Text(), nullable=True),
        sa.Column("is_current", sa.Boolean(), nullable=False),
        sa.Column("xml", sa.LargeBinary(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("answers", JSON, nullable=True),
        sa.Column("stated_version", sa.String(255), nullable=True),
        sa.Column("submitter_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=True),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_submission_versions_form_id")),
        sa.ForeignKeyConstraint(
            ["form_version_id"], ["form_versions.id"], name=op.f("fk_submission_versions_form_version_id")
        ),
        sa.ForeignKeyConstraint(
            ["submission_id"], ["submissions.id"], name=op.f("fk_submission_versions_submission_id")
        ),
        sa.ForeignKeyConstraint(["submitter_id"], ["actors.id"], name=op.f("fk_submission_versions_submitter_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_versions")),
    )
    op.create_index(
        "uq_submission_versions_current",
        "submission_versions",
        ["submission_id"],
        unique=True,
        sqlite_where=sa.text("is_current"),
        postgresql_where=sa.text("is_current"),
    )
    op.create_index(
        "uq_submission_versions_instance", "submission_versions", ["form_id", "is_draft", "instance_id"], unique=True
    )


def _variant_attachments() -> None:
    op.create_table(
        "variant_attachments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("variant_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content_type", sa.String(255), nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_variant_attachments_sha256")),
        sa.ForeignKeyConstraint(["variant_id"], ["variants.id"], name=op.f("fk_variant_attachments_variant_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_variant_attachments")),
    )
    op.create_index("uq_variant_attachments_name", "variant_attachments", ["variant_id", "name"], unique=True)


def _verdicts() -> None:
    op.create_table(
        "verdicts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("rule_set", sa.String(64), nullable=False),
        sa.Column("rule_set_sha256", sa.String(64), nullable=False),
        sa.Column("verdict", sa.String(24), nullable=False),
        sa.Column("clauses", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=True),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_verdicts_area_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_verdicts_round_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_verdicts_submission_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verdicts")),
    )
    op.create_index("uq_verdicts_once", "verdicts", ["round_id", "area_id", "rule_set"], unique=True)


def _findings() -> None:
    op.create_table(
        "findings",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("version_id", BIG_ID, nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("severity", sa.String(8), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("message", JSON, nullable=False),
        sa.Column("params", JSON, nullable=False),
        sa.ForeignKeyConstraint(["version_id"], ["submission_versions.id"], name=op.f("fk_findings_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_findings")),
    )
    op.create_index("ix_findings_version", "findings", ["version_id"])


def _review_moves() -> None:
    op.create_table(
        "review_moves",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("version_id", BIG_ID, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("from_state", sa.String(16), nullable=False),
        sa.Column("to_state", sa.String(16), nullable=False),
        sa.Column("level", sa.String(16), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_review_moves_actor_id")),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_review_moves_submission_id")),
        sa.ForeignKeyConstraint(["version_id"], ["submission_versions.id"], name=op.f("fk_review_moves_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_review_moves")),
    )
    op.create_index("ix_review_moves_submission", "review_moves", ["submission_id"])


def _submission_attachments() -> None:
    op.create_table(
        "submission_attachments",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("version_id", BIG_ID, nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("expected", sa.Boolean(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("content_type", sa.String(255), nullable=True),
        sa.Column("updated_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_submission_attachments_sha256")),
        sa.ForeignKeyConstraint(
            ["version_id"], ["submission_versions.id"], name=op.f("fk_submission_attachments_version_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_submission_attachments")),
    )
    op.create_index("ix_submission_attachments_blob", "submission_attachments", ["sha256"])
    op.create_index("uq_submission_attachments_name", "submission_attachments", ["version_id", "name"], unique=True)
