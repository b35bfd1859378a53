"""Plays the village heads of the demo: each fetches the form, fills it in and sends it over HTTP as a phone does.

A sheet has the same id and the same bytes however often it is made, so that sending it again changes nothing; how many
were acknowledged is kept in the settings row `loading`, and a second start goes on from there.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from forms.calculate import fill
from forms.definition import FormDefinition
from forms.evaluate import JudgeContext
from forms.parse import parse_form, table_from_csv
from server.domain.demo_facts import DemoSheet, Place, make_demo_sheet
from server.domain.demo_photo import draw_photo
from server.services.authenticate import VIETNAM
from server.services.health import LOADING
from server.services.populate import ROUND, Head
from server.storage.database import writing
from server.storage.settings import find_setting, put_setting
from sync.client import Downloaded, Phone
from sync.envelope import Part

SEED = 2019
FORM = "village_criteria"
_SHEETS = uuid.UUID("5f0c8a4e-0c55-4d5e-9f5e-6f0a1b6f2019")
_FIRST = datetime(ROUND.cutoff.year, 7, 1, 7, 30, tzinfo=VIETNAM)
_STEP = timedelta(minutes=37)
_KEEP_EVERY = 5
_ATTEMPTS = 5
_AT_ONCE = 2


def collect(session: Session, project_url: Callable[[str], str], heads: Sequence[Head], *, more: int = 0) -> int:
    """Sends what is not acknowledged yet; returns how many were sent now. `project_url(key)` is where a phone begins;
    `more`: so many sheets of others come after these (play.py).

    Raises SyncError when the server does not answer or refuses a sheet.
    """
    loading = find_setting(session, LOADING) or {}
    done = 0 if loading.get("finished") else int(loading.get("done", 0))
    definitions: dict[str, FormDefinition] = {}

    def visit(number: int) -> int:
        _send_sheet(project_url(heads[number].token), heads[number], number, definitions)
        return number + 1

    with ThreadPoolExecutor(_AT_ONCE) as phones:
        # in order: all before the one that is counted are acknowledged
        for acknowledged in phones.map(visit, range(done, len(heads))):
            if acknowledged % _KEEP_EVERY == 0:
                _keep(session, acknowledged, len(heads) + more, finished=False)
    if done < len(heads) or not more:
        _keep(session, len(heads), len(heads) + more, finished=not more)
    return max(0, len(heads) - done)


def _send_sheet(server_url: str, head: Head, number: int, definitions: dict[str, FormDefinition]) -> None:
    with Phone(server_url, f"thonban:{head.village.uuid}") as phone:
        entry = next(entry for entry in phone.form_list() if entry.form_id == FORM)
        form = phone.download(entry)
        if entry.hash not in definitions:
            definitions[entry.hash] = parse_form(form.xml)
        xml, photos = make_sheet(definitions[entry.hash], form, head, number)
        phone.send(xml, photos, attempts=_ATTEMPTS)


def make_sheet(definition: FormDefinition, form: Downloaded, head: Head, number: int) -> tuple[bytes, tuple[Part, ...]]:
    """The finished sheet of one village and its photos; always the same for the same form and village."""
    sheet = make_demo_sheet(head.village.key, SEED, Place(head.commune.uuid, head.village.uuid, ROUND.slug))
    context = JudgeContext(
        now=_FIRST + _STEP * number,
        tables={name: table_from_csv(content) for name, content in form.media.items() if name.endswith(".csv")},
        device_id=f"thonban:{head.village.uuid}",
        username=head.village.name,
    )
    return fill(definition, sheet.answers, context, instance_id=sheet_id(head.village.key)), _photos(sheet, number)


def sheet_id(village_key: str) -> str:
    """The instance id of a village's sheet."""
    return f"uuid:{uuid.uuid5(_SHEETS, f'{SEED}/{village_key}')}"


def _photos(sheet: DemoSheet, number: int) -> tuple[Part, ...]:
    content = draw_photo(number)
    sha256 = hashlib.sha256(content).hexdigest()
    return tuple(Part(name, "image/jpeg", content, sha256) for name in sheet.photos)


def _keep(session: Session, done: int, total: int, *, finished: bool) -> None:
    with writing(session) as connection:
        put_setting(connection, LOADING, {"done": done, "total": total, "finished": finished})
        session.commit()
