"""The dialect phones speak: form list, manifest, media, submission (docs/openrosa.md)."""

from server.web.openrosa import contacts, drafts, forms, sheets, submission, versions
from server.web.openrosa.blueprint import blueprint

__all__ = ["blueprint", "contacts", "drafts", "forms", "sheets", "submission", "versions"]
