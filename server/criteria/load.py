"""Rule sets from YAML, strictly: an unknown key, a fact nobody declared or a worked village that comes out otherwise is
an error with its place in the file. The only module that knows YAML. What may stand in a file: README.md beside this.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import yaml

from server.criteria.entry import Entry, gather, raise_all
from server.criteria.evaluate import evaluate
from server.criteria.read_clauses import read_classes, read_tree
from server.criteria.ruleset import (
    FACT_SOURCES,
    FACT_TYPES,
    PURPOSES,
    RESULTS,
    STATUSES,
    UNIT_KINDS,
    UNKNOWN,
    VERDICTS,
    Amount,
    ClassRule,
    Clause,
    Example,
    Fact,
    FactDeclaration,
    FromVillages,
    Note,
    Region,
    RuleSet,
    RuleSetError,
    Switch,
    Text,
    Verdict,
    list_clauses,
)

_Value = TypeVar("_Value")
_OF_SOURCE = {"form": ("form", "field"), "area": (), "villages": ("villages",)}
"""What a fact says besides, by where it comes from."""


def load_rule_sets(extra: Iterable[Path] = ()) -> dict[str, RuleSet]:
    """The rule sets we ship and those of the `extra` files, by id; an extra one replaces a shipped one of the same id.
    Raises RuleSetError, also where a file cannot be read or is not named after the id in it."""
    found: dict[str, RuleSet] = {}
    shipped = resources.files("server.criteria").joinpath("rulesets").iterdir()
    for file in sorted((entry for entry in shipped if entry.name.endswith(".yaml")), key=lambda entry: entry.name):
        _add(found, file.name, file.read_text(encoding="utf-8"))
    for path in extra:
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise RuleSetError("ruleset.not_readable", str(path), "", str(error)) from error
        _add(found, path.name, text)
    return found


def shipped_text(rule_set_id: str) -> str:
    """The text of a rule set that we ship. Raises FileNotFoundError."""
    return resources.files("server.criteria").joinpath("rulesets", f"{rule_set_id}.yaml").read_text(encoding="utf-8")


def _add(found: dict[str, RuleSet], name: str, text: str) -> None:
    rule_set = read_rule_set(text, name)
    if name != f"{rule_set.id}.yaml":
        raise RuleSetError("ruleset.other_file_name", name, "id", f"{rule_set.id}.yaml")
    found[rule_set.id] = rule_set


def read_rule_set(text: str, source: str) -> RuleSet:
    """One rule set from the text of a YAML file; `source` is the name to show in errors. Its own worked villages are
    judged, and must come out as the file says. Raises RuleSetError."""
    try:
        content = yaml.load(text, Loader=_StrictLoader)  # noqa: S506  (a SafeLoader, stricter still)
        rule_set = _rule_set(Entry(source, "", content), hashlib.sha256(text.encode()).hexdigest())
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise RuleSetError("ruleset.not_yaml", source, f"line {line}", error.problem or str(error)) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise RuleSetError("ruleset.not_yaml", source, "(file)", str(error)) from error
    _check_examples(rule_set, source)
    return rule_set


class _StrictLoader(yaml.SafeLoader):
    """A key that stands twice is an error: the first would be lost without a word. Aliases are not taken either: with
    them a few lines can stand for a tree without end."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            raise yaml.constructor.ConstructorError(None, None, "*: write it out", self.peek_event().start_mark)  # type: ignore[no-untyped-call]
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:
        seen: set[str] = set()
        for key, _ in node.value:
            if str(key.value) in seen:
                raise yaml.constructor.ConstructorError(None, None, f"{key.value}: stands twice", key.start_mark)
            seen.add(str(key.value))
        return super().construct_mapping(node, deep)


def _rule_set(entry: Entry, sha256: str) -> RuleSet:
    top = entry.mapping(
        "id law article title in_force purpose unit_kind outcomes facts",
        "result test classes poverty_standards standard switches regions notes examples",
    )
    result = top["result"].one_of(RESULTS) if "result" in top else "test"
    values = _values(top, result)
    facts, switches = values["facts"], values["switches"]
    tree, classes = _conditions(entry, top, result, (facts, switches))
    roots = [tree] if tree else [one.test for one in classes if one.test]
    clauses = {clause.id: clause for root in roots for clause in list_clauses(root)}
    regions = _each(top.get("regions"), lambda name, region: _region(name, region, clauses))
    declared = _Declared(facts, regions, switches, clauses, tuple(one.id for one in classes))
    examples = [partial(_example, one, declared) for one in top["examples"].list()] if "examples" in top else []
    rule_set = RuleSet(
        **values,
        tree=tree,
        classes=classes,
        result=result,
        regions=regions,
        examples=tuple(gather(examples)),
        sha256=sha256,
    )
    if rule_set.in_force_to is not None and rule_set.in_force_to < rule_set.in_force_from:
        raise top["in_force"].below("to", None).error("ends_before_it_begins", f">= {rule_set.in_force_from}")
    if rule_set.purpose == "poverty" and rule_set.standard is None:
        raise entry.below("standard", None).error("missing_key", "standard: …")
    if rule_set.tree is None and not rule_set.classes and rule_set.examples:
        raise top["examples"].error("unknown_key", "test: …")
    return rule_set


