"""Lists that the server makes for phones: villages, communes and rounds, as CSV media of a form.

A list is a file like any other for a phone (name, hash, bytes), made for the person who asks: only what lies in their
part of the area tree. Names of areas are their own ids (UUID v4), as the field asks of entities.
"""

from __future__ import annotations

import csv
import hashlib
import io
import threading
from collections import OrderedDict
from dataclasses import dataclass
from datetime import date

from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from forms.parse import table_from_csv
from forms.xpath.values import Node
from server.domain.roles import Scope
from server.services.campaign import Campaign, campaign_of
from server.storage.areas import list_facts
from server.storage.sights import list_seen_areas

LISTS = {"villages.csv": "villages", "communes.csv": "communes", "rounds.csv": "rounds"}
VILLAGE_KINDS = frozenset({"village"})
COMMUNE_KINDS = frozenset({"commune", "ward", "town"})
KEPT = 512


@dataclass(frozen=True, slots=True)
class ListFile:
    """One list as a phone gets it. `md5` in hex; `table` is the same as an instance that expressions can read; `names`
    are the ids of its rows."""

    content: bytes
    md5: str
    table: Node
    names: frozenset[str]


_kept: OrderedDict[tuple[object, ...], ListFile] = OrderedDict()
_lock = threading.Lock()


def make_list(session: Session | Connection, project_id: int, name: str, scope: Scope) -> ListFile:
    """The list `name` (villages, communes, rounds) of a project for somebody who sees that much of it. It is made again
    only when areas or rounds have changed."""
    return list_of(session, campaign_of(session, project_id), name, scope)


def list_of(session: Session | Connection, campaign: Campaign, name: str, scope: Scope) -> ListFile:
    """The list as of a campaign that is at hand: see `make_list`."""
    rounds = campaign.rounds
    # the tree as of the date that the newest round speaks of; without a round as of today
    on = rounds[0].cutoff if rounds else scope.on
    key = (campaign.revision, campaign.project_id, name, scope, on)
    with _lock:
        kept = _kept.get(key) if campaign.revision else None
    if kept is not None:
        return kept
    if name == "rounds":
        rows = [["name", "label", "cutoff"]] + [[r.slug, r.name_vi, r.cutoff.isoformat()] for r in rounds]
    else:
        rows = _area_rows(session, campaign.project_id, name, scope, on)
    made = _as_file(rows)
    with _lock:
        _kept[key] = made
        while len(_kept) > KEPT:
            _kept.popitem(last=False)
    return made


def _area_rows(session: Session | Connection, project_id: int, name: str, scope: Scope, on: date) -> list[list[str]]:
    seen = list_seen_areas(session, project_id, on, scope)
    everything = seen if scope.everywhere else list_seen_areas(session, project_id, on)
    villages = [area for area in seen.values() if area.kind in VILLAGE_KINDS]
    if name == "villages":
        facts = list_facts(session, "xa_dat_ntm", on)
        rows = [["name", "label", "commune", "code", "xa_ntm"]]
        for area in villages:
            fact = facts.get(area.parent_id or "")
            known = fact.value.get("value") if fact else None
            answer = "khong_ro" if known is None else "co" if known else "khong"
            rows.append([area.id, area.name, area.parent_id or "", area.code or "", answer])
        return rows
    # a head who sees one village must still be able to choose its commune
    communes = {area.parent_id for area in villages} | {a.id for a in seen.values() if a.kind in COMMUNE_KINDS}
    return [["name", "label", "code"]] + [
        [area.id, area.name, area.code or ""] for area in everything.values() if area.id in communes
    ]


def _as_file(rows: list[list[str]]) -> ListFile:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    content = text.getvalue().encode()
    md5 = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return ListFile(content, md5, table_from_csv(content), frozenset(row[0] for row in rows[1:]))
