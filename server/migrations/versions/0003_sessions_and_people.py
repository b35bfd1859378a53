"""Failures at signing in, people's own settings, addresses that can be used again.

Revision 0003, after 0002.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
LIVE = sa.text("deleted_at IS NULL")


def upgrade() -> None:
    """Makes the tables; an e-mail address is unique among those who are here."""
    with op.batch_alter_table("users") as users:
        users.drop_constraint(op.f("uq_users_email"), type_="unique")
        users.add_column(sa.Column("deleted_at", MOMENT, nullable=True))
    op.execute("UPDATE users SET deleted_at = (SELECT actors.deleted_at FROM actors WHERE actors.id = users.actor_id)")
    op.create_index("uq_users_live_email", "users", ["email"], unique=True, sqlite_where=LIVE, postgresql_where=LIVE)
    op.create_table(
        "throttles",
        sa.Column("key", sa.String(64), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_throttles")),
    )
    op.create_index("ix_throttles_since", "throttles", ["since"])
    op.create_table(
        "preferences",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=True),
        sa.Column("name", sa.String(255), nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_preferences_actor_id")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_preferences_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preferences")),
    )
    op.create_index(
        "uq_preferences_name",
        "preferences",
        ["actor_id", sa.text("coalesce(project_id, 0)"), "name"],
        unique=True,
    )


def downgrade() -> None:
    """Takes them back. Who was taken away and left the address to another gets one that cannot be written to."""
    op.drop_table("preferences")
    op.drop_table("throttles")
    op.drop_index("uq_users_live_email", table_name="users")
    op.execute("UPDATE users SET email = actor_id || ' ' || email WHERE deleted_at IS NOT NULL")
    with op.batch_alter_table("users") as users:
        users.drop_column("deleted_at")
        users.create_unique_constraint(op.f("uq_users_email"), ["email"])
