"""Triggers that change `forms_revision` with whatever decides who may have which forms.

Revision 0009, after 0008.
"""

from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("form_attachments", "form_versions", "forms", "grants", "projects")
EVENTS = ("insert", "update", "delete")

ON_SQLITE = """CREATE TRIGGER {table}_revise_forms_{event} AFTER {event} ON {table} BEGIN
INSERT INTO settings (key, value)
VALUES ('forms_revision', '{{"value":"' || lower(hex(randomblob(8))) || '"}}')
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
END"""

FUNCTION = """CREATE FUNCTION revise_forms() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
IF current_setting('thonban.forms_revised', true) IS DISTINCT FROM 'yes' THEN
INSERT INTO settings (key, value)
VALUES ('forms_revision', jsonb_build_object('value', gen_random_uuid()))
ON CONFLICT (key) DO UPDATE SET value = excluded.value;
PERFORM set_config('thonban.forms_revised', 'yes', true);
END IF;
RETURN NULL;
END $$"""

ON_POSTGRESQL = """CREATE CONSTRAINT TRIGGER {table}_revise_forms AFTER INSERT OR UPDATE OR DELETE ON {table}
DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION revise_forms()"""


def upgrade() -> None:
    """Makes them."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for table in TABLES:
            for event in EVENTS:
                connection.exec_driver_sql(ON_SQLITE.format(table=table, event=event))
        return
    connection.exec_driver_sql(FUNCTION)
    for table in TABLES:
        connection.exec_driver_sql(ON_POSTGRESQL.format(table=table))


def downgrade() -> None:
    """Takes them away, and the word, which nothing changes any more."""
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        for table in TABLES:
            for event in EVENTS:
                connection.exec_driver_sql(f"DROP TRIGGER {table}_revise_forms_{event}")
    else:
        for table in TABLES:
            connection.exec_driver_sql(f"DROP TRIGGER {table}_revise_forms ON {table}")
        connection.exec_driver_sql("DROP FUNCTION revise_forms()")
    connection.exec_driver_sql("DELETE FROM settings WHERE key = 'forms_revision'")
