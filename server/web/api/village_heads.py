"""Village heads by the hundred: a table of people in, their app users, keys and codes out."""

from __future__ import annotations

from typing import Any

from flask import request
from marshmallow import Schema, fields

from server.services.heads import Head, HeadFile, name_heads
from server.storage.projects import ProjectView
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.people import AppUserBody
from server.web.context import current_home, current_session, flag, now
from server.web.phone_settings import settings_of
from server.web.wire import SWITCH, Content, Parameter, Wire, told

nouns = Nouns("village_heads", "Village heads by the hundred")

DRY_RUN = Parameter("dryRun", "`true`: says what would come of it, writes nothing.", SWITCH, True)
FORM = Parameter("form", "A form that they may fill, by its own id; may be repeated. None: every form of the project.")
TABLE = Content(
    "text/csv",
    "One person in each row below the header: `area` (own id, code, or name as `Commune / Village`), `name`, and where "
    "wanted `phone`, `language` (vi, en), `from` and `to` (first and last day). Vietnamese headers do as well, other "
    "columns are passed over. UTF-8, or UTF-16 with its mark; commas, semicolons or tabs; at most 10,000 rows.",
    {"type": "string"},
    "area,name,phone,language\nQN-06853-01,Chíu A Sềnh,0912345678,vi\n",
)

BOOK = Content(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "The same as the first sheet of a workbook."
)


class VillageHeadBody(Schema):
    """One row of the table. `outcome`: created, or kept as it stood; `differs`: what the row says otherwise than it
    stands. `qr` is the text that the code holds, for ODK Collect; `qrPng` and `qrSvg` are where it is drawn. No
    `appUser` in a dry run; no `token` and `qr` once the key was revoked."""

    row = fields.Integer()
    outcome = fields.String(metadata={"enum": ["created", "kept"]})
    differs = fields.List(fields.String(metadata={"enum": ["phone", "language", "dates"]}))
    areaId = fields.String()  # noqa: N815 - the wire's own names
    areaName = fields.String()  # noqa: N815
    areaCode = fields.String(allow_none=True)  # noqa: N815
    phone = fields.String(allow_none=True)
    appUser = fields.Nested(AppUserBody, allow_none=True)  # noqa: N815
    token = fields.String(allow_none=True)
    qr = fields.String(allow_none=True)
    qrPng = fields.String(allow_none=True)  # noqa: N815
    qrSvg = fields.String(allow_none=True)  # noqa: N815


@nouns.view(
    "POST /projects/<int:project_id>/village-heads",
    "field_key.create",
    answer=VillageHeadBody(many=True),
)
@told(Wire(reads=(DRY_RUN, FORM), takes=(TABLE, BOOK), refuses=(413,)))
def add_village_heads(here: Here) -> list[dict[str, Any]]:
    """Makes the people of a table village heads, each with a key, all of them or nobody: when a row cannot be used,
    `details.problems` names every such row and the remedy. The same person for the same area again changes nothing and
    is given back as he or she stands."""
    file = HeadFile(request.get_data(cache=False), tuple(request.args.getlist("form")), flag("dryRun"))
    found = name_heads(current_session(), current_home(), here.caller, (here.project.id, file), now())
    return [_body(each, here.project) for each in found.rows]


def _body(head: Head, project: ProjectView) -> dict[str, Any]:
    user = head.app_user
    settings = settings_of(user, project) if user else None
    drawn = f"/v1/projects/{project.id}/app-users/{user.id}/qr" if user and settings else None
    return {
        "row": head.row.row,
        "outcome": head.outcome,
        "differs": list(head.differs),
        "areaId": head.village.id,
        "areaName": head.village.name,
        "areaCode": head.village.code,
        "phone": user.phone if user else head.row.phone,
        "appUser": user,
        "token": user.token if user else None,
        "qr": settings.text if settings else None,
        "qrPng": f"{drawn}.png" if drawn else None,
        "qrSvg": f"{drawn}.svg" if drawn else None,
    }
