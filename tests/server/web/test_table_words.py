"""Every text of a table stands in both languages, and nothing stands there that no table says."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import server
from server.domain.poverty_movement import CHECKS
from server.domain.training import ETHNICITIES
from server.exports.sheets import Word
from server.services.official_tables import TABLES
from server.services.tables_of_poverty import REASONS
from server.table_words import translator

ROOT = Path(server.__file__).parent
MADE = {
    "table.title.": tuple(TABLES),
    "table.about.": tuple(TABLES),
    "table.list.": ("villages", "communes", "criteria"),
    "export.personal.": ("whole", "without"),
    "table.label.": (
        *("what", "project", "round", "as_of", "area", "standing", "hash", "why", "lock_of", "rule_set"),
        *("turns", "persons", "empty", "synthetic", "made"),
    ),
    "table.poverty.": ("start", "left", "back", "new", "risen", "unclear", "end", "poor", "near_poor"),
    "table.poverty.check.": CHECKS,
    "table.poverty.reason.": REASONS,
    "table.training.": ("classes", "days", "turns", "persons", "women", "minority", "minority_women"),
    "table.training.people.": ETHNICITIES,
    "table.training.ethnic.": ("kinh", "dtts", "khong_ro"),
    "table.synthetic_": ("yes", "no"),
    "table.recognised.": ("khu_vuc", "dac_biet_kho_khan", "xa_dat_ntm", "thon_dat_ntm"),
    "table.source.": (
        *("form", "area", "villages", "form_area", "form_villages", "area_villages"),
        "form_area_villages",
    ),
}
"""Ids that are put together from a beginning and a word of the domain."""


def kept(language: str, part: str = "tables") -> dict[str, str]:
    path = ROOT / "translations" / part / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return {str(each.id): str(each.string) for each in read_po(file, locale=language) if each.id}


def wanted() -> set[str]:
    folders = (ROOT / "services", ROOT / "exports", ROOT / "web" / "desk")
    sources = [path for folder in folders for path in folder.glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    whole = set(re.findall(r'[(,]\s*"((?:table|export)\.[a-z_]+(?:\.[a-z_]+)*)"', text))
    whole = {each for each in whole if not each.endswith(".html")}
    return whole | {f"{beginning}{word}" for beginning, words in MADE.items() for word in words}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_text_is_there_and_none_is_left_over(language: str) -> None:
    texts = kept(language)
    codes_of_errors = kept(language, "errors").keys()
    assert {name for name, text in texts.items() if not text} == set()
    assert wanted() - texts.keys() - codes_of_errors == set()
    assert texts.keys() - wanted() == set()


def test_both_languages_have_the_same_values() -> None:
    values = re.compile(r"%\((\w+)\)s")
    vietnamese, english = kept("vi"), kept("en")
    found = [{name: set(values.findall(text)) for name, text in each.items()} for each in (vietnamese, english)]
    assert found[0] == found[1]


def test_words_are_said_in_the_language_asked_for() -> None:
    both = Word("x", {"vi": "thôn", "en": "village"})
    assert [translator(each)(both) for each in ("vi", "en")] == ["thôn", "village"]
    cut = Word("cut", "table.long.cut", {"sheet": "A", "row": 2})
    assert "“A”, dòng 2" in translator("vi")(cut)
    assert translator("en")(Word("met", "desk.verdict.met")) != translator("vi")(Word("met", "desk.verdict.met"))
