"""What is not held against JavaRosa, by rule, and why.

chance
    What rests on ``now()``, ``random()``, ``uuid()`` or ``randomize()`` without a seed is another each time it is asked
    for; within ``once()`` only where nothing was sent. What ``property()`` tells is the device's to know.
crash
    Of some texts in a time or a date a phone opens nothing at all ("-5" in a time: an offset without a time). We say
    that they cannot be read, and judge the rest.
drop
    To look for a name by ``jr:choice-name()`` makes a phone drop an answer that is not on its list, in the middle of
    the calculations and in an order that is chance: what else reads that answer sees it, or not.
max, min
    ``max()`` of numbers below zero is 4.9E-324 on a phone, which is written 0, and ``min()`` of nothing but what has
    no end is 1.7976931348623157E308: defects that we do not follow.
"""

from collections.abc import Iterator, Mapping, Sequence

from forms.definition import Field, FormDefinition
from forms.xpath.compile import Expression

CHANCE = frozenset({"now", "random", "uuid"})
ALL = frozenset({"relevant", "value", "required", "readonly", "constraint", "choiceOk"})
Node = Mapping[str, object]
Left = dict[str, set[str]]


def plain(ref: str) -> str:
    """A ref without places."""
    return "/".join(step.partition("[")[0] for step in ref.split("/"))


def left_out(definition: FormDefinition, theirs: Sequence[Node]) -> Left:
    """By path of a field, what is not compared of its nodes in this instance."""
    unsteady = {*_chance(definition, theirs), *_dropped(definition, theirs)}
    left: Left = {path: {"value", "constraint", "choiceOk"} for path in _chance(definition, theirs)}
    while True:
        found = {path for path in definition.fields if path not in unsteady and _moved(definition, path, unsteady)}
        if not found:
            break
        unsteady |= found
    for path, field in definition.fields.items():
        rules = _rules(field)
        for name, names in _TELLS.items():
            rule = rules.get(name)
            if rule is not None and _reads(rule, unsteady):
                left.setdefault(path, set()).update(names)
        if any(_reads(rule, unsteady) for rule in _above(definition, path)):
            left[path] = set(ALL)
    return left


_TELLS: Mapping[str, frozenset[str]] = {
    "calculate": frozenset({"value", "constraint", "choiceOk"}),
    "relevant": ALL,
    "required": frozenset({"required"}),
    "constraint": frozenset({"constraint"}),
    "readonly": frozenset({"readonly"}),
    "itemset": frozenset({"choiceOk", "value"}),
}


def _rules(field: Field) -> dict[str, Expression | None]:
    bind = field.bind
    rules = {"calculate": bind.calculate, "relevant": bind.relevant, "required": bind.required}
    rules |= {"constraint": bind.constraint, "readonly": bind.readonly_rule}
    return rules | {"itemset": field.itemset.nodeset if field.itemset is not None else None}


def _above(definition: FormDefinition, path: str) -> Iterator[Expression]:
    while path:
        field = definition.fields.get(path)
        if field is not None and field.bind.relevant is not None:
            yield field.bind.relevant
        path = path.rpartition("/")[0]


def _moved(definition: FormDefinition, path: str, unsteady: set[str]) -> bool:
    calculate = definition.fields[path].bind.calculate
    if calculate is not None and _reads(calculate, unsteady):
        return True
    return any(_reads(rule, unsteady) for rule in _above(definition, path))


def _reads(rule: Expression, unsteady: set[str]) -> bool:
    read = {"/" + "/".join(steps) for steps in rule.references}
    return not read.isdisjoint(unsteady)


def _chance(definition: FormDefinition, theirs: Sequence[Node]) -> Iterator[str]:
    unsent = {plain(str(node["ref"])) for node in theirs if node["kind"] == "leaf" and not node.get("raw")}
    for path, field in definition.fields.items():
        rule = field.bind.calculate
        if rule is None:
            continue
        unseeded = "randomize" in rule.functions and "," not in rule.source.partition("randomize")[2]
        drawn = unseeded or CHANCE & rule.functions
        if (drawn and ("once" not in rule.functions or path in unsent)) or "property" in rule.functions:
            yield path


def _dropped(definition: FormDefinition, theirs: Sequence[Node]) -> Iterator[str]:
    named: set[str] = set()
    for field in definition.fields.values():
        for rule in _rules(field).values():
            if rule is not None and "jr:choice-name" in rule.functions:
                named |= {"/" + "/".join(steps) for steps in rule.references}
    for node in theirs:
        path = plain(str(node["ref"]))
        raw = str(node.get("raw") or "")
        if path in named and raw and " ".join(raw.split()) != node["value"]:
            yield path


def defect(definition: FormDefinition, ref: str, theirs: object, ours: object) -> bool:
    """Whether two values differ by ``max`` or ``min`` alone."""
    field = definition.fields.get(plain(ref))
    rule = field.bind.calculate if field is not None else None
    if rule is None or not isinstance(ours, str):
        return False
    low = "max" in rule.functions and theirs in ("0", "4.9E-324") and ours.startswith("-")
    return low or ("min" in rule.functions and theirs == "1.7976931348623157E308" and ours == "Infinity")


def crashed(error: str) -> bool:
    """Whether an error of JavaRosa is of its reader, and not of a rule of the form."""
    return error.startswith(("NumberFormatException", "IllegalArgumentException", "StringIndexOutOfBoundsException"))
