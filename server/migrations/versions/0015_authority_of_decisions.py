"""Who decided: the authority of each decision about an area, beside its number and its day.

Revision 0015, after 0014.
"""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column. Of what was loaded before it is not known who decided."""
    op.add_column("area_facts", sa.Column("authority", sa.String(255), nullable=True))


def downgrade() -> None:
    """Takes it away."""
    op.drop_column("area_facts", "authority")