def _values(top: Mapping[str, Entry], result: str) -> dict[str, Any]:
    """Whatever stands by itself; complaints about all of it at once."""
    force = top["in_force"].mapping("from", "to")
    reads: dict[str, Callable[[], object]] = {
        "id": top["id"].string,
        "law": top["law"].string,
        "article": top["article"].string,
        "title": top["title"].text,
        "in_force_from": force["from"].date,
        "in_force_to": force["to"].date if "to" in force else lambda: None,
        "purpose": partial(top["purpose"].one_of, PURPOSES),
        "unit_kind": partial(top["unit_kind"].one_of, UNIT_KINDS),
        "outcomes": partial(_outcomes, top["outcomes"], result),
        "standard": top["standard"].string if "standard" in top else lambda: None,
        "facts": partial(_each, top["facts"], _fact),
        "switches": partial(_each, top.get("switches"), _switch),
        "notes": lambda: tuple(gather(partial(_note, one) for one in top["notes"].list())) if "notes" in top else (),
    }
    found: dict[str, Any] = dict(zip(reads, gather(reads.values()), strict=True))
    return found | {"poverty_standards": _standards(top, found["facts"])}


_Names = tuple[Mapping[str, FactDeclaration], Mapping[str, Switch]]


def _conditions(
    entry: Entry, top: Mapping[str, Entry], result: str, names: _Names
) -> tuple[Clause | None, tuple[ClassRule, ...]]:
    """The tree of a test, or the classes in order; neither where the file says that nobody has entered them."""
    wanted, other = ("classes", "test") if result == "class" else ("test", "classes")
    if other in top:
        raise top[other].error("unknown_key", wanted)
    if wanted not in top:
        raise entry.below(wanted, None).error("missing_key", f"{wanted}: …")
    if top[wanted].value == "not_loaded":
        return None, ()
    if result == "class":
        return None, read_classes(top["classes"], *names)
    return read_tree(top["test"], *names), ()


def _outcomes(entry: Entry, result: str) -> Mapping[str, Text]:
    """What the verdicts mean; classes have titles of their own."""
    wanted = " ".join(VERDICTS) if result == "test" else "unknown"
    return {verdict: text.text() for verdict, text in entry.mapping(wanted).items()}


def _standards(top: Mapping[str, Entry], facts: Mapping[str, FactDeclaration]) -> tuple[str, ...]:
    if "poverty_standards" in top:
        return tuple(standard.string() for standard in top["poverty_standards"].list())
    bound = [name for name, fact in facts.items() if fact.by_poverty_standard]
    if bound:
        raise top["facts"].below(bound[0], None).error("missing_key", "poverty_standards: […]")
    return ()


def _each(entry: Entry | None, read: Callable[[str, Entry], _Value]) -> dict[str, _Value]:
    named = entry.items() if entry else {}
    return dict(zip(named, gather(partial(read, name, value) for name, value in named.items()), strict=True))


def _fact(name: str, entry: Entry) -> FactDeclaration:
    parts = entry.mapping("type source labels", "unit form field answers villages by_poverty_standard or_area")
    source, kind = parts["source"].one_of(FACT_SOURCES), parts["type"].one_of(FACT_TYPES)
    for key in (*_OF_SOURCE[source], *(("unit",) if kind == "count" else ())):
        if key not in parts:
            raise entry.below(key, None).error("missing_key", f"{key}: …")
    for key in ("form", "field", "villages"):
        if key in parts and key not in _OF_SOURCE[source]:
            raise parts[key].error("unknown_key", " | ".join(_OF_SOURCE[source]))
    if "or_area" in parts and source != "form":
        raise parts["or_area"].error("unknown_key", " | ".join(_OF_SOURCE[source]))
    if "answers" in parts and kind != "yesno":
        raise parts["answers"].error("unknown_key", "type: yesno")
    return FactDeclaration(
        name=name,
        unit=parts["unit"].string() if "unit" in parts else None,
        type=kind,
        source=source,
        form=parts["form"].string() if source == "form" else None,
        field=parts["field"].string() if source == "form" else None,
        labels=parts["labels"].text(),
        by_poverty_standard="by_poverty_standard" in parts and parts["by_poverty_standard"].boolean(),
        answers=_each(parts["answers"], lambda _, answer: answer.boolean()) if "answers" in parts else None,
        villages=_from_villages(parts["villages"]) if source == "villages" else None,
        or_area="or_area" in parts and parts["or_area"].boolean(),
    )


