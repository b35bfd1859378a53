"""The programme register: programmes, the areas in them, and when each was planned to leave.

Revision 0016, after 0015.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")


def upgrade() -> None:
    """Makes the tables."""
    op.create_table(
        "programmes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("project_id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(64), nullable=False),
        sa.Column("name_vi", sa.String(255), nullable=False),
        sa.Column("name_en", sa.String(255), nullable=False),
        sa.Column("law", sa.String(255), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["project_id"], ["projects.id"], name=op.f("fk_programmes_project_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
    )
    op.create_index("uq_programmes_slug", "programmes", ["project_id", "slug"], unique=True)
    _units()
    op.create_table(
        "programme_plans",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("unit_id", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(128), nullable=True),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("authority", sa.String(255), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["unit_id"], ["programme_units.id"], name=op.f("fk_programme_plans_unit_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_plans")),
    )
    op.create_index("ix_programme_plans_unit", "programme_plans", ["unit_id"])


def _units() -> None:
    op.create_table(
        "programme_units",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("level", sa.String(16), nullable=False),
        sa.Column("basis", sa.String(16), nullable=True),
        sa.Column("entered_on", sa.Date(), nullable=True),
        sa.Column("entry_number", sa.String(128), nullable=True),
        sa.Column("entry_date", sa.Date(), nullable=True),
        sa.Column("entry_authority", sa.String(255), nullable=True),
        sa.Column("funding", sa.String(255), nullable=True),
        sa.Column("exit_kind", sa.String(16), nullable=True),
        sa.Column("exited_on", sa.Date(), nullable=True),
        sa.Column("exit_number", sa.String(128), nullable=True),
        sa.Column("exit_date", sa.Date(), nullable=True),
        sa.Column("exit_authority", sa.String(255), nullable=True),
        sa.Column("exit_status", sa.String(16), nullable=True),
        sa.Column("exit_source", sa.Text(), nullable=True),
        sa.Column("into", JSON, nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", MOMENT, nullable=False),
        sa.Column("updated_at", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(["programme_id"], ["programmes.id"], name=op.f("fk_programme_units_programme_id")),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_programme_units_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programme_units")),
    )
    op.create_index("uq_programme_units_area", "programme_units", ["programme_id", "area_id"], unique=True)


def downgrade() -> None:
    """Takes them away."""
    for table in ("programme_plans", "programme_units", "programmes"):
        op.drop_table(table)
