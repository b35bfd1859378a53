"""What a form asks: frozen values, made by :mod:`forms.parse` and shared between threads.

Texts are mappings from language to text; a form without translations has the one language ``"default"``.
Paths are generic: ``/data/member/m_age``, without positions (OpenRosa XForms specification, "Instance").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from forms.xpath.compile import Expression
from forms.xpath.values import Node

if TYPE_CHECKING:
    from forms.plan import Plan

UNTRANSLATED = "default"

Labels = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Message:
    """A text with values in it. ``parts``: by language, plain text and the expressions of its ``<output>``."""

    parts: Mapping[str, tuple[str | Expression, ...]]

    @property
    def plain(self) -> dict[str, str]:
        """By language, with each output written as ``${name}``."""
        return {
            language: "".join(part if isinstance(part, str) else _placeholder(part) for part in parts).strip()
            for language, parts in self.parts.items()
        }


def _placeholder(expression: Expression) -> str:
    return "${" + expression.source.strip().rpartition("/")[2] + "}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One answer of a select. ``properties``: the other columns of its item."""

    name: str
    labels: Labels = field(default_factory=dict)
    properties: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Itemset:
    """Where the choices of a select come from.

    ``instance_id``: the secondary instance, None when they come from a repeat of the form. ``file_name``: when that
    instance is a file of its own. ``filtered``: whether the answer set depends on other answers.
    """

    source: str
    nodeset: Expression
    value_ref: str
    label_ref: str
    instance_id: str | None
    file_name: str | None
    filtered: bool


@dataclass(frozen=True, slots=True)
class Search:
    """Choices that Collect looks up in a CSV file (XLSForm documentation: "search()", "select_one_external").

    ``file_name``: of the CSV. ``columns``: where the names stand; whole numbers among them are choices of their own.
    ``arguments``: all that stands in the parentheses of ``search()``, joined by U+001F; of an external select, with the
    ``list_name`` of its rows in itemsets.csv, the items that it offers.
    """

    source: str
    file_name: str
    columns: tuple[str, ...]
    arguments: Expression
    list_name: str = ""


@dataclass(frozen=True, slots=True)
class Bind:
    """The rules of a node. An expression that is absent is None; ``type`` is the XForm bind type.

    ``readonly``: always; ``readonly_rule``: as it says. ``personal``: what it tells of a person (``name``,
    ``phone`` …), in XLSForm the column ``bind::thonban:personal``; None: nothing.
    """

    type: str = "string"
    typed: bool = False
    required: Expression | None = None
    relevant: Expression | None = None
    constraint: Expression | None = None
    calculate: Expression | None = None
    readonly: bool = False
    readonly_rule: Expression | None = None
    required_message: Message | None = None
    constraint_message: Message | None = None
    preload: str | None = None
    preload_params: str | None = None
    save_to: str | None = None
    personal: str | None = None


@dataclass(frozen=True, slots=True)
class Range:
    """The ends and the step of a range question."""

    start: float
    end: float
    step: float


@dataclass(frozen=True, slots=True)
class SetValue:
    """A value set on an event (``odk-instance-first-load``, ``xforms-value-changed`` …).

    ``trigger``: path of the question whose change sets it, None for events of the form or of a new repeat.
    ``position``: the device's place is set instead (``odk:setgeopoint``).
    """

    path: str
    events: tuple[str, ...]
    value: Expression | None
    literal: str
    trigger: str | None = None
    position: bool = False


Control = Literal["input", "select1", "select", "upload", "trigger", "range", "rank", "secret"]


@dataclass(frozen=True, slots=True)
class Field:
    """One node of the form: a question, a calculation, a group or a repeat.

    ``control``: None when nothing in the body asks for it. ``type``: bind type; selects and ranks say "select1",
    "select", "rank". ``default``: the text it starts with. ``count``: of a repeat, how many there are; ``rows``: how
    many a new instance of the repeat around it has, and how many the blank form has.
    """

    path: str
    name: str
    kind: Literal["group", "repeat", "field"]
    type: str = "string"
    control: Control | None = None
    labels: Labels = field(default_factory=dict)
    hints: Labels = field(default_factory=dict)
    appearance: str = ""
    choices: tuple[Choice, ...] = ()
    itemset: Itemset | None = None
    search: Search | None = None
    media_type: str | None = None
    range: Range | None = None
    default: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    count: Expression | None = None
    rows: tuple[int, int] = (0, 0)
    children: tuple[Field, ...] = ()
    bind: Bind = field(default_factory=Bind)

    @property
    def binary(self) -> bool:
        """Whether the answer names an attachment."""
        return self.type == "binary"

    def walk(self) -> Iterator[Field]:
        """This field and all below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True, slots=True)
class ExpectedAttachment:
    """A file that phones fetch with the form. ``kind``: file, image, audio, video."""

    name: str
    kind: Literal["file", "image", "audio", "video"]


@dataclass(frozen=True, slots=True)
class EntityDeclaration:
    """That submissions make or change entities of a list.

    ``path``: of the group or repeat whose ``meta/entity`` declares it. ``properties``: property → path of the field.
    ``create``, ``update``: whether the block may do so (ODK Entities specification).
    """

    dataset: str
    path: str
    create: bool
    update: bool
    properties: Mapping[str, str] = field(default_factory=dict)
    spec_version: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class FormDefinition:
    """All that a form's XML says.

    ``fields``: by path, in document order, the root included. ``attribute_binds``: rules of attributes, by
    "/data/meta/entity/@create". ``orphans``: the paths of rules whose node is not there. ``translations``: language →
    text id → parts. ``namespaces``: prefix → address.
    """

    form_id: str
    version: str
    title: str
    languages: tuple[str, ...]
    default_language: str
    root: Field
    fields: Mapping[str, Field]
    instances: Mapping[str, Node]
    external_instances: Mapping[str, str]
    expected_attachments: tuple[ExpectedAttachment, ...]
    has_meta: bool
    entities: tuple[EntityDeclaration, ...]
    set_values: tuple[SetValue, ...]
    attribute_binds: Mapping[str, Bind]
    client_editable: bool
    namespaces: Mapping[str, str]
    translations: Mapping[str, Mapping[str, tuple[str | Expression, ...]]]
    md5: str
    sha256: str
    plan: Plan = field(repr=False)
    orphans: tuple[str, ...] = ()

    def find_field(self, name_or_path: str) -> Field | None:
        """The field of a path, or the first of a name in document order."""
        found = self.fields.get(name_or_path)
        if found is not None or "/" in name_or_path:
            return found
        return next((each for each in self.fields.values() if each.name == name_or_path), None)


def fields_listing(definition: FormDefinition) -> list[dict[str, object]]:
    """The fields as ODK Central lists them (``GET …/forms/{id}/fields``).

    Paths are relative to the root; groups have the type "structure", repeats "repeat"; ``binary`` and
    ``selectMultiple`` are true or None.
    """
    skipped = len(definition.root.path)
    listing: list[dict[str, object]] = []
    for each in definition.fields.values():
        if each is definition.root:
            continue
        kind = {"group": "structure", "repeat": "repeat"}.get(each.kind)
        listing.append(
            {
                "path": each.path[skipped:],
                "name": each.name,
                "type": kind or (each.bind.type if each.bind.typed else "unknown"),
                "binary": True if each.binary else None,
                "selectMultiple": True if each.type == "select" else None,
            }
        )
    return listing
