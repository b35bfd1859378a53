"""What a phone is told by scanning one picture: the settings of ODK Collect as text.

The text is base64(zlib(JSON)) with ``general``, ``admin`` and, where wanted, ``project``
(https://docs.getodk.org/collect-import-export/). Scanning it resets every setting that is not named.
It holds keys and passwords in the clear: who has the picture is who it names. Drawing it is not done here.
"""

from __future__ import annotations

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sync.errors import ProtocolError

LARGEST = 100_000
"""Bytes of JSON read from a text; a settings picture holds less than three thousand."""

ALLOWED: Mapping[str, frozenset[str]] = {
    "form_update_mode": frozenset({"manual", "previously_downloaded", "match_exactly"}),
    "periodic_form_updates_check": frozenset(
        {"every_fifteen_minutes", "every_one_hour", "every_six_hours", "every_24_hours"}
    ),
    "autosend": frozenset({"off", "wifi_only", "cellular_only", "wifi_and_cellular"}),
    "image_size": frozenset({"original_image_size", "small", "very_small", "medium", "large"}),
    "constraint_behavior": frozenset({"on_swipe", "on_finalize"}),
}
"""Values that ODK Collect knows; another one is dropped there in silence, so it is refused here."""


@dataclass(frozen=True)
class Settings:
    """Settings of one project on a phone. ``project`` holds name, icon (one sign or none) and color ("#rrggbb")."""

    general: Mapping[str, Any]
    admin: Mapping[str, Any] = field(default_factory=dict)
    project: Mapping[str, str] = field(default_factory=dict)


def field_settings(server_url: str, project_name: str, language: str = "vi") -> Settings:
    """Settings for somebody who works where there is seldom a link: sends by itself, keeps the forms as the server's.

    ``server_url`` ends with the project, and holds the key of the one who will scan it.
    """
    return Settings(
        general={
            "server_url": server_url,
            "form_update_mode": "match_exactly",
            "periodic_form_updates_check": "every_one_hour",
            "autosend": "wifi_and_cellular",
            "delete_send": False,
            "image_size": "medium",
            "constraint_behavior": "on_swipe",
            "app_language": language,
        },
        project={"name": project_name},
    )


def encode_settings(settings: Settings) -> str:
    """The text to draw. The same settings give the same text.

    Raises ProtocolError ``settings.value_unknown`` (key, value) for a value a phone would drop.
    """
    _check(settings.general)
    document: dict[str, Any] = {"general": dict(settings.general), "admin": dict(settings.admin)}
    if settings.project:
        document["project"] = dict(settings.project)
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), sort_keys=True)
    return base64.b64encode(zlib.compress(text.encode(), 9)).decode("ascii")


def decode_settings(text: str) -> Settings:
    """Settings from what a picture holds. Raises ProtocolError ``settings.unreadable`` or ``settings.too_large``."""
    try:
        unpacker = zlib.decompressobj()
        content = unpacker.decompress(base64.b64decode("".join(text.split()), validate=True), LARGEST)
        if unpacker.unconsumed_tail:
            raise ProtocolError("settings.too_large", {"bytes": LARGEST})
        document = json.loads(content)
    except (binascii.Error, zlib.error, ValueError, RecursionError) as error:
        raise ProtocolError("settings.unreadable") from error
    if not isinstance(document, dict):
        raise ProtocolError("settings.unreadable")
    general, admin, project = document.get("general"), document.get("admin"), document.get("project", {})
    if not (isinstance(general, dict) and isinstance(admin, dict) and isinstance(project, dict)):
        raise ProtocolError("settings.unreadable")
    return Settings(general, admin, project)


def _check(general: Mapping[str, Any]) -> None:
    for key, value in general.items():
        if key in ALLOWED and (not isinstance(value, str) or value not in ALLOWED[key]):
            raise ProtocolError("settings.value_unknown", {"key": key, "value": value})
