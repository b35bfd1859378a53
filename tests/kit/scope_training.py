"""The classes of a programme: one where each sheet lies, with somebody who was added to it at the desk, so that walkers
may ask for classes that are not theirs."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from server.domain.training import CLASS_FORM
from server.storage.database import writing
from server.storage.forms import Form, FormVersion
from server.storage.intake import add_submission, add_version
from server.storage.training import add_trainees
from tests.kit.scope_secrets import Secret, Sent, Spot

if TYPE_CHECKING:
    from tests.kit.scope_world import ScopeWorld

MARKDOWN = "text/markdown"
STAND_IN = """
| survey |
|        | type | name    | label  |
|        | text | ten_lop | {word} |
| settings |
|        | form_id        | form_title | version |
|        | training_class | {word}     | 1       |
"""


def hold_classes(made: ScopeWorld) -> Iterator[tuple[Spot, int]]:
    """Announces a class in each area that a sheet lies in, twice in none; where it lies, and its number."""
    places = dict.fromkeys((each.spot.project, each.spot.area) for each in made.known.sent.values())
    forms: dict[int, tuple[int, int]] = {}
    for number, (project, area) in enumerate(places):
        if project is None:
            continue
        if project not in forms:
            forms[project] = _publish(made, project)
        word, name = f"mk{_letters(number)}classkm", f"mk{_letters(number)}traineekm"
        spot = Spot(project, CLASS_FORM, area)
        sent = _announce(made, forms[project], (spot, word, name))
        made.known.sent[word] = Sent(sent, word, spot, "thonban", word)
        for value in (word, name):
            # few routes show classes, and each is asked of one: that a walk comes upon each is not demanded
            made.known.add(Secret(value, "file", (spot,), word))
        yield Spot(project, CLASS_FORM, area), sent


def _publish(made: ScopeWorld, project: int) -> tuple[int, int]:
    """The stand-in for the form of classes; its number, and that of its version."""
    word = f"mk{_letters(project)}trainingkm"
    made.known.add(Secret(word, "form", (Spot(project, CLASS_FORM),)))
    path = f"projects/{project}/forms?publish=true&ignoreWarnings=true"
    answer = made.world.api.post(path, data=STAND_IN.format(word=word).encode(), content_type=MARKDOWN)
    assert answer.status_code == 200, answer.get_data(as_text=True)
    query = select(Form.id, FormVersion.id).join(FormVersion, FormVersion.form_id == Form.id)
    row = made.world.session.execute(query.where(Form.project_id == project, Form.xml_form_id == CLASS_FORM)).one()
    return row[0], row[1]


def _announce(made: ScopeWorld, form: tuple[int, int], said: tuple[Spot, str, str]) -> int:
    spot, word, name = said
    session, now = made.world.session, datetime.now(UTC)
    actor_id = made.world.server_itself.actor_id
    values: dict[str, Any] = {"form_id": form[0], "instance_id": f"uuid:{word}", "is_draft": False}
    shared = {"submitter_id": actor_id, "device_id": None, "user_agent": None, "created_at": now}
    with writing(session) as connection:
        more = {"review_state": "received", "arrival": "normal", "area_id": spot.area, "round_id": None}
        number = add_submission(connection, values | shared | more)
        text = {"submission_id": number, "form_version_id": form[1], "instance_name": word, "is_current": True}
        text |= {"xml": f"<data>{word}</data>".encode(), "sha256": "0" * 64, "answers": {"ten_lop": word}}
        add_version(connection, values | shared | text | {"stated_version": "1", "after_lock_id": None})
        person = {"project_id": spot.project, "submission_id": number, "name": name, "added_at": now}
        blank = dict.fromkeys(("birth_year", "sex", "ethnicity", "audience", "area_id", "represents", "household"))
        add_trainees(connection, [person | blank | {"days": None, "added_by": actor_id}])
        session.commit()
    return number


def _letters(number: int) -> str:
    """A number as letters, so that no word holds another."""
    return "".join("abcdefghij"[int(digit)] for digit in f"{number:03}")
