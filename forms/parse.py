"""XForm XML → :class:`~forms.definition.FormDefinition`.

Source: ODK XForms specification, and JavaRosa where it is wider (binds named by id, refs relative to the group). Every
expression is compiled here, once; callers keep the definition by the SHA-256 of its XML.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import replace

from forms.body import SEARCH, SEPARATOR, Asked, Body, choices_of, plain_path
from forms.bounds import check_bounds
from forms.definition import (
    Bind,
    Choice,
    EntityDeclaration,
    ExpectedAttachment,
    Field,
    FormDefinition,
    Itemset,
    Message,
    Search,
    SetValue,
)
from forms.errors import DefinitionError, ExpressionError
from forms.itext import Texts, media_of
from forms.plan import LAST_SAVED, make_plan
from forms.tables import Table, table_from_csv, table_from_node
from forms.xml import (
    ENTITIES,
    Element,
    attribute,
    elements,
    local_name,
    parse_document,
    prefixes,
    spoken,
    text_of,
    to_node,
)
from forms.xpath.compile import Expression, compile_expression

__all__ = ["parse_form", "table_from_csv"]

_TYPES = {"integer": "int", "long": "int", "double": "decimal", "float": "decimal", "datetime": "dateTime"}
_MESSAGES = {"jr:constraintMsg": "constraint_message", "jr:requiredMsg": "required_message"}
_INSTANCE = re.compile(r"instance\(\s*['\"]([^'\"]+)['\"]\s*\)")


def parse_form(xml: bytes, *, strict: bool = True) -> FormDefinition:
    """The definition that an XForm's XML writes.

    :param strict: False takes a form that is in use elsewhere as it is: paths and instances that do not exist are
        empty, as they are on phones.
    :raises DefinitionError: the document is no form that can be used; ``errors`` holds all that were found: paths that
        do not exist (``definition.unknown_path``), cycles (``definition.cycle``), …
    :raises ExpressionError: the first thing found is an expression that cannot be compiled, or a function that no
        phone knows; params name ``field`` and ``property``.
    """
    definition, errors = read_form(xml, strict=strict)
    if errors:
        first = errors[0]
        first.errors = errors
        raise first
    return definition


def read_form(xml: bytes, *, strict: bool = True) -> tuple[FormDefinition, tuple[DefinitionError, ...]]:
    """As :func:`parse_form`, with all that was found beside the definition, where those expressions are left out.

    :raises DefinitionError: the document is no form at all, or exceeds the bounds of :mod:`forms.bounds`.
    """
    html = parse_document(xml, DefinitionError, "definition")
    if strict:
        check_bounds(html)
    reader = _Reader(html, xml, strict)
    return reader.definition(), tuple(reader.errors)


class _Reader:
    """One pass over one document."""

    def __init__(self, html: Element, xml: bytes, strict: bool) -> None:
        self.xml = xml
        self.strict = strict
        self.errors: list[DefinitionError] = []
        self.compiled: dict[tuple[str, tuple[str, ...]], Expression] = {}
        parts = dict(elements(html))
        head = parts.get("head")
        if head is None or "model" not in dict(elements(head)):
            raise DefinitionError("definition.no_model")
        self.title = next((text_of(each).strip() for name, each in elements(head) if name == "title"), "")
        self.model = next(each for name, each in elements(head) if name == "model")
        self.main = self._primary()
        self.root_path = f"/{local_name(self.main)}"
        self.instances: dict[str, Table] = {}
        self.external: dict[str, str] = {}
        self.last_saved: dict[str, str] = {}
        self.media: list[ExpectedAttachment] = []
        self._secondary()
        self.paths: set[str] = set()
        self._known_paths(self.main, self.root_path)
        self.texts = Texts(self.model, self._compile_output)
        self.binds, bind_ids = self._binds()
        self.body = Body(parts.get("body"), self.texts, self.root_path, bind_ids)
        self.repeats = {path for path, asked in self.body.asked.items() if asked.is_repeat}

    def definition(self) -> FormDefinition:
        """Everything put together; what is wrong stands in ``errors`` then."""
        root = self._field(self.main, self.main, self.root_path)
        fields = {each.path: each for each in root.walk()}
        set_values = tuple(self._set_values())
        orphans = self._check_targets(fields, set_values)
        attribute_binds = {path: self._bind(path) for path in self.binds if "/@" in path}
        plan = make_plan(root, self.instances, self.external | self.last_saved, self.errors)
        submission = next((each for name, each in elements(self.model) if name == "submission"), None)
        meta = fields.get(f"{self.root_path}/meta")
        editable = submission is not None and (attribute(submission, "client-editable") or "").strip() in ("true", "1")
        return FormDefinition(
            form_id=attribute(self.main, "id") or prefixes(self.main).get("", ""),
            version=attribute(self.main, "version") or "",
            title=self.title,
            languages=self.texts.languages,
            default_language=self.texts.default,
            root=root,
            fields=fields,
            instances=self.instances,
            external_instances=self.external,
            expected_attachments=self._expected(fields),
            has_meta=meta is not None and any(child.name == "instanceID" for child in meta.children),
            entities=tuple(self._entities(fields)),
            set_values=set_values,
            attribute_binds=attribute_binds,
            orphans=orphans,
            client_editable=editable,
            namespaces={key: uri for key, uri in prefixes(self.model).items() if key},
            translations=self.texts.by_language,
            md5=hashlib.md5(self.xml, usedforsecurity=False).hexdigest(),
            sha256=hashlib.sha256(self.xml).hexdigest(),
            plan=plan,
        )

    # -- the model --------------------------------------------------------------------------------------------------

    def _primary(self) -> Element:
        for name, instance in elements(self.model):
            if name == "instance":
                for _, root in elements(instance):
                    return root
        raise DefinitionError("definition.no_instance")

    def _secondary(self) -> None:
        for name, instance in elements(self.model):
            instance_id = attribute(instance, "id")
            if name != "instance" or instance_id is None or self.main.getparent() is instance:
                continue
            source = attribute(instance, "src")
            if source:
                named = media_of(source)
                if named is not None:
                    self.media.append(named)
                    self.external[instance_id] = named.name
                elif source.strip() == LAST_SAVED:
                    self.last_saved[instance_id] = LAST_SAVED
            elif len(instance):
                self.instances[instance_id] = table_from_node(to_node(instance[0], DefinitionError, "definition"))

    def _binds(self) -> tuple[dict[str, Element], dict[str, str]]:
        binds: dict[str, Element] = {}
        ids: dict[str, str] = {}
        for name, bind in elements(self.model):
            nodeset = attribute(bind, "nodeset") or attribute(bind, "ref")
            if name != "bind" or not nodeset:
                continue
            path = plain_path(nodeset)
            path = path if path.startswith("/") else f"{self.root_path}/{path}"
            binds[path] = bind
            bind_id = attribute(bind, "id")
            if bind_id:
                ids[bind_id] = path
        return binds, ids

    def _known_paths(self, element: Element, path: str) -> None:
        self.paths.add(path)
        for name, child in elements(element):
            self._known_paths(child, f"{path}/{name}")

    def _check_targets(self, fields: dict[str, Field], set_values: tuple[SetValue, ...]) -> tuple[str, ...]:
        """The paths of binds whose node is not there: phones take them, yet read their expressions."""
        targets = (each.path for each in set_values) if self.strict else ()
        for path in dict.fromkeys([*self.body.asked, *targets]):
            if path not in fields and "@" not in path:
                self.errors.append(DefinitionError("definition.unknown_node", {"field": path, "path": path}))
        orphans = tuple(path for path in self.binds if path not in fields and "@" not in path)
        for path in orphans if self.strict else ():
            self._bind(path)
        return orphans

    # -- expressions ------------------------------------------------------------------------------------------------

    def _compile_output(self, source: str, place: str) -> Expression | None:
        """``place``: the id of the text, "/data/q:hint", or the path of the question."""
        known = len(self.errors)
        made = self._compile(source, "", "label")
        path, _, rule = place.partition(":")
        for error in self.errors[known:]:
            error.params.update(field=path, property=_MESSAGES.get(rule, rule) or "label")
        return made

    def _compile(self, source: str | None, path: str, role: str) -> Expression | None:
        if source is None or not source.strip():
            return None
        context = tuple(path.split("/")[1:]) if path else ()
        key = (source, context)
        found = self.compiled.get(key)
        if found is not None:
            return found
        try:
            found = compile_expression(source, context)
        except ExpressionError as error:
            error.params.setdefault("source", source)
            error.params.update(field=path, property=role)
            self.errors.append(error)
            return None
        self.compiled[key] = found
        self._check_references(found, path, role)
        return found

    def _check_references(self, expression: Expression, path: str, role: str) -> None:
        where = {"field": path, "property": role, "source": expression.source}
        if not self.strict:
            return
        for steps in expression.references:
            target = "/" + "/".join(steps)
            somewhere = not path and target.split("/")[1] != self.root_path[1:]  # a text is shown at any question
            if somewhere or "@" in target or "*" in target or target in self.paths:
                continue
            self.errors.append(DefinitionError("definition.unknown_path", {**where, "path": target}))
        for instance_id in _INSTANCE.findall(expression.source):
            known = instance_id in self.instances or instance_id in self.external or instance_id in self.last_saved
            known = known or any(asked.query == expression.source for asked in self.body.asked.values())
            if not known and instance_id != "__last-saved":
                self.errors.append(DefinitionError("definition.unknown_instance", {**where, "instance": instance_id}))

    # -- fields -----------------------------------------------------------------------------------------------------

    def _field(self, element: Element, started: Element, path: str) -> Field:
        """``started``: the node as the blank form starts with it, where ``element`` is the template of a repeat."""
        asked = self.body.asked.get(path) or Asked()
        children: dict[str, Element] = {}
        for name, child in elements(element):
            if name not in children:
                children[name] = child
        bind = self._bind(path)
        kind = "repeat" if path in self.repeats else "group" if children or asked.is_group else "field"
        itemset, choices = self._itemset(asked, path)
        made = Field(
            path=path,
            name=path.rpartition("/")[2],
            kind=kind,  # type: ignore[arg-type]
            type=_type_of(bind, asked) if kind == "field" else "string",
            control=asked.control,
            labels=asked.labels,
            hints=asked.hints,
            appearance=asked.appearance,
            choices=choices,
            itemset=itemset,
            search=self._search(asked, path),
            media_type=asked.media_type,
            range=asked.range,
            default="" if children else text_of(element),
            attributes={str(key).rpartition("}")[2]: str(value) for key, value in element.items()},
            count=self._compile(asked.count, path, "repeat_count"),
            bind=bind,
        )
        rows, first = _rows(element), _rows(started)
        below = (self._field(child, first.get(name, [child])[0], f"{path}/{name}") for name, child in children.items())
        counted = (replace(each, rows=(len(rows.get(each.name, ())), len(first.get(each.name, ())))) for each in below)
        return replace(made, children=tuple(counted))

    def _bind(self, path: str) -> Bind:
        element = self.binds.get(path)
        if element is None:
            return Bind()
        said = spoken(element)
        kind = said.get("type", "").rpartition(":")[2]
        return Bind(
            type=_TYPES.get(kind, kind) or "string",
            typed=bool(kind),
            required=self._rule(said, "required", path),
            relevant=self._rule(said, "relevant", path),
            constraint=self._rule(said, "constraint", path),
            calculate=self._compile(said.get("calculate"), path, "calculation"),
            readonly=said.get("readonly", "").strip() in ("true()", "true"),
            readonly_rule=self._rule(said, "readonly", path),
            required_message=self._message(said.get("requiredMsg")),
            constraint_message=self._message(said.get("constraintMsg")),
            preload=said.get("preload"),
            preload_params=said.get("preloadParams"),
            save_to=said.get("saveto"),
            personal=said.get("personal", "").strip() or None,
        )

    def _rule(self, said: dict[str, str], role: str, path: str) -> Expression | None:
        source = said.get(role, "").strip()
        idle = {"required": ("false()", "false", "no"), "relevant": ("true()",), "constraint": ("true()",)}
        idle["readonly"] = ("true()", "true", "false()", "false")
        return None if source in idle[role] else self._compile(source, path, role)

    def _message(self, source: str | None) -> Message | None:
        return self.texts.of_source(source)

    def _itemset(self, asked: Asked, path: str) -> tuple[Itemset | None, tuple[Choice, ...]]:
        if asked.itemset is None:
            return None, asked.choices
        nodeset = self._compile(asked.itemset, path, "choice_filter")
        if nodeset is None:
            return None, ()
        found = _INSTANCE.search(asked.itemset)
        instance_id = found[1] if found else None
        value_ref = asked.value_ref.removeprefix("./")
        made = Itemset(
            source=asked.itemset,
            nodeset=nodeset,
            value_ref=value_ref,
            label_ref=asked.label_ref,
            instance_id=instance_id,
            file_name=self.external.get(instance_id or ""),
            filtered="[" in asked.itemset,
        )
        table = self.instances.get(instance_id or "")
        if table is None:
            return made, ()
        items = []
        for item in table.children:
            columns = {cell.name: cell.text for cell in item.children}
            items.append((columns.get(value_ref, ""), columns))
        return made, choices_of(items, asked.label_ref, self.texts)

    def _search(self, asked: Asked, path: str) -> Search | None:
        if asked.query:
            items = self._compile(asked.query, path, "choice_filter")
            named = _INSTANCE.search(asked.query)
            return Search(asked.query, "itemsets.csv", ("name",), items, named[1]) if items and named else None
        found = SEARCH.search(asked.appearance)
        if found is None:
            return None
        arguments = self._compile(f"join('{SEPARATOR}', {found[1]})", path, "appearance")
        if arguments is None:
            return None
        columns = tuple(choice.name for choice in asked.choices)
        return Search(found[0], f"{found[2].removesuffix('.csv')}.csv", columns, arguments)

    def _set_values(self) -> Iterator[SetValue]:
        events = ("setvalue", "setgeopoint")
        found = [(each, None, self.root_path) for name, each in elements(self.model) if name in events]
        for element, trigger, context in (*found, *self.body.set_values):
            path = self.body.resolve(attribute(element, "ref"), context)
            if path is None:
                continue
            yield SetValue(
                path=path,
                events=tuple((attribute(element, "event") or "").split()),
                value=self._compile(attribute(element, "value"), path.partition("/@")[0], "calculation"),
                literal=text_of(element),
                trigger=trigger,
                position=local_name(element) == "setgeopoint",
            )

    # -- what comes with the form -----------------------------------------------------------------------------------

    def _expected(self, fields: dict[str, Field]) -> tuple[ExpectedAttachment, ...]:
        found = [*self.media, *self.texts.media, *self.body.media]
        for each in fields.values():
            named = media_of(each.default) if each.binary and each.default else None
            if named is not None:
                found.append(named)
        return tuple({each.name: each for each in found}.values())

    def _entities(self, fields: dict[str, Field]) -> Iterator[EntityDeclaration]:
        spec = next((str(value) for key, value in self.model.items() if key == f"{{{ENTITIES}}}entities-version"), "")
        saved = {each.path: each.bind.save_to for each in fields.values() if each.bind.save_to}
        scopes = {each.path.removesuffix("/meta/entity"): each for each in fields.values() if _declares(each)}
        for scope, entity in scopes.items():
            nested = [other for other in scopes if other.startswith(f"{scope}/")]
            properties = {
                str(name): path
                for path, name in saved.items()
                if path.startswith(f"{scope}/") and not any(path.startswith(f"{other}/") for other in nested)
            }
            attributes = entity.attributes
            yield EntityDeclaration(
                dataset=attributes.get("dataset", ""),
                path=scope,
                create="create" in attributes,
                update="update" in attributes,
                properties=properties,
                spec_version=spec,
            )


def _rows(element: Element) -> dict[str, list[Element]]:
    """The children that are no templates, by name."""
    found: dict[str, list[Element]] = {}
    for name, child in elements(element):
        if attribute(child, "template") is None:
            found.setdefault(name, []).append(child)
    return found


def _declares(field: Field) -> bool:
    return field.path.endswith("/meta/entity") and "dataset" in field.attributes


def _type_of(bind: Bind, asked: Asked) -> str:
    if asked.control in ("select1", "select", "rank"):
        return asked.control
    if asked.control == "upload":
        return "binary"
    return bind.type
