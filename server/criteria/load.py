"""Rule sets from YAML, strictly: an unknown key, a fact nobody declared or a worked village that comes out otherwise is
an error with its place in the file. The only module that knows YAML. What may stand in a file: README.md beside this.
"""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import TypeVar

import yaml

from server.criteria.entry import Entry
from server.criteria.evaluate import evaluate
from server.criteria.ruleset import (
    COMPARISONS,
    FACT_SOURCES,
    FACT_TYPES,
    PURPOSES,
    STATUSES,
    UNIT_KINDS,
    VERDICTS,
    Amount,
    Bound,
    Clause,
    Example,
    Fact,
    FactDeclaration,
    Group,
    Note,
    Region,
    RuleSet,
    RuleSetError,
    Switch,
    Verdict,
    YesNo,
    ZeroSwitch,
    list_clauses,
)

_Value = TypeVar("_Value")
_TESTS = ("all", "any", "at_least", "ratio", "count", "yesno")


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


@dataclass(frozen=True)
class _Inherited:
    """What a clause takes from the clause above it, and the names that may be used in it."""

    article: str
    status: str
    source: str
    facts: Mapping[str, FactDeclaration]
    switches: Mapping[str, Switch]


def _rule_set(entry: Entry, sha256: str) -> RuleSet:
    top = entry.mapping(
        "id law article title in_force purpose unit_kind outcomes poverty_standards facts test",
        "switches regions notes examples",
    )
    force = top["in_force"].mapping("from", "to")
    facts = {name: _fact(name, fact) for name, fact in top["facts"].items().items()}
    switches = _each(top.get("switches"), _switch)
    tree = _tree(top["test"], facts, switches)
    clauses = {clause.id: clause for clause in list_clauses(tree)} if tree else {}
    regions = _each(top.get("regions"), lambda name, region: _region(name, region, clauses))
    rule_set = RuleSet(
        id=top["id"].string(),
        law=top["law"].string(),
        article=top["article"].string(),
        title=top["title"].text(),
        in_force_from=force["from"].date(),
        in_force_to=force["to"].date() if "to" in force else None,
        purpose=top["purpose"].one_of(PURPOSES),
        unit_kind=top["unit_kind"].one_of(UNIT_KINDS),
        outcomes={verdict: text.text() for verdict, text in top["outcomes"].mapping(" ".join(VERDICTS)).items()},
        poverty_standards=tuple(standard.string() for standard in top["poverty_standards"].list()),
        facts=facts,
        tree=tree,
        switches=switches,
        regions=regions,
        notes=tuple(_note(note) for note in top["notes"].list()) if "notes" in top else (),
        examples=tuple(_example(one, _Declared(facts, regions, switches, clauses)) for one in top["examples"].list())
        if "examples" in top
        else (),
        sha256=sha256,
    )
    if rule_set.in_force_to is not None and rule_set.in_force_to < rule_set.in_force_from:
        raise force["to"].error("ends_before_it_begins", f">= {rule_set.in_force_from}")
    return rule_set


def _each(entry: Entry | None, read: Callable[[str, Entry], _Value]) -> dict[str, _Value]:
    return {name: read(name, value) for name, value in entry.items().items()} if entry else {}


