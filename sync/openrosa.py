"""What the two ends of OpenRosa write to each other, as values and as XML: form list, manifest, receipt, integrity.

Both ends use it: a server renders, a device reads. Sources: OpenRosa Form Discovery and Form Submission API
(https://docs.getodk.org/openrosa/), and what ODK Collect rejects: one entry without its mandatory parts makes it
throw away the whole list, so such an entry is neither rendered nor read. Rendered documents are UTF-8, to be sent as
``text/xml; charset=utf-8``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from forms.errors import FormsError
from forms.xml import Element, elements, escape, local_name, parse_document, text_of
from sync.errors import ProtocolError

CONTENT_TYPE = "text/xml; charset=utf-8"
VERSION_HEADER = "X-OpenRosa-Version"
VERSION = "1.0"
LENGTH_HEADER = "X-OpenRosa-Accept-Content-Length"

MediaType = Literal["entityList", "approvalEntityList"]
Nature = Literal["submit_success", "submit_pending", "error", ""]

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'
_LIST_NAMESPACE = "http://openrosa.org/xforms/xformsList"
_MANIFEST_NAMESPACE = "http://openrosa.org/xforms/xformsManifest"
_RESPONSE_NAMESPACE = "http://openrosa.org/http/response"
_BLANK = " \t\r\n"


@dataclass(frozen=True)
class FormListEntry:
    """A form a device may fetch. ``hash`` is "md5:" and the MD5 of the form's XML; ``manifest_url`` None: no files."""

    form_id: str
    name: str
    version: str
    hash: str
    download_url: str
    manifest_url: str | None = None


@dataclass(frozen=True)
class MediaFile:
    """A file that belongs to a form.

    ``hash`` is "md5:" and the MD5 of the content; for entity lists any text that changes when the list does.
    ``integrity_url`` is mandatory for the two kinds of entity list and absent otherwise.
    """

    filename: str
    hash: str
    download_url: str
    integrity_url: str | None = None
    type: MediaType | None = None


@dataclass(frozen=True)
class Receipt:
    """A server's answer to an upload. ``message`` is in the language of the one who sent it.

    ``status`` is the HTTP status (201: as expected, 202: kept, but see the message); 0 when read without one.
    """

    message: str
    nature: str = "submit_success"
    status: int = 0


@dataclass(frozen=True)
class EntityStanding:
    """Whether an entity that a device still holds is deleted on the server."""

    id: str
    deleted: bool


def render_form_list(entries: Iterable[FormListEntry]) -> bytes:
    """The form list. Raises ValueError for an entry that would make a device throw the whole list away."""
    lines = [_HEAD, f'<xforms xmlns="{_LIST_NAMESPACE}">']
    for entry in entries:
        if not (_filled(entry.form_id, entry.name, entry.download_url) and entry.hash.startswith("md5:")):
            raise ValueError(entry)
        manifest = "" if entry.manifest_url is None else _tag("manifestUrl", entry.manifest_url)
        lines.append(
            f"<xform>{_tag('formID', entry.form_id)}{_tag('name', entry.name)}{_tag('version', entry.version)}"
            f"{_tag('hash', entry.hash)}{_tag('downloadUrl', entry.download_url)}{manifest}</xform>"
        )
    lines.append("</xforms>")
    return _bytes(lines)


def read_form_list(content: bytes) -> tuple[FormListEntry, ...]:
    """The form list a server sent. Raises ProtocolError ``formlist.…`` as ODK Collect would refuse it."""
    root = _parse(content, "formlist", "xforms")
    return tuple(_form_list_entry(element) for name, element in elements(root) if name == "xform")


def render_manifest(files: Iterable[MediaFile]) -> bytes:
    """The list of a form's files. Raises ValueError for an entry that would make a device throw the whole list away."""
    lines = [_HEAD, f'<manifest xmlns="{_MANIFEST_NAMESPACE}">']
    for file in files:
        is_list = file.type is not None
        if not _filled(file.filename, file.hash, file.download_url) or is_list != (file.integrity_url is not None):
            raise ValueError(file)
        opening = f'<mediaFile type="{file.type}">' if is_list else "<mediaFile>"
        integrity = "" if file.integrity_url is None else _tag("integrityUrl", file.integrity_url)
        lines.append(
            f"{opening}{_tag('filename', file.filename)}{_tag('hash', file.hash)}"
            f"{_tag('downloadUrl', file.download_url)}{integrity}</mediaFile>"
        )
    lines.append("</manifest>")
    return _bytes(lines)


