"""A work whose board found something and was answered, for requests made at random."""

from __future__ import annotations

from tests.kit.field import library_form
from tests.kit.works import ROAD, VILLAGE, VISIT
from tests.kit.world import COMMUNES, VILLAGES, World

FOUND = {"noi_dung": "Bê tông mỏng", "kien_nghi": "Đổ lại"}


def settle_works(world: World) -> dict[str, list[str | int]]:
    """Sends a work and a visit, and answers what was found there; gives what paths may name, the best first."""
    for name in ("work_register", "community_supervision"):
        path = "projects/1/forms?publish=true&ignoreWarnings=true"
        answer = world.api.post(path, data=library_form(name), content_type="text/xml")
        assert answer.status_code == 200, answer.get_data(as_text=True)
    phone = world.phone("Ban giám sát", "work_register", "community_supervision")
    village = VILLAGES[VILLAGE]
    place = {"xa": COMMUNES[village.parent_key or ""].uuid, "thon": village.uuid}
    visit = VISIT | {"cong_trinh": "w", "ngay": "2019-02-20", "co_phat_hien": "co", "phat_hien": [FOUND]}
    assert phone.sends(world.filled("work_register", ROAD | place, "uuid:w")).status_code == 201
    number = world.api.patch("projects/1/forms/work_register/submissions/uuid:w", json={"reviewState": "approved"})
    assert number.status_code == 200, number.get_data(as_text=True)
    assert phone.sends(world.filled("community_supervision", visit, "uuid:v")).status_code == 201
    said = {"said": "answer", "text": "Đã đổ lại", "on": "2019-03-05"}
    told = world.api.post("projects/1/supervision/v-1/words", json=said)
    assert told.status_code == 200, told.get_data(as_text=True)
    word = told.get_json()["words"][0]["id"]
    return {"work_id": ["w", "khong-co"], "finding_key": ["v-1", "khong-co"], "word_id": [word, 99]}


def settle_webhooks(world: World) -> dict[str, list[str | int]]:
    """A webhook that was tried; gives what paths may name, the best first."""
    asked = {"name": "Nơi nhận", "url": "https://example.org/thonban", "events": ["submission.created"]}
    made = world.api.post("projects/1/webhooks", json=asked)
    assert made.status_code == 200, made.get_data(as_text=True)
    hook_id = made.get_json()["id"]
    tried = world.api.post(f"projects/1/webhooks/{hook_id}/test")
    assert tried.status_code == 200, tried.get_data(as_text=True)
    return {"hook_id": [hook_id, 99], "delivery_id": [tried.get_json()["id"], 99]}
