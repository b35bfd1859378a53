"""Alembic's entry: runs the revisions on the connection that server/storage/migrate.py hands over.

On the developer's command line (`alembic -c server/migrations/alembic.ini …`) it opens THONBAN_DATABASE_URL itself.
"""

import os
from typing import Any, Literal

from alembic import context
from sqlalchemy import create_engine
from sqlalchemy.engine import Connection

from server.config import Config
from server.storage.database import Moment
from server.storage.schema import load_tables


def render_item(kind: str, item: object, autogen_context: Any) -> str | Literal[False]:
    """Types of ours are written as the plain types they stand on, so that an old revision never needs our code."""
    del autogen_context
    if kind == "type" and isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    return False


def run(connection: Connection) -> None:
    """Runs what Alembic was asked for on `connection`, in its transaction."""
    context.configure(
        connection=connection,
        target_metadata=load_tables(),
        render_as_batch=connection.dialect.name == "sqlite",
        render_item=render_item,
        compare_type=True,
        transactional_ddl=True,
    )
    with context.begin_transaction():
        context.run_migrations()


given: Connection | None = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    engine = create_engine(Config.from_env(os.environ).database_url)
    with engine.connect() as opened:
        run(opened)
        opened.commit()
