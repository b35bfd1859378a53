"""What each may see: which area lies in which and when, shapes and flags of areas, phones' devices, sealed audit.

Revision 0005, after 0004. Where the areas that are here already lie is worked out right after it by the program: see
services/reach.py.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)
BIG_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
JSON = sa.JSON(none_as_null=True).with_variant(postgresql.JSONB(none_as_null=True), "postgresql")
RENAMED = (
    ("reviewer_commune", "commune_supervisor"),
    ("reviewer_district", "district_reviewer"),
    ("reviewer_province", "province_reviewer"),
)
"""Roles by the names that they have in the field."""


def upgrade() -> None:
    """Makes the tables, columns and indexes."""
    _areas()
    _reach()
    _audits()
    _devices()
    for before, after in RENAMED:
        _rename_role(before, after)


def downgrade() -> None:
    """Takes them away; what lies in them goes with them."""
    for before, after in RENAMED:
        _rename_role(after, before)
    op.drop_table("devices")
    with op.batch_alter_table("tokens") as tokens:
        tokens.drop_column("device_id")
    with op.batch_alter_table("projects") as projects:
        projects.drop_column("second_device")
    op.drop_index("ix_audits_unsealed", "audits")
    op.drop_index("ix_audits_area", "audits")
    with op.batch_alter_table("audits") as audits:
        audits.drop_constraint(op.f("fk_audits_seal_id"), type_="foreignkey")
        audits.drop_constraint(op.f("fk_audits_area_id"), type_="foreignkey")
        audits.drop_column("seal_id")
        audits.drop_column("address")
        audits.drop_column("area_id")
    op.drop_table("audit_seals")
    op.drop_table("area_reach")
    op.drop_table("area_shapes")
    with op.batch_alter_table("area_changes") as changes:
        changes.drop_column("source")
        changes.drop_column("kind")
    with op.batch_alter_table("area_versions") as versions:
        versions.drop_column("flags")


def _areas() -> None:
    with op.batch_alter_table("area_versions") as versions:
        versions.add_column(sa.Column("flags", JSON, nullable=True))
    with op.batch_alter_table("area_changes") as changes:
        changes.add_column(sa.Column("kind", sa.String(16), nullable=False, server_default="merged"))
        changes.add_column(sa.Column("source", sa.Text(), nullable=True))
    op.create_table(
        "area_shapes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("geometry", JSON, nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["area_id"], ["areas.id"], name=op.f("fk_area_shapes_area_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_area_shapes")),
    )
    op.create_index("ix_area_shapes_area", "area_shapes", ["area_id", "kind"])


def _reach() -> None:
    op.create_table(
        "area_reach",
        sa.Column("ancestor_id", sa.String(36), nullable=False),
        sa.Column("descendant_id", sa.String(36), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("distance", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["ancestor_id"], ["areas.id"], name=op.f("fk_area_reach_ancestor_id")),
        sa.ForeignKeyConstraint(["descendant_id"], ["areas.id"], name=op.f("fk_area_reach_descendant_id")),
        sa.PrimaryKeyConstraint("ancestor_id", "descendant_id", "valid_from", name=op.f("pk_area_reach")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_area_reach_upwards", "area_reach", ["descendant_id", "ancestor_id", "valid_from", "valid_to"])


def _audits() -> None:
    op.create_table(
        "audit_seals",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("lines", sa.Integer(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("sealed_at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_seals")),
        sa.UniqueConstraint("previous", name=op.f("uq_audit_seals_previous")),
    )
    with op.batch_alter_table("audits") as audits:
        audits.add_column(sa.Column("area_id", sa.String(36), nullable=True))
        audits.add_column(sa.Column("address", sa.String(45), nullable=True))
        audits.add_column(sa.Column("seal_id", sa.Integer(), nullable=True))
        audits.create_foreign_key(op.f("fk_audits_area_id"), "areas", ["area_id"], ["id"])
        audits.create_foreign_key(op.f("fk_audits_seal_id"), "audit_seals", ["seal_id"], ["id"])
    op.create_index("ix_audits_area", "audits", ["area_id", "id"])
    op.create_index(
        "ix_audits_unsealed",
        "audits",
        ["seal_id", "id"],
    )


def _devices() -> None:
    with op.batch_alter_table("projects") as projects:
        projects.add_column(sa.Column("second_device", sa.String(8), nullable=False, server_default="alert"))
    with op.batch_alter_table("tokens") as tokens:
        tokens.add_column(sa.Column("device_id", sa.String(255), nullable=True))
    op.create_table(
        "devices",
        sa.Column("id", BIG_ID, nullable=False),
        sa.Column("actor_id", sa.Integer(), nullable=False),
        sa.Column("device_id", sa.String(255), nullable=False),
        sa.Column("user_agent", sa.String(255), nullable=True),
        sa.Column("first_seen", MOMENT, nullable=False),
        sa.Column("last_seen", MOMENT, nullable=False),
        sa.Column("last_sent", MOMENT, nullable=True),
        sa.Column("standing", sa.String(8), nullable=False),
        sa.Column("forms", JSON, nullable=False),
        sa.ForeignKeyConstraint(["actor_id"], ["actors.id"], name=op.f("fk_devices_actor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
    )
    op.create_index("uq_devices_once", "devices", ["actor_id", "device_id"], unique=True)


def _rename_role(before: str, after: str) -> None:
    grants = sa.table("grants", sa.column("role", sa.String()))
    op.execute(grants.update().where(grants.c.role == before).values(role=after))
