"""The dialect phones speak: form list, manifest, media, submission (docs/openrosa.md)."""

from server.web.openrosa import forms, submission
from server.web.openrosa.blueprint import blueprint

__all__ = ["blueprint", "forms", "submission"]
