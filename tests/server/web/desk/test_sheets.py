"""How answers are laid out: groups, repeats, choices, places, and findings where they belong."""

from datetime import UTC, datetime

import pytest
from flask import Flask
from flask_babel import Babel

from forms.calculate import fill
from forms.convert import convert
from forms.flatten import answers_of
from forms.instance import read_instance
from forms.parse import parse_form
from forms.validate import JudgeContext, judge
from server.catalogues import compile_catalogues, translation_folders
from server.storage.desk import FileRow
from server.web.context import choose_locale
from server.web.desk.sheets import Item, Sheet, show_place

FORM = """
| survey |
| | type | name | label::Tiếng Việt (vi) | label::English (en) | constraint | constraint_message::Tiếng Việt (vi) | constraint_message::English (en) |
| | begin_group | nha | Về nhà | The house |  |  |  |
| | text | chu_ho | Chủ hộ là ai? | Who is the head? |  |  |  |
| | select_multiple vat | vat_nuoi | ${chu_ho} nuôi con gì? | What does ${chu_ho} keep? |  |  |  |
| | geopoint | toa_do | Tọa độ | Position |  |  |  |
| | image | anh | Ảnh nhà | Photo |  |  |  |
| | note | ghi_nho | Cảm ơn | Thanks |  |  |  |
| | end_group |  |  |  |  |  |  |
| | begin_repeat | nguoi | Người trong nhà | People |  |  |  |
| | text | ten | Tên | Name |  |  |  |
| | integer | tuoi | Tuổi | Age | . < 120 | Tuổi phải dưới 120. | The age must be below 120. |
| | end_repeat |  |  |  |  |  |  |
| choices |
| | list_name | name | label::Tiếng Việt (vi) | label::English (en) |
| | vat | trau | Trâu | Buffalo |
| | vat | ga | Gà | Chicken |
| settings |
| | form_id | form_title | version | default_language |
| | ho | Hộ | 1 | Tiếng Việt (vi) |
"""  # noqa: E501 - the columns of a form stand side by side
NOW = datetime(2026, 11, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def app() -> Flask:
    compile_catalogues()
    made = Flask("sheets")
    made.config["BABEL_TRANSLATION_DIRECTORIES"] = ";".join(str(folder) for folder in translation_folders())
    Babel(made, locale_selector=choose_locale)
    return made


def sheet() -> Sheet:
    definition = parse_form(convert(FORM.encode(), "md").xml)
    answers = {
        "chu_ho": "Bà Lý <i>",
        "vat_nuoi": ["trau", "ga"],
        "toa_do": (21.5, 107.25, 300, 4.8),
        "anh": "nha.jpg",
        "nguoi": [{"ten": "Lý", "tuoi": 40}, {"ten": "Tài", "tuoi": 130}],
    }
    context = JudgeContext(now=NOW, tables={}, device_id="d")
    instance = read_instance(fill(definition, answers, context, instance_id="uuid:1"))
    found = [
        {
            "kind": each.kind,
            "path": each.path,
            "severity": each.severity,
            "value": each.value,
            "message": dict(each.message),
            "params": dict(each.params),
        }
        for each in judge(definition, instance, context)
    ]
    files = {"nha.jpg": FileRow("nha.jpg", True, None, None)}
    return Sheet(definition, answers_of(definition, instance), found, files, lambda _file, _row: None)


def answer(items: tuple[Item, ...], name: str) -> Item:
    return next(each for each in items if each.name == name)


@pytest.mark.parametrize(
    ("language", "label", "animals", "message"),
    [
        ("vi", "Bà Lý <i> nuôi con gì?", "Trâu, Gà", "Tuổi phải dưới 120."),
        ("en", "What does Bà Lý <i> keep?", "Buffalo, Chicken", "The age must be below 120."),
    ],
)
def test_a_sheet_in_the_readers_language(app: Flask, language: str, label: str, animals: str, message: str) -> None:
    with app.test_request_context(f"/?lang={language}"):
        laid = sheet()
        house, people = laid.items()
        assert (house.kind, people.kind) == ("group", "repeat")
        kept = answer(house.children, "vat_nuoi")
        assert kept.label == label
        assert kept.shown
        assert kept.shown.text == animals
        assert [row[0].shown.text for row in people.rows if row[0].shown] == ["Lý", "Tài"]
        assert people.rows[0][1].findings == ()
        assert [found.text for found in people.rows[1][1].findings] == [message]
        assert [found.text for found in laid.findings()] == [message]


def test_a_file_that_has_not_come_is_named(app: Flask) -> None:
    with app.test_request_context("/"):
        photo = answer(sheet().items()[0].children, "anh").shown
        assert photo
        assert photo.kind == "missing"
        assert "nha.jpg" in photo.text


def test_notes_are_no_questions(app: Flask) -> None:
    with app.test_request_context("/"):
        assert "ghi_nho" not in {each.name for each in sheet().items()[0].children}


def test_places_are_latitude_before_longitude(app: Flask) -> None:
    with app.test_request_context("/"):
        point = {"type": "Point", "coordinates": [107.25, 21.5, 300], "properties": {"accuracy": 4.8}}
        assert show_place(point) == "21.500000, 107.250000 (± 4.8 m)"
        line = {"type": "LineString", "coordinates": [[107, 21], [107.1, 21.1]]}
        assert "2" in show_place(line)
