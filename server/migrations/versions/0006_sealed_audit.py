"""What a line of the audit is about belongs to a project; seals keep the hash of each line; indexes to look by.

Revision 0006, after 0005. No home has a seal yet: they begin with this revision.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

INDEXES = {
    "ix_audits_project": ["project_id", "id"],
    "ix_audits_actor": ["actor_id", "id"],
    "ix_audits_acted_on": ["acted_on", "id"],
}


def upgrade() -> None:
    """Makes the columns and indexes."""
    with op.batch_alter_table("audits") as audits:
        audits.add_column(sa.Column("project_id", sa.Integer(), nullable=True))
        audits.create_foreign_key(op.f("fk_audits_project_id"), "projects", ["project_id"], ["id"])
    for name, columns in INDEXES.items():
        op.create_index(name, "audits", columns)
    with op.batch_alter_table("audit_seals") as seals:
        seals.add_column(sa.Column("digests", sa.LargeBinary(), nullable=False))


def downgrade() -> None:
    """Takes them away."""
    with op.batch_alter_table("audit_seals") as seals:
        seals.drop_column("digests")
    for name in INDEXES:
        op.drop_index(name, "audits")
    with op.batch_alter_table("audits") as audits:
        audits.drop_constraint(op.f("fk_audits_project_id"), type_="foreignkey")
        audits.drop_column("project_id")
