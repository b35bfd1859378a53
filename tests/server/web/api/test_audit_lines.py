"""Every operation that changes something leaves a line in the audit, with who, when and from where."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from werkzeug.test import TestResponse

from server.storage.audits import AuditLine, list_audits
from server.storage.migrate import upgrade
from server.web.api.describe import WRITES
from tests.kit.fuzz_world import FuzzWorld, fuzz_world
from tests.kit.world import OPENROSA, VILLAGES

VILLAGE = next(iter(VILLAGES.values())).uuid
ADDRESS = "203.0.113.7"
NO_LINE = {
    "submissions_send": "what was sent is its own record: each version says who sent it, when and with what",
    "submissions_edit": "the same",
    "openrosa_submission_by_key": "the same",
    "openrosa_submission_signed_in": "the same",
    "openrosa_draft_submission_by_link": "what is sent to try a draft goes with it",
    "openrosa_draft_submission_signed_in": "the same",
    "drafts_send_tried": "the same",
    "drafts_put_tried_file": "the same",
    "drafts_empty_tried_file": "the same",
    "users_initiate_reset": "this home sends no mail",
    "users_verify_reset": "takes the token of a link that was sent (test_reset.py)",
}
NOBODY_YET = {"sessions_create_session"}
"""Who signs in has no credential yet."""
WAYS = {"assignments_assign_on_project": {"role": "formfill"}}
"""In the paths of operations that would change nothing: the role was given already."""
BODIES = {
    "programmes_enlist_units": (
        "text/csv",
        b"area,basis,entered_on,status,source\n06976,kv_iii,2017-04-28,synthetic,sample\n",
    ),
    "village_heads_add_village_heads": ("text/csv", b"area,name\n%b,Ng\xc3\xa0n Chi\n" % VILLAGE.encode()),
}
"""Of operations for which the world has none that does it."""
QUERY = {
    "forms_add_form": "?ignoreWarnings=true",
    "recordings_put_recording": "?path=/data/ten&language=vi",
    "recordings_delete_recording": "?path=/data/ten&language=tyz",
}


def writing_operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Method, path and what is said of each operation that may change something."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            if method.upper() in WRITES:
                yield method.upper(), path, operation


def ask(there: FuzzWorld, method: str, path: str, operation: dict[str, Any]) -> TestResponse:
    """The operation with the best path and the first good body; by phones' own headers where it is theirs."""
    name = operation["operationId"]
    way = {each: quote(str(value), safe="") for each, value in (there.way_of(name) | WAYS.get(name, {})).items()}
    where = path.format(**way) + QUERY.get(name, "")
    more: dict[str, Any] = {"environ_base": {"REMOTE_ADDR": ADDRESS}, "headers": dict(OPENROSA)}
    kinds = list(operation.get("requestBody", {}).get("content", {}))
    for kind in kinds:
        bodies = [] if name in BODIES else there.bodies_of(operation, kind)
        if bodies:
            more |= {"json": bodies[0]} if kind == "application/json" else {"data": bodies[0], "content_type": kind}
            break
    if name in BODIES:
        kind, body = BODIES[name]
        more |= {"data": body, "content_type": kind}
    token = None if name in NOBODY_YET else there.credentials["admin"]
    if token:
        more["headers"]["Authorization"] = f"Bearer {token}"
    return there.world.app.test_client(use_cookies=False).open(where, method=method, **more)


def newest(there: FuzzWorld) -> AuditLine:
    """The last line of the audit."""
    return list_audits(there.world.session, most=1)[0]


def test_every_operation_that_changes_something_leaves_a_line(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/lines.db"
    upgrade(url)
    silent, refused, elsewhere = {}, {}, {}
    with fuzz_world(url, tmp_path) as there:
        document = there.world.nobody().get("openapi.json").get_json()
        every = list(writing_operations(document))
        for method, path, operation in every:
            name, before = operation["operationId"], newest(there).id
            answer = ask(there, method, path, operation)
            # a file is told of once it has gone out
            answer.close()
            after = newest(there)
            if answer.status_code >= 400:
                refused[name] = f"{answer.status_code} {answer.get_data(as_text=True)[:200]}"
            elif after.id == before:
                silent[name] = f"{method} {path}"
            elif after.address != ADDRESS or after.actor_id is None:
                elsewhere[name] = f"{after.action} {after.address} {after.actor_id}"
            there.world.session.rollback()
            there.kept.restore()
    assert len(every) > 45
    assert {name: said for name, said in silent.items() if name not in NO_LINE} == {}
    assert {name: said for name, said in refused.items() if name not in NO_LINE} == {}
    assert elsewhere == {}
    known = {operation["operationId"] for _, _, operation in every}
    assert NO_LINE.keys() <= known
