"""Community supervision: what was said of the findings of boards.

Revision 0018, after 0017.
"""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "supervision_words",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("submission_id", BIG_ID, nullable=False),
        sa.Column("finding", sa.String(300), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("said", sa.String(16), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("quoted", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("undoes", BIG_ID, nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["submission_id"], ["submissions.id"], name=op.f("fk_supervision_words_submission_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_supervision_words_actor_id")),
        sa.ForeignKeyConstraint(["undoes"], ["supervision_words.id"], name=op.f("fk_supervision_words_undoes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supervision_words")),
    )
    op.create_index("ix_supervision_words_submission", "supervision_words", ["submission_id", "number"])


def downgrade() -> None:
    """Takes it away, with all that was answered."""
    op.drop_table("supervision_words")
