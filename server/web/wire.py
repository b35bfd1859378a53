"""What an endpoint reads and answers beyond its JSON body: said beside the view, read by the OpenAPI document.

`@told(Wire(reads=(LIMIT, OFFSET)))` stands below the line that registers the view.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

View = TypeVar("View", bound=Callable[..., Any])
Shape = Mapping[str, Any]
"""A JSON Schema."""

TEXT: Shape = {"type": "string"}
WHOLE: Shape = {"type": "integer", "minimum": 0}
SWITCH: Shape = {"type": "boolean"}
DATE: Shape = {"type": "string", "format": "date"}


@dataclass(frozen=True)
class Parameter:
    """Something read from the query, or from a header."""

    name: str
    about: str
    shape: Shape = field(default_factory=lambda: TEXT)
    example: Any = None
    place: str = "query"
    required: bool = False


@dataclass(frozen=True)
class Content:
    """A body that is no object of a schema. `shape`: of JSON and of forms; None: bytes."""

    kind: str
    about: str
    shape: Shape | None = None
    example: Any = None


@dataclass(frozen=True)
class Wire:
    """What the view reads (`takes`: a body, of one of these kinds), answers with status `status` or one of `also`, and
    refuses besides what all refuse. `etag`: who has the answer is told so (304). `moved`: it may be at another address
    (301). `verb`: what it demands, where no noun says it."""

    reads: tuple[Parameter, ...] = ()
    takes: tuple[Content, ...] = ()
    needs_body: bool = True
    gives: tuple[Content, ...] = ()
    status: int = 200
    also: tuple[int, ...] = ()
    refuses: tuple[int, ...] = ()
    etag: bool = False
    moved: bool = False
    verb: str = ""


SILENT = Wire()


def told(wire: Wire) -> Callable[[View], View]:
    """Says it of a view."""

    def say(view: View) -> View:
        view.wire = wire  # type: ignore[attr-defined]  # functools.wraps carries it on
        return view

    return say


def wire_of(view: Callable[..., Any]) -> Wire:
    """What was said of a view; nothing is said when its JSON body and answer say all."""
    found: Wire = getattr(view, "wire", SILENT)
    return found


LIMIT = Parameter("limit", "At most so many.", WHOLE, 10)
OFFSET = Parameter("offset", "So many are left out first.", WHOLE, 0)
DELETED = Parameter("deleted", "`true`: what was deleted and can be brought back, for who may do so.", SWITCH, False)
DEVICE = Parameter("deviceID", "The device that sends; kept with the submission.", TEXT, "collect:aSdFgHjKl")
EXTENDED = Parameter("X-Extended-Metadata", "`true`: more than the plain answer.", SWITCH, True, place="header")
OPENROSA = Parameter(
    "X-OpenRosa-Version", "`1.0`; without it the answer is 400.", {"type": "string"}, "1.0", "header", required=True
)

XML = Content("application/xml", "An XML document in UTF-8.")
PHONE_XML = Content("text/xml", "OpenRosa XML.")
FILE = Content("*/*", "The bytes of a file; what it is stands in Content-Type.")
UPLOAD = Content("application/octet-stream", "The bytes of the file; another Content-Type is kept with it.")
ANY_JSON = Content("application/json", "JSON.", {"type": "object"})

GIVES_XML = Wire(gives=(XML,), etag=True)
GIVES_FILE = Wire(gives=(FILE,), etag=True)
TAKES_FILE = Wire(takes=(UPLOAD,), needs_body=False)