def read_manifest(content: bytes) -> tuple[MediaFile, ...]:
    """The files a server says a form has, their names without folders. Raises ProtocolError ``manifest.…``."""
    root = _parse(content, "manifest", "manifest")
    return tuple(_media_file(element) for name, element in elements(root) if name == "mediaFile")


def render_receipt(message: str, nature: Nature = "submit_success") -> bytes:
    """The answer to an upload, of success or failure: a device shows ``message`` as it stands, so it is never blank.

    Raises ValueError for a blank message.
    """
    if not _filled(message):
        raise ValueError(message)
    return _bytes(
        [
            _HEAD,
            f'<OpenRosaResponse xmlns="{_RESPONSE_NAMESPACE}" items="0">',
            f'<message nature="{escape(nature)}">{_text(message)}</message></OpenRosaResponse>',
        ]
    )


def read_receipt(content: bytes, status: int = 0) -> Receipt:
    """The answer a server gave. Raises ProtocolError ``receipt.…``."""
    root = _parse(content, "receipt", "OpenRosaResponse")
    for name, element in elements(root):
        if name == "message":
            return Receipt(text_of(element).strip(_BLANK), element.get("nature") or "", status)
    return Receipt("", "", status)


def render_integrity(standings: Iterable[EntityStanding]) -> bytes:
    """Which of the asked entities are deleted."""
    lines = [_HEAD, "<data><entities>"]
    for standing in standings:
        deleted = "true" if standing.deleted else "false"
        lines.append(f'<entity id="{_text(standing.id)}"><deleted>{deleted}</deleted></entity>')
    lines.append("</entities></data>")
    return _bytes(lines)


def read_integrity(content: bytes) -> tuple[EntityStanding, ...]:
    """Which entities a server calls deleted. Raises ProtocolError ``integrity.…``."""
    root = _parse(content, "integrity", "data")
    found = []
    for _, group in elements(root):
        for name, element in elements(group):
            said = _parts(element).get("deleted")
            if name != "entity" or said not in ("true", "false"):
                raise ProtocolError("integrity.incomplete", {"name": name})
            found.append(EntityStanding(element.get("id") or "", said == "true"))
    return tuple(found)


def basename(filename: str) -> str:
    """A file name without folders of either kind; "" for a name that is only a folder."""
    name = filename.replace("\\", "/").rpartition("/")[2]
    return "" if name in (".", "..") else name


def _form_list_entry(element: Element) -> FormListEntry:
    parts = _parts(element)
    form_id = parts.get("formID", "")
    name, download_url = parts.get("name", ""), parts.get("downloadUrl", "")
    if not _filled(form_id, name, download_url):
        raise ProtocolError("formlist.incomplete", {"form_id": form_id})
    digest = parts.get("hash", "")
    if not digest.startswith("md5:"):
        raise ProtocolError("formlist.no_hash", {"form_id": form_id})
    return FormListEntry(
        form_id, name, parts.get("version", ""), digest, download_url, parts.get("manifestUrl") or None
    )


def _media_file(element: Element) -> MediaFile:
    parts = _parts(element)
    filename = basename(parts.get("filename", ""))
    digest, download_url = parts.get("hash", ""), parts.get("downloadUrl", "")
    if not _filled(filename, digest, download_url):
        raise ProtocolError("manifest.incomplete", {"filename": filename})
    # Any other type is a plain file to a device, as to ODK Collect.
    kinds: tuple[MediaType, ...] = ("entityList", "approvalEntityList")
    kind = next((kind for kind in kinds if kind == element.get("type")), None)
    return MediaFile(filename, digest, download_url, parts.get("integrityUrl") or None, kind)


def _parse(content: bytes, subject: str, root_name: str) -> Element:
    try:
        root = parse_document(content, FormsError, subject)
    except FormsError as error:
        raise ProtocolError(error.code, error.params) from error
    if local_name(root) != root_name:
        raise ProtocolError(f"{subject}.other_document", {"name": local_name(root)})
    return root


def _parts(element: Element) -> dict[str, str]:
    return {name: text_of(child).strip(_BLANK) for name, child in elements(element)}


def _tag(name: str, text: str) -> str:
    return f"<{name}>{_text(text)}</{name}>"


def _text(text: str) -> str:
    # A bare carriage return would reach the other side as a line feed.
    return escape(text).replace("\r", "&#13;")


def _filled(*texts: str) -> bool:
    return all(text.strip(_BLANK) for text in texts)


def _bytes(pieces: Iterable[str]) -> bytes:
    return "".join(pieces).encode("utf-8", "replace")
