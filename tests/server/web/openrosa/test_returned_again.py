"""A sheet is returned to a phone that cannot edit what it sent: its form asks which one is meant and tells why, and the
new sheet ends the return. All over a real connection, as a phone speaks: list of forms, manifest, media, submission."""

import csv
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import pytest

from forms.calculate import fill
from forms.flatten import answers_of
from forms.instance import read_instance
from forms.parse import parse_form, table_from_csv
from forms.validate import JudgeContext
from server.domain.data_files import list_areas
from server.domain.returned import CORRECTED, NEW_SHEET, OPEN, Track
from server.storage.readings import find_submission_number
from server.storage.returns import find_track
from sync.client import Downloaded, Phone
from tests.kit.field import library_form
from tests.kit.works import PROGRESS, ROAD
from tests.kit.world import VILLAGES, World

VILLAGE = VILLAGES["Thôn Ngàn Chi"]
COMMUNE = {area.key: area for area in list_areas()}[VILLAGE.parent_key or ""]
PLACE = {"xa": COMMUNE.uuid, "thon": VILLAGE.uuid}
WHY = "Đếm lại theo biên bản"
# all numbers and names are invented
LANDSLIDE: dict[str, object] = PLACE | {
    "loai_thien_tai": "sat_lo",
    "thoi_diem": "2026-11-01T21:30:00.000+07:00",
    "nha_hu_hong": "3",
    "duong_bi_cat": "bi_cat",
    "can_gi": "cho_o",
}
CLASS: dict[str, object] = {
    "cap": "huyen",
    "co_quan": "Phòng Dân tộc (mẫu)",
    "ten_lop": "Lớp mẫu",
    "chu_de": "tieu_chi",
    "tu_ngay": "2019-05-13",
    "den_ngay": "2019-05-15",
    "hinh_thuc": "tai_lop",
    "tieng": ["viet"],
    "chuong_trinh": "ct135",
    "doi_tuong": ["truong_thon"],
}


@dataclass
class Handset:
    """A phone with a key, on a real connection."""

    world: World
    phone: Phone

    def fetches(self, form_id: str) -> Downloaded:
        """The form with its lists, as they are now."""
        return self.phone.download(next(each for each in self.phone.form_list() if each.form_id == form_id))

    def returned(self, form_id: str) -> list[dict[str, str]]:
        """What its lists say was returned of that form."""
        text = self.fetches(form_id).media["corrections.csv"].decode()
        return [row for row in csv.DictReader(io.StringIO(text)) if row["form"] == form_id]

    def sends(
        self, form_id: str, answers: Mapping[str, object], name: str, held: Downloaded | None = None
    ) -> dict[str, Any]:
        """Fills the form by the lists that it fetches, or by those that it holds, and sends it; gives the answers as
        they were sent."""
        fetched = held or self.fetches(form_id)
        assert fetched.missing == ()
        definition = parse_form(fetched.xml)
        tables = {file: table_from_csv(content) for file, content in fetched.media.items()}
        there = JudgeContext(now=datetime.now(UTC), tables=tables, device_id="collect:1")
        xml = fill(definition, answers, there, instance_id=f"uuid:{name}")
        self.phone.send(xml)
        return answers_of(definition, read_instance(xml))


@contextmanager
def handset(world: World, token: str) -> Iterator[Handset]:
    with world.server() as address, Phone(f"{address}/v1/key/{token}/projects/1", "collect:1") as phone:
        yield Handset(world, phone)


def publishes(world: World, *names: str) -> None:
    for name in names:
        path = "projects/1/forms?publish=true&ignoreWarnings=true"
        made = world.api.post(path, data=library_form(name), content_type="application/xml")
        assert made.status_code == 200, made.get_data(as_text=True)


def decides(world: World, form_id: str, name: str, state: str, question: str | None = None) -> None:
    """The office decides on a sheet, over /v1."""
    path = f"projects/1/forms/{form_id}/submissions/{quote(f'uuid:{name}', safe='')}/decisions"
    seen = world.api.get(path).get_json()["seen"]
    questions = [{"path": question, "reason": WHY}] if question else []
    answer = world.api.post(path, json={"reviewState": state, "questions": questions, "seen": seen})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def state_of(world: World, form_id: str, name: str) -> str | None:
    state: str | None = world.api.get(f"projects/1/forms/{form_id}/submissions/uuid%3A{name}").get_json()["reviewState"]
    return state


