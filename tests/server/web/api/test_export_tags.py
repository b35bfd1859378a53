"""The tag of a file of answers is another one as soon as the file would be, and the same as long as it would not."""

from collections.abc import Callable
from contextlib import closing
from datetime import UTC, date, datetime

from server.domain.area_records import AreaRecord
from server.domain.roles import ALL
from server.services.areas import Wish, import_areas
from server.storage.audits import list_audits
from server.storage.database import writing
from server.storage.forms import find_form
from server.storage.tallies import count_again, sum_changes
from tests.kit.surveys import FORM, PATH, publish_criteria, send_sheet, supervisor
from tests.kit.world import ROUND, VILLAGES, Api, World

HERE, THERE = "Thôn Khe Tiền", "Thôn Nà Hắc"
WATER = "projects/1/forms/water_point"


def tag_of(api: Api, query: str = "details=true&attachments=false", path: str = PATH) -> str:
    with closing(api.get(f"{path}/submissions.csv.zip?{query}")) as answer:
        assert answer.status_code == 200
        assert answer.get_etag()[1]
        return str(answer.headers["ETag"])


def edit(world: World) -> None:
    text = world.api.get(f"{PATH}/submissions/uuid:here.xml").get_data(as_text=True)
    ids = "<deprecatedID>uuid:here</deprecatedID><instanceID>uuid:later</instanceID>"
    edited = text.replace("<instanceID>uuid:here</instanceID>", ids)
    answer = world.api.put(f"{PATH}/submissions/uuid:here", data=edited.encode(), content_type="text/xml")
    assert answer.status_code == 200, answer.get_data(as_text=True)


def review(world: World) -> None:
    reviewer = world.person("Người duyệt", "admin")
    answer = reviewer.patch(f"{PATH}/submissions/uuid:here", json={"reviewState": "approved"})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def delete(world: World) -> None:
    assert world.api.delete(f"{PATH}/submissions/uuid:here").status_code == 200


def rename_area(world: World) -> None:
    now = datetime.now(UTC)
    record = AreaRecord(1, "Thôn Tên Mới", "village", id=VILLAGES[HERE].uuid, valid_from=date(2026, 1, 1))
    plan = import_areas(world.session, Wish([record], now.date()), now)
    assert not plan.refused, plan.problems


def lock(world: World) -> None:
    answer = world.api.post(f"projects/1/rounds/{ROUND.slug}/locks", json={"reason": "Thử khoá"})
    assert answer.status_code == 200, answer.get_data(as_text=True)


def rename_sender(world: World) -> None:
    own = world.api.get("users/current").get_json()["id"]
    assert world.api.patch(f"users/{own}", json={"displayName": "Tên Mới"}).status_code == 200


def rename_project(world: World) -> None:
    assert world.api.patch("projects/1", json={"name": "Chương trình khác"}).status_code == 200


CHANGES: tuple[Callable[[World], None], ...] = (
    lambda world: send_sheet(world, THERE, "uuid:there"),
    edit,
    review,
    rename_sender,
    rename_project,
    delete,
    lock,
    rename_area,
)


def test_every_change_gives_another_tag(world: World) -> None:
    publish_criteria(world)
    send_sheet(world, HERE, "uuid:here")
    seen = [tag_of(world.api)]
    for change in CHANGES:
        change(world)
        tag = tag_of(world.api)
        assert tag not in seen, change
        assert tag_of(world.api) == tag, change
        seen.append(tag)
    # whoever comes new changes nothing of what was sent
    world.person("Người mới", "viewer")
    assert tag_of(world.api) == seen[-1]
    # another wish, another language, another sight
    assert tag_of(world.api, "details=false&attachments=false") not in seen
    assert tag_of(world.api, "details=true&attachments=false&lang=en") not in seen


def test_a_photo_that_comes_late_gives_another_tag(world: World) -> None:
    world.publishes()
    phone = world.phone("Khe Mực")
    xml = world.filled("water_point", {"ten": "Giếng", "anh": "a.jpg"}, "uuid:1")
    assert phone.sends(xml).status_code == 201
    before = tag_of(world.api, path=WATER)
    assert phone.sends(xml, {"a.jpg": b"\xff\xd8\xff photo"}).status_code == 201
    after = tag_of(world.api, path=WATER)
    assert after != before
    gone = world.api.delete(f"{WATER}/submissions/uuid:1/attachments/a.jpg")
    assert gone.status_code == 200, gone.get_data(as_text=True)
    assert tag_of(world.api, path=WATER) not in (before, after)


def test_who_has_the_file_is_told_so(world: World) -> None:
    publish_criteria(world)
    send_sheet(world, HERE, "uuid:here")
    tag = tag_of(world.api, "")
    lines = len(list_audits(world.session))
    again = world.api.get(f"{PATH}/submissions.csv.zip", headers={"If-None-Match": tag})
    assert (again.status_code, again.get_data(), again.headers["ETag"]) == (304, b"", tag)
    assert len(list_audits(world.session)) == lines
    send_sheet(world, THERE, "uuid:there")
    with closing(world.api.get(f"{PATH}/submissions.csv.zip", headers={"If-None-Match": tag})) as answer:
        assert answer.status_code == 200


def test_of_another_commune_nothing_is_told(world: World) -> None:
    publish_criteria(world)
    send_sheet(world, HERE, "uuid:here")
    hanh, _ = supervisor(world, "hanh", HERE)
    tag = tag_of(hanh)
    assert tag != tag_of(world.api)
    send_sheet(world, THERE, "uuid:there")
    assert tag_of(hanh) == tag
    send_sheet(world, HERE, "uuid:here-too")
    assert tag_of(hanh) != tag


def test_counting_anew_goes_on_above_all_that_was_told(world: World) -> None:
    publish_criteria(world)
    send_sheet(world, HERE, "uuid:here")
    send_sheet(world, THERE, "uuid:there")
    session = world.session
    found = find_form(session, 1, FORM)
    assert found is not None
    form_id = found.id
    before = sum_changes(session, form_id, ALL)
    assert before == 2
    with writing(session) as connection:
        count_again(connection)
        session.commit()
    assert sum_changes(session, form_id, ALL) > before
