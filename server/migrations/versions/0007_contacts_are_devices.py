"""Contacts become devices: when a key was heard of is kept for each phone that used it.

Revision 0007, after 0006. Nothing ever wrote to `contacts`.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Takes the table of contacts away."""
    op.drop_table("contacts")


def downgrade() -> None:
    """Makes it again, empty as it was."""
    op.create_table(
        "contacts",
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("last_seen", sa.DateTime(timezone=True), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=True),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_contacts_actor_id")),
        sa.PrimaryKeyConstraint("actor_id", name=op.f("pk_contacts")),
    )
