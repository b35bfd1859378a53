"""The phone app: its built files, served at /phone/. What it asks for is the dialect of web/openrosa."""

from server.web.phone.pages import blueprint

__all__ = ["blueprint"]
