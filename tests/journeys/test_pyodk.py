"""pyodk 1.3.0, unmodified, does its whole job here: the script of a programme officer, from sign-in to a table."""

import inspect
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import pytest
from pyodk._endpoints.forms import FormService
from pyodk._endpoints.projects import ProjectService
from pyodk._endpoints.submissions import SubmissionService
from pyodk.client import Client
from pyodk.errors import PyODKError

from server.services.people import NewUser, create_user
from tests.kit.passwords import give_password
from tests.kit.world import EMAIL, PASSWORD, WATER_POINT, World, xlsx

FORM = "water_point"
PHOTO = b"\xff\xd8\xff\xe0 a picture of a well"


@pytest.fixture
def officer(world: World, tmp_path: Path) -> Iterator[Client]:
    """A signed-in client with its settings file, as an officer has it."""
    with world.server() as address:
        settings = tmp_path / "pyodk.toml"
        settings.write_text(
            f'[central]\nbase_url = "{address}"\nusername = "{EMAIL}"\npassword = "{PASSWORD}"\n'
            "default_project_id = 1\n",
            encoding="utf-8",
        )
        with Client(config_path=settings, cache_path=tmp_path / "cache.toml") as client:
            yield client


@pytest.fixture
def reviewer(world: World, officer: Client, tmp_path: Path) -> Iterator[Client]:
    """Somebody else of the office: nobody decides on what they sent themselves."""
    email = "duyet@example.vn"
    create_user(
        world.session, world.server_itself, NewUser(email, None, "Người duyệt", role="admin"), datetime.now(UTC)
    )
    give_password(world.session, email, PASSWORD)
    settings = tmp_path / "reviewer.toml"
    settings.write_text((tmp_path / "pyodk.toml").read_text(encoding="utf-8").replace(EMAIL, email), encoding="utf-8")
    assert officer.config.central.username == EMAIL
    with Client(config_path=settings, cache_path=tmp_path / "reviewer_cache.toml") as client:
        yield client


@pytest.fixture
def well(officer: Client, tmp_path: Path) -> Client:
    """The officer with the form about wells published from Excel."""
    workbook = tmp_path / "water_point.xlsx"
    workbook.write_bytes(xlsx(WATER_POINT))
    officer.forms.create(workbook)
    return officer


def answers(instance_id: str, households: int = 12, replaces: str | None = None, photo: str = "") -> str:
    """A filled form about one well."""
    deprecated = f"<deprecatedID>{replaces}</deprecatedID>" if replaces else ""
    return (
        f'<data id="{FORM}" version="1"><ten>Giếng Khe Mực</ten><so_ho>{households}</so_ho>'
        f"<toa_do>21.3 107.4 25 5</toa_do><anh>{photo}</anh>"
        f"<meta><instanceID>{instance_id}</instanceID>{deprecated}</meta></data>"
    )


def test_signs_in_again_with_the_kept_token(officer: Client, tmp_path: Path) -> None:
    officer.open()
    kept = (tmp_path / "cache.toml").read_text(encoding="utf-8")
    with Client(config_path=tmp_path / "pyodk.toml", cache_path=tmp_path / "cache.toml") as second:
        assert [project.id for project in second.projects.list()] == [1]
    assert (tmp_path / "cache.toml").read_text(encoding="utf-8") == kept


def test_lists_projects_and_forms(well: Client) -> None:
    assert [project.name for project in well.projects.list()] == [well.projects.get(1).name]
    assert [(form.xmlFormId, form.version, form.state) for form in well.forms.list()] == [(FORM, "1", "open")]
    assert well.forms.get(FORM).publishedAt is not None
    assert b"water_point" in well.forms.get_xml(FORM).encode()


def test_a_form_that_is_there_is_not_made_again(well: Client, tmp_path: Path) -> None:
    with pytest.raises(PyODKError) as refused:
        well.forms.create(tmp_path / "water_point.xlsx")
    assert refused.value.is_central_error(409.3)