def track(world: World, name: str) -> Track:
    number = find_submission_number(world.session, 1, f"uuid:{name}")
    found = find_track(world.session, number or 0)
    assert found is not None
    return found[1]


def corrects_it(phone: Handset, form_id: str, answers: Mapping[str, object], told: str) -> None:
    """The sheet was sent as `old` and returned: it stands on the list, a sheet of another matter leaves it waiting, and
    the one that names it ends the return."""
    (line,) = phone.returned(form_id)
    assert (line["instance"], line["name"]) == ("uuid:old", "old")
    held = phone.fetches(form_id)
    other = phone.sends(form_id, answers, "other")
    assert (other["corrects"], other["tra_lai"]) == (None, None), "it was asked and left empty"
    assert track(phone.world, "old").stage == OPEN
    new = phone.sends(form_id, dict(answers) | {"corrects": line["name"]}, "new")
    assert new["tra_lai"] == told
    assert state_of(phone.world, form_id, "new") is None, "nothing is wrong with it"
    ended = track(phone.world, "old")
    assert (ended.stage, ended.ended) == (CORRECTED, NEW_SHEET)
    assert ended.by_submission == find_submission_number(phone.world.session, 1, "uuid:new")
    assert phone.returned(form_id) == []
    # a phone without a signal held the list as it was: nothing is wrong with what it says, and nothing else ends by it
    late = phone.sends(form_id, dict(answers) | {"corrects": line["name"]}, "late", held)
    assert late["tra_lai"] == told
    assert state_of(phone.world, form_id, "late") is None
    assert track(phone.world, "old") == ended
    again = phone.sends(form_id, answers, "later")
    assert "corrects" not in again, "it is not asked any more"


def test_a_head_corrects_a_report_of_a_disaster(world: World) -> None:
    publishes(world, "disaster_quick")
    rows = f"area,name\n{VILLAGE.code},Chíu A Sềnh (mẫu)\n"
    (card,) = world.api.post("projects/1/village-heads", data=rows.encode(), content_type="text/csv").get_json()
    with handset(world, card["appUser"]["token"]) as phone:
        assert phone.sends("disaster_quick", LANDSLIDE, "old").get("corrects") is None
        decides(world, "disaster_quick", "old", "rejected", "/data/nha_hu_hong")
        told = f"câu “Bao nhiêu nhà bị hư hỏng, ngập, sập?”, vì {WHY}"
        corrects_it(phone, "disaster_quick", LANDSLIDE | {"nha_hu_hong": "2"}, told)


def test_an_official_corrects_a_register_of_a_work_and_then_its_progress(world: World) -> None:
    publishes(world, "work_register", "work_progress")
    with handset(world, world.phone("official").token) as phone:
        phone.sends("work_register", ROAD | PLACE, "old")
        decides(world, "work_register", "old", "rejected", "/data/ten_cong_trinh")
        corrects_it(phone, "work_register", ROAD | PLACE, f"câu “Tên công trình là gì?”, vì {WHY}")

        decides(world, "work_register", "new", "approved")
        told = PROGRESS | {"cong_trinh": "new", "ngay": "2019-01-31", "tien_do": {"khoi_luong": "60"}}
        phone.sends("work_progress", told, "progress")
        decides(world, "work_progress", "progress", "rejected", "/data/tien_do/khoi_luong")
        (line,) = phone.returned("work_progress")
        assert line["label"] == "Đường mẫu – Thôn Ngàn Chi – 2019-01-31"
        phone.sends("work_progress", told | {"corrects": line["name"]}, "mended")
        assert track(world, "progress").ended == NEW_SHEET


@pytest.mark.parametrize("place", [{}, {"cap": "xa", "xa": COMMUNE.uuid}], ids=["nowhere", "in a commune"])
def test_a_class_of_no_place_is_corrected_by_its_own_sender(world: World, place: dict[str, object]) -> None:
    publishes(world, "training_class")
    with handset(world, world.phone("organiser").token) as phone:
        phone.sends("training_class", CLASS, "old")
        decides(world, "training_class", "old", "rejected", "/data/ten_lop")
        with handset(world, world.phone("somebody").token) as stranger:
            assert stranger.returned("training_class") == []
            stranger.sends("training_class", CLASS | {"corrects": "old"}, "strange")
        assert track(world, "old").stage == OPEN
        corrects_it(phone, "training_class", CLASS | place, f"câu “Lớp tên là gì?”, vì {WHY}")
