"""How errors look on the wire: one body for scripts, one for phones, by status."""

from __future__ import annotations

from typing import Any

NAMES = {
    400: "BadRequest",
    401: "NotSignedIn",
    403: "Forbidden",
    404: "NotFound",
    406: "NotAcceptable",
    409: "Conflict",
    413: "TooLarge",
    416: "OutOfRange",
    429: "TooMany",
    500: "Unexpected",
    501: "NotSupported",
    503: "Unavailable",
}
MEANINGS = {
    400: "What was sent cannot be used; the sentence says why, the details name the member.",
    401: "No credential, or one that does not hold.",
    403: "Known, and not allowed.",
    404: "There is no such thing, or none that the caller may know of.",
    406: "None of the forms that `Accept` or `$format` names is one that this can be given in.",
    409: "It cannot be so beside what is there.",
    413: "The body is larger than this server takes at once.",
    416: "The file ends before the part that is asked for; `Content-Range` says where.",
    429: "Too many wrong passwords; `Retry-After` says when to try again.",
    500: "Nobody thought of this; the log has it under the answer's `X-Request-ID`.",
    501: "This server does not do that.",
    503: "Starting, disk nearly full, or database away; nothing was written. `Retry-After` says when to try again.",
}
EXAMPLES: dict[int, dict[str, Any]] = {
    400: {"message": "A member is missing: email.", "code": 400.3, "details": {"required": ["email"]}},
    401: {"message": "You are not signed in.", "code": 401.2, "details": {}},
    404: {"message": "There is no project 77.", "code": 404.1, "details": {"value": 77}},
}
WAITS = {429, 503}


def refused() -> dict[str, Any]:
    """The shape of an error of /v1."""
    return {
        "Error": {
            "type": "object",
            "description": "What went wrong. `code`: the status, a dot, the case (docs/errors.md).",
            "required": ["code", "details", "message"],
            "properties": {
                "message": {"type": "string", "description": "A sentence in the reader's language."},
                "code": {"type": "number"},
                "details": {"type": "object", "description": "What the sentence speaks of."},
                "error": {
                    "type": "object",
                    "description": "The same as OData has it, where tables were asked for.",
                    "required": ["code", "message"],
                    "properties": {"code": {"type": "string"}, "message": {"type": "string"}},
                    "additionalProperties": False,
                },
            },
            "additionalProperties": False,
        }
    }


def refusals() -> dict[str, Any]:
    """The answers that errors get, by name; those to phones begin with `Phone`."""
    made: dict[str, Any] = {}
    for status, name in NAMES.items():
        headers = {"headers": {"Retry-After": {"schema": {"type": "string"}}}} if status in WAITS else {}
        content: dict[str, Any] = {"schema": {"$ref": "#/components/schemas/Error"}}
        if status in EXAMPLES:
            content["example"] = EXAMPLES[status]
        made[name] = {"description": MEANINGS[status], "content": {"application/json": content}} | headers
        phones = {"description": MEANINGS[status], "content": {"text/xml": {"schema": {"type": "string"}}}}
        made[f"Phone{name}"] = phones | headers
    return made
