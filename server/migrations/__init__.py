"""The revisions of the database, in the order that Alembic runs them."""
