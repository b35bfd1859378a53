"""What a phone is set up with: the address with its holder's key, and the text of the picture to scan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from urllib.parse import quote

from flask import request

from server.storage.actors import AppUserView
from server.storage.forms import FormView
from server.storage.projects import ProjectView
from server.web.context import choose_locale, current_home
from server.web.errors import say
from sync.settings import encode_settings, field_settings

DRAFT_LOOK = {"icon": "📝", "color": "#a33a00"}
"""How the project of a draft looks among the projects of a phone."""


@dataclass(frozen=True)
class PhoneSettings:
    """`address`: the server URL for ODK Collect. `text`: what the picture holds. `page`: where the app that fills forms
    in a browser is opened with the same key; "" for a draft. Whoever has one of them is who it names."""

    address: str
    text: str
    page: str = ""


def settings_of(user: AppUserView, project: ProjectView) -> PhoneSettings | None:
    """The settings of a key holder; None when the key was revoked."""
    if user.token is None:
        return None
    base = (current_home().config.base_url or request.host_url).rstrip("/")
    address = f"{base}/v1/key/{user.token}/projects/{project.id}"
    text = encode_settings(field_settings(address, project.name, user.locale))
    # what stands behind the # is sent to no server, and stands in no log
    return PhoneSettings(address, text, f"{base}/phone/#/card/{project.id}/{user.token}")


def draft_settings(form: FormView, token: str) -> PhoneSettings:
    """The settings with which anybody tries a draft: a project of its own on the phone, that is called a draft."""
    base = (current_home().config.base_url or request.host_url).rstrip("/")
    address = f"{base}/v1/test/{token}/projects/{form.project_id}/forms/{quote(form.xml_form_id, safe='')}/draft"
    title = form.draft.title if form.draft else form.xml_form_id
    name = say("form.draft_project", {"form": title})
    settings = field_settings(address, name, choose_locale())
    return PhoneSettings(address, encode_settings(replace(settings, project={"name": name} | DRAFT_LOOK)))


def is_reachable() -> bool:
    """Whether a phone can reach the address at all: not when it names this very machine."""
    loopback = request.host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]")
    return bool(current_home().config.base_url) or not loopback
