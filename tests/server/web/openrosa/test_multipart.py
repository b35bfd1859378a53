"""Two readers of one kind of body: what the plain one reads, the full parser reads the same; the rest is left to it."""

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.formparser import FormDataParser

from server.web.openrosa.multipart import plain_name, split_plainly

NAMES = st.text(st.characters(blacklist_categories=["Cs", "Cc"], blacklist_characters='"\\'), min_size=1, max_size=20)


def body_of(parts: list[tuple[str, bool, bytes]], boundary: bytes = b"b0und") -> bytes:
    written = b""
    for name, is_file, content in parts:
        file = f'; filename="{name}"' if is_file else ""
        head = f'Content-Disposition: form-data; name="{name}"{file}\r\nContent-Type: text/plain\r\n\r\n'
        written += b"--" + boundary + b"\r\n" + head.encode() + content + b"\r\n"
    return written + b"--" + boundary + b"--\r\n"


@given(st.lists(st.tuples(NAMES, st.booleans(), st.binary(max_size=80)), min_size=1, max_size=5))
def test_both_readers_say_the_same(parts: list[tuple[str, bool, bytes]]) -> None:
    body = body_of([part for part in parts if b"--b0und" not in part[2]])
    pieces = split_plainly(body, b"b0und")
    if pieces is None:
        return
    parser = FormDataParser(silent=False)
    _, form, files = parser.parse(BytesIO(body), "multipart/form-data", len(body), {"boundary": "b0und"})
    read = []
    for name, file in files.items(multi=True):
        with file.stream:
            read.append((name, file.filename, file.stream.read()))
    ours = [(each.name, each.file_name, each.content) for each in pieces if each.file_name is not None]
    assert sorted(ours) == sorted(read)
    plain = [(each.name, each.content.decode("utf-8", "replace")) for each in pieces if each.file_name is None]
    assert sorted(plain) == sorted(form.items(multi=True))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"preamble\r\n--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b--\r\n",
        b"--b\nContent-Disposition: form-data; name=a\n\nx\n--b--\n",
        b"--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--b",
        b"--b\r\nContent-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64\r\n\r\neA==\r\n--b--\r\n",
        b"--b\r\nno header at all\r\n--b--\r\n",
    ],
)
def test_what_is_not_plain_is_left_to_the_full_parser(body: bytes) -> None:
    assert split_plainly(body, b"b") is None


@pytest.mark.parametrize(
    ("given", "kept"),
    [("a.jpg", "a.jpg"), ("../../x", "x"), ("..\\..\\x", "x"), ("..", ""), ("/", ""), ("ảnh 1.jpg", "ảnh 1.jpg")],
)
def test_a_name_is_its_last_segment(given: str, kept: str) -> None:
    assert plain_name(given) == kept
