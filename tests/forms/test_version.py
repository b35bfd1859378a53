"""Another version for a form, nothing else changed."""

import pytest

from forms.convert import convert
from forms.errors import DefinitionError
from forms.parse import parse_form
from forms.version import with_version

FORM = """
| survey |
| | type | name | label |
| | text | ten  | Tên   |
| settings |
| | form_id | form_title | version |
| | visit   | Thăm thôn  | 1       |
"""


def test_only_the_version_changes() -> None:
    xml = convert(FORM.encode(), "md").xml
    changed = with_version(xml, "2")
    assert parse_form(changed).version == "2"
    assert with_version(changed, "1").replace(b' version="1"', b"") == xml.replace(b' version="1"', b"")


@pytest.mark.parametrize("version", ["", "2024-01-01T00:00:00.000Z", 'a"b<c>&', "phiên bản 2", "\\1\\g<0>"])
def test_any_text_can_be_a_version(version: str) -> None:
    assert parse_form(with_version(convert(FORM.encode(), "md").xml, version)).version == version


def test_a_form_that_had_no_version_gets_one() -> None:
    xml = convert(FORM.encode(), "md").xml.replace(b' version="1"', b"")
    assert parse_form(xml).version == ""
    assert parse_form(with_version(xml, "1")).version == "1"


def test_what_has_no_instance_cannot_have_a_version() -> None:
    with pytest.raises(DefinitionError):
        with_version(b"<html/>", "1")
