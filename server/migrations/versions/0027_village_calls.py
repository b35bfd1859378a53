"""Calls to villages that have to act in a round, and what came of each.

Revision 0027, after 0026.
"""

import sqlalchemy as sa
from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Makes the table."""
    op.create_table(
        "village_calls",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("round_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("outcome", sa.String(16), nullable=False),
        sa.Column("sends_on", sa.Date(), nullable=True),
        sa.Column("text", sa.String(200), nullable=True),
        sa.Column("called_at", MOMENT, nullable=False),
        sa.Column("taken_back_at", MOMENT, nullable=True),
        *(
            sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}s.id"], name=op.f(f"fk_village_calls_{one}_id"))
            for one in ("round", "area", "actor")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_village_calls")),
    )
    op.create_index("ix_village_calls_place", "village_calls", ["round_id", "area_id", "id"])
    op.create_index("ix_village_calls_actor", "village_calls", ["round_id", "actor_id", "area_id"])


def downgrade() -> None:
    """Takes it away, with all that was written down."""
    op.drop_table("village_calls")
