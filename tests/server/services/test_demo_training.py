"""The invented classes of the demo, sent as phones send: what the article tells of training comes out by counting."""

from __future__ import annotations

from datetime import date

from server.domain.data_files import list_areas, list_demo_villages
from server.domain.demo_training import DemoTraining, DemoUnit, DemoVillage, make_demo_training
from server.domain.roles import ALL
from server.services.enroll import PeopleTable, enroll
from server.services.merge import merge_exact
from server.services.review import Decision, review
from server.services.training import TrainingFilter, read_training, sum_training
from server.storage.readings import find_submission_by_id, list_findings
from sync.envelope import part_of
from tests.kit.field import Field
from tests.server.services.test_training_places import organiser

AREAS = {area.key: area for area in list_areas()}
DISTRICTS = 3


def units() -> tuple[DemoUnit, list[DemoUnit]]:
    """The province, and districts with villages of the demo."""
    found: dict[str, list[DemoVillage]] = {}
    for village in list_demo_villages():
        commune = AREAS[village.parent_key or ""]
        own = DemoVillage(commune.uuid, commune.name, village.uuid, village.name)
        found.setdefault(commune.parent_key or "", []).append(own)
    every = tuple(each for some in found.values() for each in some)
    districts = [DemoUnit(AREAS[key].uuid, AREAS[key].name, tuple(found[key])) for key in sorted(found)[:DISTRICTS]]
    return DemoUnit(AREAS["qn"].uuid, AREAS["qn"].name, every), districts


def sends_all(field: Field, demo: DemoTraining) -> None:
    """Everything as it is sent in the demo: classes, approved; attendance; names from paper; duplicates merged."""
    phone, office = organiser(field, None), field.administrator
    for sheet in (*demo.classes, *demo.attendance):
        xml = phone.fills(sheet.answers, form=sheet.form_id, instance_id=sheet.instance_id)
        files = [part_of(name, content, "image/jpeg") for name, content in sheet.photos.items()]
        sent = phone.sends_xml(xml, *files).submission_id
        assert sent is not None
        kept = find_submission_by_id(field.session, sent)
        assert kept is not None
        assert list_findings(field.session, kept.current.id) == [], sheet.answers
        review(field.session, office, Decision(sent, "approved"), field.now)
    for people in demo.people:
        made = enroll(field.session, office, (1, people.class_id), PeopleTable(people.table), field.now)
        assert (made.problems, made.surplus) == ((), 0)
    merge_exact(field.session, office, 1, field.now)


def test_the_article_comes_out_by_counting(field: Field) -> None:
    province, districts = units()
    demo = make_demo_training(province, districts)
    assert demo == make_demo_training(province, districts)
    sends_all(field, demo)
    wanted = TrainingFilter("province", date(2018, 1, 1), date(2019, 5, 31))
    sums = sum_training(field.session, 1, ALL, wanted)
    assert sums.total.classes == 9
    assert sums.total.turns > 1000
    assert sums.total.persons is not None
    assert sums.total.persons < sums.total.turns
    assert (sums.total.provisional, sums.total.possible) == (0, 0)
    assert set(sums.total.by_audience) == {"lanh_dao_huyen", "lanh_dao_xa", "tham_muu", "ban_gscd", "truong_thon"}
    beside = sum_training(field.session, 1, ALL).by_level["district"]
    assert (beside.classes, beside.unnamed_classes, beside.persons) == (3 * DISTRICTS, DISTRICTS, None)
    read = read_training(field.session, 1, ALL)
    assert [flag for count in read.counts for flag in count.flags] == []
    assert all(each.shown.name.startswith("Học viên mẫu") for each in read.persons)