def test_publishes_a_new_version_with_a_new_file(officer: Client, tmp_path: Path) -> None:
    form = WATER_POINT.replace("image    | anh ", "select_one_from_file loai.csv | loai ")
    (tmp_path / "f.xlsx").write_bytes(xlsx(form))
    (tmp_path / "loai.csv").write_text("name,label\ndao,Giếng đào\nkhoan,Giếng khoan\n", encoding="utf-8")
    officer.forms.create(tmp_path / "f.xlsx", attachments=[tmp_path / "loai.csv"])
    (tmp_path / "loai.csv").write_text("name,label\ndao,Giếng đào\n", encoding="utf-8")
    officer.forms.update(FORM, attachments=[tmp_path / "loai.csv"], version_updater=lambda version: f"{version}.1")
    assert officer.forms.get(FORM).version == "1.1"
    assert 'version="1.1"' in officer.forms.get_xml(FORM)
    assert officer.get(f"projects/1/forms/{FORM}/attachments/loai.csv").text.count("\n") == 2
    assert [each["version"] for each in officer.get(f"projects/1/forms/{FORM}/versions").json()] == ["1.1", "1"]


def test_sends_reads_edits_reviews_and_comments(well: Client, reviewer: Client, tmp_path: Path) -> None:
    (tmp_path / "gieng.jpg").write_bytes(PHOTO)
    sent = well.submissions.create(
        answers("uuid:1", photo="gieng.jpg"), FORM, device_id="collect:7", attachments=[tmp_path / "gieng.jpg"]
    )
    assert (sent.instanceId, sent.reviewState, sent.deviceId) == ("uuid:1", None, "collect:7")
    path = f"projects/1/forms/{FORM}/submissions/uuid%3A1"
    assert well.get(f"{path}/attachments").json() == [{"name": "gieng.jpg", "exists": True}]
    assert well.get(f"{path}/attachments/gieng.jpg").content == PHOTO
    assert [each.instanceId for each in well.submissions.list(FORM)] == ["uuid:1"]
    well.submissions.edit("uuid:1", answers("uuid:2", 14, "uuid:1", "gieng.jpg"), FORM, comment="Đếm lại số hộ")
    assert well.submissions.get("uuid:1", FORM).reviewState == "edited"
    assert well.get(path).json()["currentVersion"]["instanceId"] == "uuid:2"
    assert well.get(f"{path}/attachments/gieng.jpg").content == PHOTO
    with pytest.raises(PyODKError, match=r"403\.1"):
        well.submissions.review("uuid:1", "approved", FORM)
    reviewer.submissions.review("uuid:1", "approved", FORM, comment="Đúng với thực tế")
    assert well.submissions.get("uuid:1", FORM).reviewState == "approved"
    comments = [each.body for each in well.submissions.list_comments("uuid:1", FORM)]
    assert comments == ["Đúng với thực tế", "Đếm lại số hộ"]
    versions = well.get(f"{path}/versions").json()
    assert [each["instanceId"] for each in versions] == ["uuid:2", "uuid:1"]
    assert all(datetime.fromisoformat(each["createdAt"]).tzinfo for each in versions)


def test_refusals_have_the_codes_that_scripts_ask_for(well: Client) -> None:
    well.submissions.create(answers("uuid:1"), FORM)
    for code, attempt in (
        (409.3, lambda: well.submissions.create(answers("uuid:1"), FORM)),
        (404.6, lambda: well.submissions.create(answers("uuid:9").replace('version="1"', 'version="9"'), FORM)),
        (404.1, lambda: well.submissions.get("uuid:none", FORM)),
        (400.19, lambda: well.submissions.edit("uuid:1", answers("uuid:5"), FORM)),
        (409.9, lambda: _edit_twice(well)),
    ):
        with pytest.raises(PyODKError) as refused:
            attempt()
        assert refused.value.is_central_error(code), (code, refused.value.args[1].text)


def _edit_twice(client: Client) -> None:
    client.submissions.edit("uuid:1", answers("uuid:2", replaces="uuid:1"), FORM)
    client.submissions.edit("uuid:1", answers("uuid:3", replaces="uuid:1"), FORM)


