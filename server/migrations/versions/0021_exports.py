"""Files of answers that were ordered and made in the background; how often submissions were changed.

Revision 0021, after 0020.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Makes the table and the column."""
    changes = sa.Column("changes", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("submission_tallies", changes)
    op.create_table(
        "exports",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("uuid", sa.String(36), nullable=False),
        *(sa.Column(f"{what}_id", sa.Integer(), nullable=False) for what in ("project", "form", "actor")),
        sa.Column("wish", JSON, nullable=False),
        sa.Column("locale", sa.String(8), nullable=False),
        sa.Column("scope", JSON, nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=True),
        sa.Column("tag", sa.String(64), nullable=False),
        sa.Column("name", sa.String(320), nullable=False),
        sa.Column("file", sa.String(36), nullable=True),
        sa.Column("error", sa.String(64), nullable=True),
        sa.Column("created_at", MOMENT, nullable=False),
        *(sa.Column(f"{what}_at", MOMENT, nullable=True) for what in ("started", "finished", "expires")),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_exports_project_id")),
        sa.ForeignKeyConstraint(["form_id"], ["forms.id"], name=op.f("fk_exports_form_id")),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_exports_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exports")),
    )
    op.create_index("uq_exports_uuid", "exports", ["uuid"], unique=True)
    op.create_index("ix_exports_form", "exports", ["form_id", "tag"])
    op.create_index("ix_exports_file", "exports", ["file"])


def downgrade() -> None:
    """Takes them away."""
    op.drop_column("submission_tallies", "changes")
    op.drop_table("exports")
