"""Another version for a form whose XML stays the same otherwise, byte for byte."""

from __future__ import annotations

import re

from forms.errors import DefinitionError
from forms.xml import escape

# The primary instance is the first one and has no attributes; its only element carries id and version
# (OpenRosa XForms specification, "Primary instance").
_ROOT = re.compile(
    rb"<(?:[\w.-]+:)?instance\s*>(?:\s|<!--.*?-->)*<[^\s/>!]+(?P<attributes>(?:\s+[^\s=/>]+\s*=\s*(?:\"[^\"]*\"|'[^']*'))*)",
    re.DOTALL,
)
_VERSION = re.compile(rb"\sversion\s*=\s*(?:\"[^\"]*\"|'[^']*')")


def with_version(xml: bytes, version: str) -> bytes:
    """The form's XML with this version in its primary instance. Raises DefinitionError when there is none."""
    found = _ROOT.search(xml)
    if found is None:
        raise DefinitionError("definition.no_instance")
    said = f' version="{escape(version)}"'.encode()
    kept = _VERSION.sub(b"", found["attributes"])
    start, end = found.span("attributes")
    return xml[:start] + kept + said + xml[end:]
