"""What stands in the paths of /v1, by name."""

from __future__ import annotations

import re
from typing import Any

from server.web.paths import LARGEST_ID
from server.web.wire import TEXT, Shape

ID: Shape = {"type": "integer", "minimum": 0, "maximum": LARGEST_ID}
UUID_EXAMPLE = "uuid:85cb9aff-005e-4edd-9739-dc9c1a829c44"
BARE_EXAMPLE = UUID_EXAMPLE.removeprefix("uuid:")
AREA_EXAMPLE = "22"
TOKEN_EXAMPLE = "k" * 64

PLACES: dict[str, tuple[str, Shape, Any]] = {
    "project_id": ("A project by its number.", ID, 1),
    "form_id": ("A form by its own id; a slash in it is written `%2F`.", TEXT, "water_point"),
    "xml_form_id": ("A form by its own id; a slash in it is written `%2F`.", TEXT, "water_point"),
    "number": ("A form by its number.", ID, 1),
    "area": ("An area by our own id, or by its code as of a day.", TEXT, AREA_EXAMPLE),
    "version": ("A version of a form (`___` is the empty one), or a text of a submission by instance id.", TEXT, "1"),
    "instance_id": ("A submission by the instance id of its first text.", TEXT, UUID_EXAMPLE),
    "name": ("A file by its name; a preference by its name.", TEXT, "anh.jpg"),
    "actor_id": ("A person or a key holder by number.", ID, 1),
    "user_id": ("A person by number.", ID, 1),
    "quarantine_id": ("What is kept, by number.", ID, 1),
    "role": ("A role by number or name.", TEXT, "viewer"),
    "token": ("The token of a session, of a key, or of a draft's test link.", TEXT, TOKEN_EXAMPLE),
    "key": ("The token of a phone's key holder; it is the credential.", TEXT, TOKEN_EXAMPLE),
    "table": (
        "`Submissions`, a repeat as `Submissions.group.repeat`, or `Submissions('uuid:…')`.",
        TEXT,
        "Submissions",
    ),
    "table_name": ("A table of the round by its name.", TEXT, "villages"),
    "rest": ("The way to a repeat within one submission; may hold slashes.", TEXT, "group/repeat"),
    "rule_set_id": ("A rule set by its id.", TEXT, "qd50_2016_thon"),
    "clause_id": ("A clause of the rule set by its id.", TEXT, "k1.ngheo"),
    "confirmation_id": ("A confirmation by its number.", ID, 1),
    "slug": ("A round by its slug.", TEXT, "2019"),
    "area_id": ("An area by its own id.", TEXT, "00000000-0000-4000-8000-000000000001"),
    "lock_number": ("A lock by its number within its round.", ID, 1),
    "work_id": ("A work by its register sheet's id without `uuid:`.", TEXT, BARE_EXAMPLE),
    "finding_key": (
        "A finding: the id of its sheet without `uuid:`, `-`, its number there.",
        TEXT,
        f"{BARE_EXAMPLE}-1",
    ),
    "word_id": ("What was said of the finding, by its number.", ID, 1),
    "call_id": ("A call to the village, by its number.", ID, 1),
    "decision_id": ("A decision on the submission, by its number.", ID, 1),
    "hook_id": ("The webhook, by its number.", ID, 1),
    "delivery_id": ("A delivery to it, by its number.", ID, 1),
    "uuid": ("An ordered file of answers.", TEXT, "7b0c1c1e-3f0d-4c7e-9a55-0f8f2b6f8a11"),
    "kind": ("The type of the source.", TEXT, "xlsx"),
    "picture": ("The type of the picture.", TEXT, "png"),
}

_PART = re.compile(r"<(?:([^:<>]+):)?(\w+)>")
_CHOICE = re.compile(r"any\((.+)\)")


def template_of(rule: str) -> str:
    """A path as OpenAPI writes it: `/v1/projects/{project_id}`."""
    return _PART.sub(r"{\2}", rule)


def parameters_of(rule: str) -> list[dict[str, Any]]:
    """What stands in a path."""
    return [_parameter(name, converter) for converter, name in _PART.findall(rule)]


def _parameter(name: str, converter: str) -> dict[str, Any]:
    about, shape, example = PLACES.get(name, ("", TEXT, ""))
    choice = _CHOICE.fullmatch(converter)
    if choice is not None:
        shape = {"type": "string", "enum": [each.strip() for each in choice[1].split(",")]}
    return {"name": name, "in": "path", "required": True, "description": about, "schema": shape, "example": example}
