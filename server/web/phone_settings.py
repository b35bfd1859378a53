"""What a phone is set up with: the address with its holder's key, and the text of the picture to scan."""

from __future__ import annotations

from dataclasses import dataclass

from flask import request

from server.storage.actors import AppUserView
from server.storage.projects import ProjectView
from server.web.context import choose_locale, current_home
from sync.settings import encode_settings, field_settings


@dataclass(frozen=True)
class PhoneSettings:
    """`address`: the server URL for ODK Collect. `text`: what the picture holds. Whoever has one of them is who it
    names."""

    address: str
    text: str


def settings_of(user: AppUserView, project: ProjectView) -> PhoneSettings | None:
    """The settings of a key holder; None when the key was revoked."""
    if user.token is None:
        return None
    base = (current_home().config.base_url or request.host_url).rstrip("/")
    address = f"{base}/v1/key/{user.token}/projects/{project.id}"
    return PhoneSettings(address, encode_settings(field_settings(address, project.name, choose_locale())))


def is_reachable() -> bool:
    """Whether a phone can reach the address at all: not when it names this very machine."""
    loopback = request.host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")
    return bool(current_home().config.base_url) or not loopback