def test_broken_rules_are_kept_and_marked(well: Client) -> None:
    assert well.submissions.create(answers("uuid:1", households=-3), FORM).reviewState == "hasIssues"
    found = well.get(f"projects/1/forms/{FORM}/submissions/uuid%3A1/findings").json()
    assert [(each["kind"], each["path"], each["value"]) for each in found] == [("constraint", "/data/so_ho", "-3")]
    assert "Số hộ không thể âm" in found[0]["message"].values()


def test_reads_answers_as_a_table(well: Client, reviewer: Client) -> None:
    for number in range(3):
        well.submissions.create(answers(f"uuid:{number}", households=number), FORM)
    table = well.submissions.get_table(FORM, top=2, count=True, wkt=True)
    assert [row["__id"] for row in table["value"]] == ["uuid:2", "uuid:1"]
    assert (table["@odata.count"], "@odata.nextLink" in table) == (3, True)
    row = table["value"][0]
    assert (row["so_ho"], row["ten"], row["toa_do"]) == (2, "Giếng Khe Mực", "POINT (107.4 21.3 25)")
    assert row["__system"]["formVersion"] == "1"
    (second,) = well.submissions.get_table(FORM, skip=1, top=1)["value"]
    assert second["__id"] == "uuid:1"
    reviewer.submissions.review("uuid:1", "approved", FORM)
    approved = well.submissions.get_table(FORM, filter="__system/reviewState eq 'approved'", select="__id,so_ho")
    assert approved["value"] == [{"__id": "uuid:1", "so_ho": 1}]
    this_year = (
        f"year(__system/submissionDate) eq {datetime.now(UTC).year} and not (__system/reviewState eq 'approved')"
    )
    assert [row["__id"] for row in well.submissions.get_table(FORM, filter=this_year)["value"]] == ["uuid:2", "uuid:0"]
    by_answers = "so_ho ge 1 and startswith(ten,'Giếng') and __system/reviewState eq null"
    assert [row["__id"] for row in well.submissions.get_table(FORM, filter=by_answers)["value"]] == ["uuid:2"]
    with pytest.raises(PyODKError) as refused:
        well.submissions.get_table(FORM, filter="so_ho gt 'nhiều'")
    assert refused.value.is_central_error(400.18)


def test_reads_repeats_as_tables_and_inside_their_rows(officer: Client, tmp_path: Path) -> None:
    repeat = "| begin_repeat | ho | Hộ | | | |\n|  | text | chu | Chủ hộ | | | |\n| | end_repeat | | | | | |\n| "
    (tmp_path / "f.xlsx").write_bytes(xlsx(WATER_POINT.replace("| text     | ten ", f"{repeat}| text | ten ")))
    officer.forms.create(tmp_path / "f.xlsx")
    rows = "<ho><chu>Tằng A Sáng</chu></ho><ho><chu>Chìu Thị Hai</chu></ho><ten>"
    officer.submissions.create(answers("uuid:1").replace("<ten>", rows, 1), FORM)
    table = officer.submissions.get_table(FORM, table_name="Submissions.ho")["value"]
    assert [row["chu"] for row in table] == ["Tằng A Sáng", "Chìu Thị Hai"]
    assert {row["__Submissions-id"] for row in table} == {"uuid:1"}
    (whole,) = officer.submissions.get_table(FORM, expand="*")["value"]
    assert [row["chu"] for row in whole["ho"]] == ["Tằng A Sáng", "Chìu Thị Hai"]


def test_a_form_is_made_from_what_is_at_hand(officer: Client, tmp_path: Path) -> None:
    workbook = xlsx(WATER_POINT)
    (tmp_path / "a.xlsx").write_bytes(workbook)
    assert officer.forms.create(str(tmp_path / "a.xlsx")).xmlFormId == FORM
    xml = officer.forms.get_xml(FORM)
    assert isinstance(xml, str)
    assert officer.forms.get_xml(FORM, encoding=None) == xml.encode()
    assert officer.forms.create(xml.replace("water_point", "from_text")).xmlFormId == "from_text"
    of_bytes = xlsx(WATER_POINT.replace("water_point", "from_bytes"))
    assert officer.forms.create(of_bytes, form_id="from_bytes", ignore_warnings=True).xmlFormId == "from_bytes"
    (tmp_path / "b.xml").write_text(xml.replace("water_point", "from_file"), encoding="utf-8")
    assert officer.forms.create(tmp_path / "b.xml").xmlFormId == "from_file"
    assert {form.xmlFormId for form in officer.forms.list()} == {FORM, "from_text", "from_bytes", "from_file"}


