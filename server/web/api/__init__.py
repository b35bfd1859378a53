"""/v1: compatible with ODK Central where it has the thing, our own beside it. Each noun is a module."""

from server.web.api.document import ALL_NOUNS, register

__all__ = ["ALL_NOUNS", "register"]