def _from_villages(entry: Entry) -> FromVillages:
    """`sum: FACT`, `met: RULE SET`, or `number: all`."""
    parts = entry.mapping("", "sum met number")
    if len(parts) != 1:
        raise entry.error("one_test", "sum | met | number")
    if "number" in parts:
        parts["number"].one_of(("all",))
    return FromVillages(
        sum=parts["sum"].string() if "sum" in parts else None,
        met=parts["met"].string() if "met" in parts else None,
    )


def _switch(name: str, entry: Entry) -> Switch:
    parts = entry.mapping("title options default reason")
    options = {option: text.text() for option, text in parts["options"].items().items()}
    default = parts["default"].one_of(options)
    return Switch(name, parts["title"].text(), options, default, parts["reason"].text())


def _region(name: str, entry: Entry, clauses: Mapping[str, Clause]) -> Region:
    parts = entry.mapping("title bounds")
    numbers = [clause.id for clause in clauses.values() if isinstance(clause.test, Amount)]
    bounds = parts["bounds"].items()
    for clause_id, bound in bounds.items():
        if clause_id not in numbers:
            raise bound.error("unknown_clause", " | ".join(numbers))
    return Region(name, parts["title"].text(), {clause_id: bound.integer() for clause_id, bound in bounds.items()})


def _note(entry: Entry) -> Note:
    parts = entry.mapping("text status")
    return Note(parts["text"].text(), parts["status"].one_of(STATUSES))


@dataclass(frozen=True)
class _Declared:
    facts: Mapping[str, FactDeclaration]
    regions: Mapping[str, Region]
    switches: Mapping[str, Switch]
    clauses: Mapping[str, Clause]
    classes: tuple[str, ...]


def _example(entry: Entry, declared: _Declared) -> Example:
    wanted = "class" if declared.classes else "verdict"
    parts = entry.mapping(f"name facts {wanted}", "region switches clauses possible")
    return Example(
        name=parts["name"].string(),
        facts={name: _example_fact(value, declared) for name, value in parts["facts"].items().items()},
        region=parts["region"].one_of(declared.regions) if "region" in parts else None,
        switches=_each(parts.get("switches"), lambda name, option: _option(name, option, declared)),
        verdict=parts["verdict"].verdict()
        if "verdict" in parts
        else parts["class"].one_of((*declared.classes, UNKNOWN)),
        clauses=_each(parts.get("clauses"), lambda name, verdict: _clause_verdict(name, verdict, declared)),
        possible=tuple(one.one_of(declared.classes) for one in parts["possible"].list()) if "possible" in parts else (),
    )


def _example_fact(entry: Entry, declared: _Declared) -> Fact:
    name = entry.key.rsplit(".", 1)[-1]
    if name not in declared.facts:
        raise entry.error("unknown_fact", " | ".join(declared.facts))
    if entry.value is None:
        return None
    return entry.boolean() if declared.facts[name].type == "yesno" else entry.integer()


def _option(name: str, entry: Entry, declared: _Declared) -> str:
    if name not in declared.switches:
        raise entry.error("unknown_switch", " | ".join(declared.switches))
    return entry.one_of(declared.switches[name].options)


def _clause_verdict(name: str, entry: Entry, declared: _Declared) -> Verdict:
    if name not in declared.clauses:
        raise entry.error("unknown_clause", " | ".join(declared.clauses))
    return entry.verdict()


def _check_examples(rule_set: RuleSet, source: str) -> None:
    wrong = []
    for place, example in enumerate(rule_set.examples):
        outcome = evaluate(rule_set, example.facts, region=example.region, switches=example.switches)
        found = {"": outcome.standing, "possible": ", ".join(outcome.possible)}
        found |= {clause.id: clause.verdict for clause in outcome.clauses}
        asked = {"": example.verdict, **example.clauses}
        if example.possible:
            asked["possible"] = ", ".join(example.possible)
        for clause_id, expected in asked.items():
            if found[clause_id] != expected:
                key = f"examples[{place}] ({example.name}) {clause_id}".strip()
                wrong.append(RuleSetError("ruleset.example_differs", source, key, f"{expected} ≠ {found[clause_id]}"))
    raise_all(wrong)
