"""Recordings of a form's questions: each change is one of the draft, and reaches phones when that is published."""

from __future__ import annotations

from typing import Any

from flask import request

from forms.spoken import LANGUAGES
from server.services.publish import get_form
from server.services.speak import Spoken, list_speakables, speak, unsay
from server.storage.forms import FormView
from server.web.api.bodies import read_part
from server.web.api.forms import FORM
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.recordings import SpeakableBody
from server.web.context import current_home, current_session, now
from server.web.wire import TAKES_FILE, Parameter, Wire, told

nouns = Nouns("recordings", "Recordings of a form's questions")
RECORDINGS = f"{FORM}/recordings"
PATH = Parameter("path", "The question by its path.", example="/data/ten", required=True)
LANGUAGE = Parameter(
    "language", "A language by its tag.", {"type": "string", "enum": list(LANGUAGES)}, "tyz", required=True
)


@nouns.view(f"GET {RECORDINGS}", "form.read", answer=SpeakableBody(many=True))
def list_recordings(here: Here) -> list[dict[str, Any]]:
    """The questions of the draft, else of what is published, with their recordings."""
    return _body(here.form)


@nouns.view(f"PUT {RECORDINGS}", "form.update", answer=SpeakableBody(many=True))
@told(Wire(reads=(PATH, LANGUAGE), takes=TAKES_FILE.takes))
def put_recording(here: Here) -> list[dict[str, Any]]:
    """Puts a recording (m4a, ogg, mp3, amr, wav; at most 5 MB) to a question in a language, in place of the one there
    is. Recordings are made by people; nothing is translated or spoken by a machine."""
    with read_part("recording") as part:
        content = part.read()
    said = Spoken(here.form, *_asked(), content)
    return _body(speak(current_session(), current_home(), here.caller, said, now()))


@nouns.view(f"DELETE {RECORDINGS}", "form.update", answer=SpeakableBody(many=True))
@told(Wire(reads=(PATH, LANGUAGE)))
def delete_recording(here: Here) -> list[dict[str, Any]]:
    """Takes the recording of a question in a language away."""
    return _body(unsay(current_session(), current_home(), here.caller, Spoken(here.form, *_asked()), now()))


def _asked() -> tuple[str, str]:
    return request.args.get("path", ""), request.args.get("language", "")


def _body(form: FormView) -> list[dict[str, Any]]:
    return [
        {
            "path": each.field.path,
            "recordings": [{"language": tag, "name": own.name} for tag, own in each.recordings.items()],
        }
        for each in list_speakables(current_session(), get_form(current_session(), form.id))
    ]
