"""A home with many submissions of `hh_water` (bench/hh_water.md), written past the server, to measure exports on.

Each has three rows in its repeat. Some hundred households are invented and judged by the form as at intake; the
submissions take turns among them, so that no two within reach of a compressor are the same.
"""

from __future__ import annotations

import random
import uuid
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from bench.asked import config_of, open_app
from bench.sheets import water_sheets
from forms.calculate import fill
from forms.convert import convert
from forms.flatten import answers_of
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import JudgeContext, judge
from server.services.authenticate import system_caller
from server.services.home import open_home
from server.services.prepare import prepare
from server.services.publish import NewForm, Source, create_form
from server.storage.database import db, writing
from server.storage.migrate import upgrade
from server.storage.submissions import Submission, SubmissionVersion
from server.storage.tallies import count_again

FORM = (Path(__file__).parent / "hh_water.md").read_bytes()
KINDS, ROWS, AT_ONCE = 600, 3, 2000


def furnish(folder: Path, database: str | None, count: int) -> None:
    """Puts the form and so many submissions into an empty home, whose administrator may read them."""
    upgrade(open_home(config_of(folder, database)).config.database_url)
    app = open_app(folder, database)
    now, home = datetime.now(UTC), app.extensions["thonban"]
    with app.app_context():
        session = db.session()
        prepare(session, home, "real", 0, now)
        new = NewForm(1, Source(convert(FORM, "md").xml), publish=True)
        form = create_form(session, home, system_caller(session, now), new, now)
        if form.current is None:
            raise SystemExit("the form was not published")
        sow(session, (form.id, form.current.id), count)
        with writing(session) as connection:
            count_again(connection)
            session.commit()
        with session.get_bind().connect() as connection:  # type: ignore[union-attr]
            # as the database itself does after a while
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(sa.text("ANALYZE"))
        session.rollback()


def invent(count: int) -> list[tuple[bytes, dict[str, Any]]]:
    """Texts and typed answers of so many households, each judged by the form."""
    definition = parse_form(convert(FORM, "md").xml)
    context = JudgeContext(now=datetime.now(UTC))
    sheets, found = water_sheets(random.Random(8)), []
    for number in range(count):
        sheet = next(each for each in sheets if len(each["member"]) == ROWS)  # type: ignore[arg-type]
        xml = fill(definition, sheet, context, instance_id=f"uuid:{number:08d}-0000-4000-8000-000000000000")
        instance = read_instance(xml)
        judge(definition, instance, context)
        found.append((xml, answers_of(definition, instance)))
    return found


def sow(session: Session, form: tuple[int, int], count: int) -> None:
    """Submissions of the households in turn, a minute apart; every tenth has something wrong, a third is approved."""
    form_id, version_id = form
    submitter = session.execute(sa.text("SELECT min(id) FROM actors")).scalar_one()
    began, kinds = datetime(2023, 1, 1, tzinfo=UTC), invent(KINDS)
    for first in range(0, count, AT_ONCE):
        sheets, texts = [], []
        for number in range(first, min(first + AT_ONCE, count)):
            xml, answers = kinds[number % KINDS]
            key = f"uuid:{uuid.UUID(int=number + (4 << 76) + (8 << 60))}"
            common = {"form_id": form_id, "instance_id": key, "is_draft": False, "submitter_id": submitter}
            common |= {"created_at": began + timedelta(seconds=number * 60)}
            state = "hasIssues" if number % 10 == 0 else "received" if number % 3 else "approved"
            sheets.append(common | {"id": number + 1, "review_state": state, "arrival": "normal"})
            text = {"submission_id": number + 1, "form_version_id": version_id, "is_current": True}
            own = answers | {"meta": {"instanceID": key}}
            texts.append(common | text | {"xml": xml, "sha256": f"{number:064x}", "answers": own})
        with writing(session) as connection:
            connection.execute(sa.insert(Submission), sheets)
            connection.execute(sa.insert(SubmissionVersion), texts)
            if connection.dialect.name == "postgresql":
                connection.execute(
                    sa.text("SELECT setval(pg_get_serial_sequence('submissions', 'id'), max(id)) FROM submissions")
                )
            session.commit()