def test_a_form_is_changed_in_each_way(officer: Client, tmp_path: Path) -> None:
    form = WATER_POINT.replace("image    | anh ", "select_one_from_file loai.csv | loai ")
    (tmp_path / "f.xlsx").write_bytes(xlsx(form))
    loai = tmp_path / "loai.csv"
    loai.write_text("name,label\na,A\n", encoding="utf-8")
    officer.forms.create(tmp_path / "f.xlsx", attachments=[loai])
    (tmp_path / "f.xlsx").write_bytes(xlsx(form.replace("| 1       |", "| 2 |")))
    officer.forms.update(FORM, definition=tmp_path / "f.xlsx")
    assert officer.forms.get(FORM).version == "2"
    loai.write_text("name,label\nb,B\n", encoding="utf-8")
    officer.forms.update(FORM, definition=xlsx(form.replace("| 1       |", "| 3 |")), attachments=[loai])
    assert officer.get(f"projects/1/forms/{FORM}/attachments/loai.csv").text == "name,label\nb,B\n"
    officer.forms.update(FORM, attachments=[loai])
    assert datetime.fromisoformat(officer.forms.get(FORM).version)
    assert len(officer.get(f"projects/1/forms/{FORM}/versions").json()) == 4


def test_comments_alone(well: Client) -> None:
    well.submissions.create(answers("uuid:1"), FORM)
    said = well.submissions.add_comment("uuid:1", "Giếng đã được sửa", form_id=FORM)
    assert said.body == "Giếng đã được sửa"
    assert list(well.submissions.list_comments("uuid:1", FORM)) == [said]


def test_makes_app_users_who_may_fill_a_form(well: Client) -> None:
    made = list(well.projects.create_app_users(["Trưởng thôn Khe Mực", "Trưởng thôn Ngàn Chi"], forms=[FORM]))
    assert [each.displayName for each in made] == ["Trưởng thôn Khe Mực", "Trưởng thôn Ngàn Chi"]
    answer = well.session.get(
        f"{well.session.base_url}key/{made[0].token}/projects/1/formList", headers={"X-OpenRosa-Version": "1.0"}
    )
    assert answer.status_code == 200
    assert "<formID>water_point</formID>" in answer.text
    assert list(well.projects.create_app_users(["Trưởng thôn Khe Mực"])) == []


@pytest.mark.parametrize("form_id", ["'=+/*-451%/%", "✅", "a/b", "thôn.2019"])
def test_ids_that_paths_find_hard(officer: Client, tmp_path: Path, form_id: str) -> None:
    (tmp_path / "f.xlsx").write_bytes(xlsx(WATER_POINT.replace("water_point", form_id)))
    officer.forms.create(tmp_path / "f.xlsx", form_id=form_id)
    assert officer.forms.get(form_id).xmlFormId == form_id
    xml = answers("uuid:a/b 1").replace(FORM, form_id)
    assert officer.submissions.create(xml, form_id).instanceId == "uuid:a/b 1"
    assert officer.submissions.get("uuid:a/b 1", form_id).instanceId == "uuid:a/b 1"


def test_no_method_of_pyodk_is_left_out() -> None:
    """Every public method of the three services is called somewhere above."""
    called = set(re.findall(r"\.(projects|forms|submissions)\.(\w+)\(", Path(__file__).read_text(encoding="utf-8")))
    services = {"projects": ProjectService, "forms": FormService, "submissions": SubmissionService}
    public = {
        (name, method)
        for name, service in services.items()
        for method, _ in inspect.getmembers(service, inspect.isfunction)
        if not method.startswith("_")
    }
    assert version("pyodk") == "1.3.0"
    assert len(public) == 16
    assert public - called == set()
