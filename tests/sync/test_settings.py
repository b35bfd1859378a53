"""The text behind a settings picture."""

import base64
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import ProtocolError
from sync.settings import Settings, decode_settings, encode_settings, field_settings

words = st.dictionaries(st.text(st.characters(codec="utf-8"), min_size=1), st.text(st.characters(codec="utf-8")))


@given(words.map(lambda given: {f"x{key}": value for key, value in given.items()}), words)
def test_settings_come_back_as_they_were(general: dict[str, str], project: dict[str, str]) -> None:
    settings = Settings(general, {"edit_saved": True}, project)
    assert decode_settings(encode_settings(settings)) == settings


def test_a_phone_finds_what_it_needs_in_the_text() -> None:
    text = encode_settings(field_settings("https://máychủ.vn/v1/key/K/projects/1", "Xã Mường Khương"))
    document = json.loads(zlib.decompress(base64.b64decode(text)))
    assert document["general"]["server_url"] == "https://máychủ.vn/v1/key/K/projects/1"
    assert document["general"]["app_language"] == "vi"
    assert document["admin"] == {}
    assert document["project"] == {"name": "Xã Mường Khương"}
    assert len(text) < 700


def test_a_value_that_a_phone_would_drop_is_refused() -> None:
    with pytest.raises(ProtocolError) as error:
        encode_settings(Settings({"image_size": "original"}))
    assert (error.value.code, error.value.params) == (
        "settings.value_unknown",
        {"key": "image_size", "value": "original"},
    )


def packed(content: bytes) -> str:
    return base64.b64encode(zlib.compress(content)).decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "thôn",
        "AAAA",
        packed(b"[]"),
        packed(b'{"general":{}}'),
        packed(b'{"general":[],"admin":{}}'),
        packed(b"\xff"),
    ],
)
def test_another_picture_is_not_settings(text: str) -> None:
    with pytest.raises(ProtocolError) as error:
        decode_settings(text)
    assert error.value.code == "settings.unreadable"


def test_a_small_text_that_unpacks_to_much_is_refused() -> None:
    with pytest.raises(ProtocolError) as error:
        decode_settings(packed(b" " * 50_000_000))
    assert error.value.code == "settings.too_large"
