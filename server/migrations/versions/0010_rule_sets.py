"""Rule sets that an office loads, and clauses that its people confirm.

Revision 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Makes both tables."""
    op.create_table(
        "loaded_rule_sets",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.String(64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("loaded_by", sa.Integer(), nullable=False),
        sa.Column("replaced_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["loaded_by"], ["actors.id"], name=op.f("fk_loaded_rule_sets_loaded_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_loaded_rule_sets")),
    )
    now = sa.text("replaced_at IS NULL")
    op.create_index(
        "uq_loaded_rule_sets_now",
        "loaded_rule_sets",
        ["rule_set"],
        unique=True,
        sqlite_where=now,
        postgresql_where=now,
    )
    op.create_table(
        "clause_confirmations",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("rule_set", sa.String(64), nullable=False),
        sa.Column("clause_id", sa.String(64), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("status_before", sa.String(16), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(500), nullable=False),
        sa.Column("quote", sa.Text(), nullable=True),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("file_name", sa.String(255), nullable=True),
        sa.Column("content_type", sa.String(255), nullable=True),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_clause_confirmations_actor_id")),
        sa.ForeignKeyConstraint(["sha256"], ["blobs.sha256"], name=op.f("fk_clause_confirmations_sha256")),
        sa.ForeignKeyConstraint(["withdrawn_by"], ["actors.id"], name=op.f("fk_clause_confirmations_withdrawn_by")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clause_confirmations")),
    )
    op.create_index("ix_clause_confirmations_rule_set", "clause_confirmations", ["rule_set"])
    stands = sa.text("withdrawn_at IS NULL")
    op.create_index(
        "uq_clause_confirmations_once",
        "clause_confirmations",
        ["rule_set", "clause_id", "fingerprint", "actor_id"],
        unique=True,
        sqlite_where=stands,
        postgresql_where=stands,
    )


def downgrade() -> None:
    """Takes both away, with all that was loaded and confirmed."""
    op.drop_table("clause_confirmations")
    op.drop_table("loaded_rule_sets")