def _fact(name: str, entry: Entry) -> FactDeclaration:
    parts = entry.mapping("type source labels", "unit form field by_poverty_standard")
    source, kind = parts["source"].one_of(FACT_SOURCES), parts["type"].one_of(FACT_TYPES)
    needed = (("form", "field") if source == "form" else ()) + (("unit",) if kind == "count" else ())
    for key in needed:
        if key not in parts:
            raise entry.below(key, None).error("missing_key", f"{key}: …")
    return FactDeclaration(
        name=name,
        unit=parts["unit"].string() if "unit" in parts else None,
        type=kind,
        source=source,
        form=parts["form"].string() if source == "form" else None,
        field=parts["field"].string() if source == "form" else None,
        labels=parts["labels"].text(),
        by_poverty_standard="by_poverty_standard" in parts and parts["by_poverty_standard"].boolean(),
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


def _tree(entry: Entry, facts: Mapping[str, FactDeclaration], switches: Mapping[str, Switch]) -> Clause | None:
    if entry.value == "not_loaded":
        return None
    parts = entry.items()
    for key in ("article", "status", "source"):
        if key not in parts:
            raise entry.below(key, None).error("missing_key", f"{key}: …")
    above = _Inherited("", "", "", facts, switches)
    tree = _clause(entry, above)
    seen: set[str] = set()
    for clause in list_clauses(tree):
        if clause.id in seen:
            raise entry.error("clause_stands_twice", clause.id)
        seen.add(clause.id)
    return tree


def _clause(entry: Entry, above: _Inherited) -> Clause:
    parts = entry.mapping("id title", f"article status source note {' '.join(_TESTS)}")
    tests = [name for name in _TESTS if name in parts]
    if len(tests) != 1:
        raise entry.error("one_test", " | ".join(_TESTS))
    own = _Inherited(
        article=parts["article"].string() if "article" in parts else above.article,
        status=parts["status"].one_of(STATUSES) if "status" in parts else above.status,
        source=parts["source"].string() if "source" in parts else above.source,
        facts=above.facts,
        switches=above.switches,
    )
    return Clause(
        id=parts["id"].string(),
        title=parts["title"].text(),
        article=own.article,
        status=own.status,
        source=own.source,
        note=parts["note"].text() if "note" in parts else None,
        test=_test(tests[0], parts[tests[0]], own),
    )


def _test(kind: str, entry: Entry, own: _Inherited) -> Amount | YesNo | Group:
    if kind == "yesno":
        parts = entry.mapping("fact is")
        return YesNo(_fact_name(parts["fact"], "yesno", own), parts["is"].boolean())
    if kind in ("ratio", "count"):
        return _amount(kind, entry, own)
    if kind == "at_least":
        return _at_least(entry, own)
    children = tuple(_clause(child, own) for child in entry.list())
    return Group("all", children, len(children)) if kind == "all" else Group("any", children, 1)


def _at_least(entry: Entry, own: _Inherited) -> Group:
    parts = entry.mapping("n of", "n_if")
    children = tuple(_clause(child, own) for child in parts["of"].list())
    needed = _number_of(parts["n"], len(children))
    if "n_if" not in parts:
        return Group("at_least", children, needed)
    exception = parts["n_if"].mapping("when then")
    needed_if = _number_of(exception["then"], len(children))
    return Group("at_least", children, needed, _clause(exception["when"], own), needed_if)


def _number_of(entry: Entry, most: int) -> int:
    if not 1 <= entry.integer() <= most:
        raise entry.error("not_allowed", f"1 … {most}")
    return entry.integer()


def _amount(kind: str, entry: Entry, own: _Inherited) -> Amount:
    optional = f"minus {' '.join(COMPARISONS)}"
    parts = entry.mapping("of over", f"{optional} zero") if kind == "ratio" else entry.mapping("of", optional)
    comparisons = [name for name in COMPARISONS if name in parts]
    if len(comparisons) != 1:
        raise entry.error("one_comparison", " | ".join(COMPARISONS))
    return Amount(
        of=tuple(_fact_name(fact, "count", own) for fact in parts["of"].list()),
        minus=tuple(_fact_name(fact, "count", own) for fact in parts["minus"].list()) if "minus" in parts else (),
        over=_fact_name(parts["over"], "count", own) if kind == "ratio" else None,
        bound=Bound(comparisons[0], parts[comparisons[0]].integer()),
        zero=_zero(parts["zero"], own) if "zero" in parts else None,
    )


def _zero(entry: Entry, own: _Inherited) -> ZeroSwitch:
    parts = entry.mapping("switch then")
    switch = parts["switch"].one_of(own.switches)
    verdicts = parts["then"].mapping(" ".join(own.switches[switch].options))
    return ZeroSwitch(switch, {option: verdict.verdict() for option, verdict in verdicts.items()})


def _fact_name(entry: Entry, kind: str, own: _Inherited) -> str:
    return entry.one_of(name for name, fact in own.facts.items() if fact.type == kind)


@dataclass(frozen=True)
class _Declared:
    facts: Mapping[str, FactDeclaration]
    regions: Mapping[str, Region]
    switches: Mapping[str, Switch]
    clauses: Mapping[str, Clause]


def _example(entry: Entry, declared: _Declared) -> Example:
    parts = entry.mapping("name facts verdict", "region switches clauses")
    return Example(
        name=parts["name"].string(),
        facts={name: _example_fact(value, declared) for name, value in parts["facts"].items().items()},
        region=parts["region"].one_of(declared.regions) if "region" in parts else None,
        switches=_each(parts.get("switches"), lambda name, option: _option(name, option, declared)),
        verdict=parts["verdict"].verdict(),
        clauses=_each(parts.get("clauses"), lambda name, verdict: _clause_verdict(name, verdict, declared)),
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
    for place, example in enumerate(rule_set.examples):
        outcome = evaluate(rule_set, example.facts, region=example.region, switches=example.switches)
        found = {"": outcome.verdict} | {clause.id: clause.verdict for clause in outcome.clauses}
        for clause_id, expected in {"": example.verdict, **example.clauses}.items():
            if found[clause_id] != expected:
                key = f"examples[{place}] ({example.name}) {clause_id}".strip()
                raise RuleSetError("ruleset.example_differs", source, key, f"{expected} ≠ {found[clause_id]}")
