"""Text that somebody wrote to be taken for markup: in answers, file names, comments and reasons. It is shown as it was
written, and nothing of it becomes an element, an attribute or an address of a page."""

import html
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from tests.kit.field import photo
from tests.server.web.desk.seeding import PROJECT, send_xml, sheet_of
from tests.server.web.desk.test_one_submission import Desk, changed
from tests.server.web.desk.test_one_submission import desk_fixture as desk_fixture

CORPUS = (
    "<script>window.hostile=1</script>",
    '"><img src=x onerror=hostile()>',
    "' onmouseover='hostile()",
    '" autofocus onfocus="hostile()',
    "<svg/onload=hostile()>",
    "</textarea><script>hostile()</script>",
    "</title><iframe srcdoc='<script>hostile()</script>'></iframe>",
    "javascript:hostile()",
    '<a href="javascript:hostile()">x</a>',
    "{{ hostile }}{% hostile %}",
    "%(hostile)s %s",
    "<style>@import 'hostile'</style>",
    "<!--<hostile>-->",
    "&lt;b&gt;hostile&amp;",
    "hx-get=/hostile <div hx-trigger=load hx-get=/hostile>",
    "\u202e<hostile>\u2066",
)
JPEG = b"\xff\xd8\xff\xe0 a picture"


class Reader(HTMLParser):
    """Collects what a browser would make of a page: tags with their attributes, and text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.text += data


def harm(page: str) -> Iterator[str]:
    """What in a page could act in the name of who wrote the text."""
    read = Reader()
    read.feed(page)
    for tag, attributes in read.tags:
        if tag in ("iframe", "object", "embed", "base", "hostile", "style"):
            yield f"<{tag}>"
        if tag == "script" and not attributes.get("src", "").startswith("/"):
            yield f"<script {attributes}>"
        for name, value in attributes.items():
            if name.startswith("on") or "hostile" in name or name == "srcdoc":
                yield f"<{tag} {name}>"
            if name.startswith("hx-") and "hostile" in value:
                yield f"<{tag} {name}={value}>"
            address = re.sub(r"[\x00-\x20]", "", unquote(value)).lower()
            if (
                name in ("href", "src", "action", "formaction")
                and address != "data:,"
                and address.startswith(("javascript:", "data:"))
            ):
                yield f"<{tag} {name}={value}>"


@pytest.mark.parametrize("number", range(len(CORPUS)))
def test_the_test_sees_what_is_not_escaped(number: int) -> None:
    """Only what is no markup by itself does no harm when it is written into a page as it is."""
    harmless = ("{{", "%(", "<!--", "&lt;", "javascript:", "' onmouse", '" autofocus')
    if not CORPUS[number].startswith(harmless):
        assert list(harm(f"<p>{CORPUS[number]}</p>")), CORPUS[number]


@pytest.fixture(name="hostile", scope="module")
def hostile_fixture(desk: Desk) -> dict[str, int]:
    """A sheet for each text, with the text in its answers, its name, its phone, its file, a comment, and reasons."""
    sent: dict[str, int] = {}
    with desk.seeded.app.app_context():
        for each in CORPUS:
            written = html.escape(each, quote=True)
            name = f"{each.replace('/', '|')}.jpg"
            answers = {"ghi_chu": written, "quyet_dinh_so": written, "username": written, "deviceid": written}
            xml = changed(
                sheet_of(desk.seeded, 0), {**answers, "anh_duong": html.escape(name), "instanceName": written}
            )
            number = send_xml(desk.seeded, 0, xml, photo(name, JPEG))
            assert number is not None
            sent[each] = number
    for text, number in sent.items():
        assert desk.post(f"/submissions/{number}/comments", body=text) == 302
        fields = {"question": "/data/ghi_chu", "why:/data/ghi_chu": text}
        assert desk.post(f"/submissions/{number}/review", state="rejected", reason=text, **fields) == 302
    return sent


@pytest.mark.parametrize("text", CORPUS)
def test_hostile_text_is_read_and_does_nothing(desk: Desk, hostile: dict[str, int], text: str) -> None:
    page = desk.read(hostile[text])
    assert list(harm(page)) == []
    read = Reader()
    read.feed(page)
    # at the answers, the comment, the reason and the reason at the question
    assert read.text.count(text) >= 5, text
    assert "Content-Security-Policy" in desk.client.get(f"/submissions/{hostile[text]}").headers


def test_files_with_hostile_names_open(desk: Desk, hostile: dict[str, int]) -> None:
    for text, number in hostile.items():
        found = re.search(r'<a class="photo" href="([^"]+)"', desk.read(number))
        assert found, text
        answer = desk.client.get(html.unescape(found[1]))
        assert answer.get_data() == JPEG
        assert "\n" not in answer.headers["Content-Disposition"]


@pytest.mark.parametrize(
    "path",
    [f"/projects/{PROJECT}/submissions", f"/projects/{PROJECT}/rounds/2019", f"/projects/{PROJECT}/inbox", "/audit"],
)
def test_lists_show_hostile_names_as_text(desk: Desk, hostile: dict[str, int], path: str) -> None:
    answer = desk.client.get(path)
    assert answer.status_code == 200
    assert hostile
    assert list(harm(answer.get_data(as_text=True))) == []


def test_a_comment_that_is_too_long_is_refused(desk: Desk, hostile: dict[str, int]) -> None:
    number = next(iter(hostile.values()))
    assert desk.post(f"/submissions/{number}/comments", body="x" * 5001) == 400
    assert desk.post(f"/submissions/{number}/review", state="rejected", reason="x" * 5001) == 400
    assert desk.post(f"/submissions/{number}/review", state="rejected", question="/data/nowhere", reason="x") == 400
