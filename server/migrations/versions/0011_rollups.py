"""Verdicts by what was approved beside those by what is newest; classes; rollups of what stands above villages.

Revision 0011, after 0010.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
BIG = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the columns and tables. What was judged before is judged again, in the background."""
    with op.batch_alter_table("verdicts") as table:
        table.add_column(sa.Column("basis", sa.String(12), nullable=False, server_default="newest"))
        table.add_column(sa.Column("klass", sa.String(64), nullable=True))
        table.add_column(sa.Column("region", sa.String(64), nullable=True))
        table.add_column(sa.Column("spans", JSON, nullable=True))
    with op.batch_alter_table("verdicts") as table:
        table.alter_column("basis", server_default=None)
    op.drop_index("uq_verdicts_once", "verdicts")
    op.create_index("uq_verdicts_once", "verdicts", ["round_id", "area_id", "rule_set", "basis"], unique=True)
    op.create_table(
        "rollups",
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("basis", sa.String(12), nullable=False),
        sa.Column("villages", sa.Integer(), nullable=False),
        sa.Column("reported", sa.Integer(), nullable=False),
        sa.Column("approved", sa.Integer(), nullable=False),
        sa.Column("sums", JSON, nullable=False),
        sa.Column("verdicts", JSON, nullable=False),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("computed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_rollups_area_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_rollups_round_id")),
        sa.PrimaryKeyConstraint("round_id", "area_id", "basis", name=op.f("pk_rollups")),
    )
    op.create_table(
        "rollup_marks",
        sa.Column("id", BIG, nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_rollup_marks_area_id")),
        sa.ForeignKeyConstraint(["round_id"], ["rounds.id"], name=op.f("fk_rollup_marks_round_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rollup_marks")),
    )
    op.create_index("ix_rollup_marks_place", "rollup_marks", ["round_id", "area_id"])
    verdicts, jobs = sa.table("verdicts", sa.column("id")), _jobs()
    if op.get_bind().execute(sa.select(verdicts.c.id).limit(1)).first() is not None:
        now = sa.func.current_timestamp()
        row = {"kind": "rejudge", "key": "*", "payload": {"rule_set": "*"}, "attempts": 0}
        op.execute(jobs.insert().values(created_at=now, run_after=now, **row))


def _jobs() -> sa.TableClause:
    return sa.table(
        "jobs",
        sa.column("kind", sa.String()),
        sa.column("key", sa.String()),
        sa.column("payload", JSON),
        sa.column("attempts", sa.Integer()),
        sa.column("created_at", sa.DateTime(timezone=True)),
        sa.column("run_after", sa.DateTime(timezone=True)),
    )


def downgrade() -> None:
    """Takes them away; of two verdicts the one that rests on what was approved stays."""
    op.drop_table("rollup_marks")
    op.drop_table("rollups")
    verdicts = sa.table("verdicts", *(sa.column(name) for name in ("id", "round_id", "area_id", "rule_set", "basis")))
    approved = sa.alias(verdicts, "approved")
    same = [verdicts.c[name] == approved.c[name] for name in ("round_id", "area_id", "rule_set")]
    twice = sa.exists().where(*same, approved.c.basis == "approved")
    op.execute(verdicts.delete().where(verdicts.c.basis == "newest", twice))
    op.drop_index("uq_verdicts_once", "verdicts")
    op.create_index("uq_verdicts_once", "verdicts", ["round_id", "area_id", "rule_set"], unique=True)
    with op.batch_alter_table("verdicts") as table:
        table.drop_column("spans")
        table.drop_column("region")
        table.drop_column("klass")
        table.drop_column("basis")
