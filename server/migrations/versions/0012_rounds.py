"""Rounds with their programme, rule sets, readings, areas, evidence and steps; locks with all they froze; holidays.

Revision 0012, after 0011.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
OF_ROUNDS = (
    ("programme", sa.String(255)),
    ("purpose", sa.String(16)),
    ("forms", JSON),
    ("rule_sets", JSON),
    ("readings", JSON),
    ("areas", JSON),
    ("evidence", JSON),
    ("steps", JSON),
    ("instructed_on", sa.Date()),
    ("lock_id", sa.Integer()),
    ("updated_at", MOMENT),
)


def upgrade() -> None:
    """Makes the columns and tables. Rounds that are there go on as they did: open, of all areas and rule sets."""
    for name, kind in OF_ROUNDS:
        op.add_column("rounds", sa.Column(name, kind, nullable=True))
    op.add_column("submission_versions", sa.Column("after_lock_id", sa.Integer(), nullable=True))
    there = sa.text("after_lock_id IS NOT NULL")
    op.create_index(
        "ix_submission_versions_after_lock",
        "submission_versions",
        ["after_lock_id"],
        sqlite_where=there,
        postgresql_where=there,
    )
    unplaced = sa.text("round_id IS NULL")
    op.create_index(
        "ix_submissions_unplaced",
        "submissions",
        ["form_id", "created_at"],
        sqlite_where=unplaced,
        postgresql_where=unplaced,
    )
    _locks()
    _locked_verdicts()
    _locked_rollups()
    op.create_table(
        "holidays",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("works", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_holidays")),
    )


def downgrade() -> None:
    """Takes all of it away, locks too."""
    for name in ("holidays", "locked_rollups", "locked_verdicts", "locked_texts", "round_locks"):
        op.drop_table(name)
    op.drop_index("ix_submissions_unplaced", "submissions")
    op.drop_index("ix_submission_versions_after_lock", "submission_versions")
    with op.batch_alter_table("submission_versions") as table:
        table.drop_column("after_lock_id")
    with op.batch_alter_table("rounds") as table:
        for name, _ in reversed(OF_ROUNDS):
            table.drop_column(name)


def _locks() -> None:
    op.create_table(
        "round_locks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("head", JSON, nullable=False),
        sa.Column("provisional", JSON, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("locked_at", MOMENT, nullable=False),
        sa.Column("locked_by", sa.Integer(), nullable=False),
        sa.Column("reopened_at", MOMENT, nullable=True),
        sa.Column("reopened_by", sa.Integer(), nullable=True),
        sa.Column("reopen_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_round_locks_round_id")),
        sa.ForeignKeyConstraint(["locked_by"], ["actors.id"], name=op.f("fk_round_locks_locked_by")),
        sa.ForeignKeyConstraint(["reopened_by"], ["actors.id"], name=op.f("fk_round_locks_reopened_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_locks")),
    )
    op.create_index("uq_round_locks_number", "round_locks", ["round_id", "number"], unique=True)
    op.create_table(
        "locked_texts",
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_locked_texts")),
    )


def _locked_verdicts() -> None:
    op.create_table(
        "locked_verdicts",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("lock_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("rule_set", sa.String(64), nullable=False),
        sa.Column("rule_set_sha256", sa.String(64), nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("verdict", sa.String(24), nullable=False),
        sa.Column("klass", sa.String(64), nullable=True),
        sa.Column("region", sa.String(64), nullable=True),
        sa.Column("spans", JSON, nullable=True),
        sa.Column("clauses", JSON, nullable=False),
        sa.Column("facts", JSON, nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("computed_at", MOMENT, nullable=True),
        sa.Column("submission_id", BIG_ID, nullable=True),
        sa.Column("version_id", BIG_ID, nullable=True),
        sa.Column("version_sha256", sa.String(64), nullable=True),
        sa.ForeignKeyConstraint(["lock_id"], ["round_locks.id"], name=op.f("fk_locked_verdicts_lock_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_locked_verdicts_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_locked_verdicts")),
    )
    op.create_index(
        "uq_locked_verdicts_once", "locked_verdicts", ["lock_id", "area_id", "rule_set", "basis"], unique=True
    )
    op.create_index("ix_locked_verdicts_submission", "locked_verdicts", ["submission_id"])


def _locked_rollups() -> None:
    op.create_table(
        "locked_rollups",
        sa.Column("lock_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("villages", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("sums", JSON, nullable=False),
        sa.Column("verdicts", JSON, nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["lock_id"], ["round_locks.id"], name=op.f("fk_locked_rollups_lock_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_locked_rollups_area_id")),
        sa.PrimaryKeyConstraint("lock_id", "area_id", "basis", name=op.f("pk_locked_rollups")),
    )
