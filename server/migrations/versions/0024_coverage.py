"""How far each village has come in a round, counted from what is there; when its phone was heard of last.

Revision 0024, after 0023.
"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None

MOMENT = sa.DateTime(timezone=True)

SHEETS = """
INSERT INTO village_coverage (round_id, form_id, area_id, state, level, expected, here, submission_id, came_at)
SELECT round_id, form_id, area_id, state, level, expected, here, id, came_at FROM (
  SELECT found.*, row_number() OVER (PARTITION BY round_id, form_id, area_id ORDER BY
    CASE WHEN one THEN 0 WHEN state = 'returned' THEN 0 WHEN state = 'partly' THEN 1 WHEN state = 'waiting' THEN 2
         ELSE 3 END,
    CASE WHEN one OR level IS NULL THEN 0 WHEN level = 'commune' THEN 1 WHEN level = 'district' THEN 2 ELSE 3 END,
    begun_at DESC, id DESC) AS place
  FROM (
    SELECT told.*, CASE WHEN review_state = 'rejected' THEN 'returned' WHEN review_state = 'approved' THEN 'approved'
      WHEN expected > here THEN 'partly' ELSE 'waiting' END AS state,
      CASE WHEN review_state IN ('rejected', 'approved') THEN review_level END AS level
    FROM (
      SELECT s.id, s.round_id, s.form_id, s.area_id, s.review_state, s.review_level, s.created_at AS begun_at,
        v.created_at AS came_at, f.xml_form_id = 'village_criteria' AS one,
        (SELECT count(*) FROM submission_attachments t WHERE t.version_id = v.id AND t.expected) AS expected,
        (SELECT count(*) FROM submission_attachments t WHERE t.version_id = v.id AND t.expected
          AND t.sha256 IS NOT NULL) AS here
      FROM submissions s
      JOIN submission_versions v ON v.submission_id = s.id AND v.is_current
      JOIN forms f ON f.id = s.form_id
      WHERE s.round_id IS NOT NULL AND s.area_id IS NOT NULL AND s.deleted_at IS NULL AND NOT s.is_draft
        AND (s.arrival = 'normal' OR s.review_state = 'approved')
    ) told
  ) found
) ranked WHERE place = 1
"""
CONTACTS = """
INSERT INTO village_contacts (project_id, area_id, last_at)
SELECT a.project_id, g.area_id, max(d.last_seen)
FROM devices d JOIN actors a ON a.id = d.actor_id JOIN grants g ON g.actor_id = a.id
WHERE g.area_id IS NOT NULL AND a.project_id IS NOT NULL AND a.kind = 'field_key'
GROUP BY a.project_id, g.area_id
"""


def upgrade() -> None:
    """Makes the tables and fills them."""
    op.create_table(
        "village_coverage",
        sa.Column("round_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("form_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("state", sa.String(12), nullable=False),
        sa.Column("level", sa.String(16), nullable=True),
        sa.Column("expected", sa.Integer(), nullable=False),
        sa.Column("here", sa.Integer(), nullable=False),
        sa.Column("submission_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("came_at", MOMENT, nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}s.id"], name=op.f(f"fk_village_coverage_{one}_id"))
            for one in ("round", "form", "area")
        ),
        sa.PrimaryKeyConstraint("round_id", "form_id", "area_id", name=op.f("pk_village_coverage")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "village_contacts",
        sa.Column("project_id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("area_id", sa.String(36), nullable=False),
        sa.Column("last_at", MOMENT, nullable=False),
        *(
            sa.ForeignKeyConstraint([f"{one}_id"], [f"{one}s.id"], name=op.f(f"fk_village_contacts_{one}_id"))
            for one in ("project", "area")
        ),
        sa.PrimaryKeyConstraint("project_id", "area_id", name=op.f("pk_village_contacts")),
        sqlite_with_rowid=False,
    )
    op.execute(SHEETS)
    op.execute(CONTACTS)


def downgrade() -> None:
    """Takes them away."""
    op.drop_table("village_contacts")
    op.drop_table("village_coverage")
