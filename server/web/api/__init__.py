"""/v1: compatible with ODK Central where it has the thing, our own beside it. Each noun is a module; what is more than
fits one stands in a second, which adds to the same noun."""

from server.web.api import draft_submissions, export_orders, form_versions, list_diffs
from server.web.api.document import ALL_NOUNS, register

__all__ = ["ALL_NOUNS", "draft_submissions", "export_orders", "form_versions", "list_diffs", "register"]
