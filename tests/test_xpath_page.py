"""docs/xpath.md is up to date, and names every function, every reason to stop and every bound."""

from typing import get_args

from forms.xpath.compile import known_functions
from forms.xpath.stops import Reason
from tests.kit.xpath_page import DOCS, PAGE, SPECIFICATION, measured, page


def test_the_page_is_as_generated():
    assert PAGE.read_text(encoding="utf-8") == page(), "run: python -m tests.kit.xpath_page"


def test_every_function_stands_in_one_section():
    names = [name for section in measured()["sections"].values() for name in section.split()]
    assert sorted(names) == list(known_functions())
    assert set(measured()["differences"]) <= set(names)


def test_every_reason_to_stop_is_explained():
    assert set(measured()["reasons"]) == set(get_args(Reason))


def test_tables_have_as_many_cells_as_heads():
    widths = [line.replace("\\|", "").count("|") for line in page().splitlines() if line.startswith("|")]
    heads = [line for line in page().splitlines() if line.startswith("|---")]
    assert set(widths) == {head.count("|") for head in heads}


def test_the_page_is_linked():
    assert "[xpath.md](xpath.md)" in (DOCS / "index.md").read_text(encoding="utf-8")
    assert page().count(f"{SPECIFICATION}#fn:") == len(known_functions()) - len(
        measured()["sections"]["Not in the specification"].split()
    )
