"""Expressions compiled once per form to Python closures.

``compile_expression`` is the way in; what it returns is evaluated against a Context as often as answers arrive.
Evaluation raises EvaluationError where a phone stops, and nothing else.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from forms.errors import ExpressionError
from forms.xpath import operators, paths
from forms.xpath.code import Code, as_boolean, as_nodes, as_number, as_string, as_truth, constant
from forms.xpath.context import Context
from forms.xpath.functions import REGISTRY
from forms.xpath.lookups import chain, find_key, keyed_step
from forms.xpath.parser import parse
from forms.xpath.phone_paths import route_of
from forms.xpath.references import functions_of, references_of
from forms.xpath.stops import Reason, stop
from forms.xpath.syntax import ANY_NAME, ANY_NODE, Binary, Call, Expr, Number, Path, Step, Text
from forms.xpath.values import Node, Value
from forms.xpath.walking import PRODUCTS, SUMS, terms

MOST_NESTED = 3
"""How many terms a sum may have after the first to be compiled as nested ones, which is quicker."""


class Expression:
    """A compiled expression.

    ``references``: the absolute paths it reads, without predicates, as tuples ("data", "member", "age"); where it reads
    everything below an element (a wildcard), that element's path. ``functions``: the names it calls. ``volatile``: its
    value may change without any answer changing. ``constant``: its value never changes.
    """

    __slots__ = ("boolean", "constant", "evaluate", "functions", "number", "references", "source", "string", "volatile")

    evaluate: Callable[[Context], Value]
    """The value as it is: text, number, truth value, moment or nodes."""
    boolean: Callable[[Context], bool]
    string: Callable[[Context], str]
    number: Callable[[Context], float]

    def __init__(self, source: str, code: Code, references: frozenset[tuple[str, ...]], names: frozenset[str]) -> None:
        self.source = source
        self.references = references
        self.functions = names
        self.volatile = any(name in REGISTRY and REGISTRY[name].volatile for name in names)
        self.constant = code.constant
        self.evaluate = code.run
        self.boolean = as_boolean(code)
        self.string = as_string(code)
        self.number = as_number(code)

    def __repr__(self) -> str:
        return f"Expression({self.source!r})"

    def __reduce__(self) -> tuple[Any, ...]:
        # closures cannot be pickled; the context path is spent, and the references are carried over as they are
        return (_restore, (self.source, self.references))


def _restore(source: str, references: frozenset[tuple[str, ...]]) -> Expression:
    expression = compile_expression(source)
    expression.references = references
    return expression


def compile_expression(source: str, context_path: tuple[str, ...] = (), *, late: bool = False) -> Expression:
    """Compile ``source``, which stands at the element ``context_path`` (("data", "group", "field")).

    ``late``: what is wrong with a call (an unknown function, wrong arguments) is raised as EvaluationError when the
    call is reached, as on a phone, and never where it is not.

    Raises ExpressionError; params: ``source``, ``position`` (from 0), ``remedy`` and, about a function, ``function``.
    Codes: expression.syntax, expression.empty, expression.too_deep, expression.axis, expression.unknown_function,
    expression.argument_count, expression.needs_nodes, expression.needs_path, expression.bad_pattern.
    """
    try:
        tree = parse(source)
        code = _Compiler(source, late).compile(tree)
        return Expression(source, code, references_of(tree, context_path), functions_of(tree))
    except RecursionError:
        params = {"source": source[:80], "position": 0, "remedy": "expression.too_deep.remedy"}
        raise ExpressionError("expression.too_deep", params) from None


def known_functions() -> tuple[str, ...]:
    """The names of all functions that expressions may call, sorted."""
    return tuple(sorted(REGISTRY))


class _Compiler:
    def __init__(self, source: str, late: bool) -> None:
        self.source = source
        self.late = late
        self.compiled: dict[int, tuple[Expr, Code]] = {}

    def compile(self, expression: Expr) -> Code:
        # a predicate is asked for several times: for both ways to walk, and for the index
        known = self.compiled.get(id(expression))
        if known is None:
            known = self.compiled[id(expression)] = (expression, self._compile(expression))
        return known[1]

    def _compile(self, expression: Expr) -> Code:
        if isinstance(expression, (Text, Number)):
            return constant(expression.value)
        if isinstance(expression, Binary):
            return self._binary(expression)
        if isinstance(expression, Path):
            return self._path(expression)
        if isinstance(expression, Call):
            return self._call(expression)
        return operators.negation(self.compile(expression.operand))

    def compile_text(self, source: str) -> Code:
        return self.compile(parse(source))

    def error(self, call: Call, code: str) -> ExpressionError:
        params = {"source": self.source, "position": call.position, "remedy": f"{code}.remedy", "function": call.name}
        return ExpressionError(code, params)

    def _binary(self, expression: Binary) -> Code:
        name = expression.operator
        if name in ("and", "or"):
            return operators.conjunction(name, [self.compile(operand) for operand in chain(expression, name)])
        if name in SUMS or name in PRODUCTS:
            first, rest = terms(expression)
            if len(rest) > MOST_NESTED:
                return operators.sum_of(self.compile(first), [(sign, self.compile(term)) for sign, term in rest])
        left, right = self.compile(expression.left), self.compile(expression.right)
        if name in ("=", "!="):
            return operators.equality(name, left, right)
        if name in ("<", "<=", ">", ">="):
            return operators.relation(name, left, right)
        if name == "|":
            return operators.union(left, right)
        return operators.arithmetic(name, left, right)

    def _call(self, call: Call) -> Code:
        if not self.late:
            return self._checked_call(call)
        try:
            return self._checked_call(call)
        except ExpressionError as error:
            reason: Reason = "unknown-function" if error.code.endswith("unknown_function") else "bad-call"
            return Code("value", lambda _: stop(reason))

    def _checked_call(self, call: Call) -> Code:
        entry = REGISTRY.get(call.name)
        if entry is None:
            raise self.error(call, "expression.unknown_function")
        count = len(call.arguments)
        if count < entry.fewest or (entry.most is not None and count > entry.most):
            raise self.error(call, "expression.argument_count")
        return entry.build(self, call)

    def _path(self, path: Path) -> Code:
        simple = _simple(path)
        if simple is not None:
            return paths.simple_path(*simple)
        route = route_of(path, lambda predicate: paths.keeper(self.compile(predicate)))
        if isinstance(path.start, Call) and path.start.name == "instance" and not path.predicates:
            return paths.either(self._instance_path(path.start, path.steps), route, quick=True)
        try:
            return paths.either(self._wide_path(path), route)
        except ExpressionError:
            if not self.late:
                raise
            return Code("value", lambda _: stop("unsupported"))

    def _wide_path(self, path: Path) -> Code:
        if path.start == "root":
            return paths.general_path(paths.from_root, self._steps(path.steps))
        if path.start == "here":
            return paths.general_path(_here, self._steps(path.steps))
        start = self.compile(path.start)
        if start.kind not in ("nodes", "value"):
            params = {"source": self.source, "position": 0, "remedy": "expression.needs_path.remedy"}
            raise ExpressionError("expression.needs_path", params)
        nodes = as_nodes(start)
        if path.predicates:
            nodes = paths.filtered(nodes, [self.compile(predicate) for predicate in path.predicates])
        return paths.general_path(nodes, self._steps(path.steps))

    def _instance_path(self, call: Call, steps: tuple[Step, ...]) -> Code:
        """instance('x')/root/…: the first name is not looked at, as on a phone; equalities are answered by an index."""
        start = as_nodes(self.compile(call))
        if steps and steps[0].axis == "child" and not steps[0].predicates:
            start, steps = paths.instance_root(as_string(self.compile(call.arguments[0]))), steps[1:]
        return paths.general_path(start, self._steps(steps, indexed=True))

    def _steps(self, steps: tuple[Step, ...], indexed: bool = False) -> list[paths.Move]:
        return [(self._keyed(step) if indexed else None) or self._step(step) for step in steps]

    def _step(self, step: Step) -> paths.Move:
        return paths.move(step, [self.compile(predicate) for predicate in step.predicates])

    def _keyed(self, step: Step) -> paths.Move | None:
        key = find_key(step.predicates[0]) if step.predicates and step.axis == "child" else None
        if key is None or step.test in (ANY_NAME, ANY_NODE):
            return None
        same = self.compile(Binary("=", Path("here", (Step("child", key.name),)), key.other))
        rest = [self.compile(predicate) for predicate in (*key.rest, *step.predicates[1:])]
        keyed = keyed_step(step.test, key.name, self.compile(key.other), paths.keeper(same))
        return paths.then_keep(keyed, [as_truth(one) for one in rest[: len(key.rest)]] + rest[len(key.rest) :])


def _here(context: Context) -> list[Node]:
    return [context.node]


def _simple(path: Path) -> tuple[paths.Start, int, tuple[str, ...]] | None:
    """Start, number of ".." and child names of a path that has nothing else; None for all others."""
    start: paths.Start
    if path.start == "root":
        start = "root"
    elif path.start == "here":
        start = "here"
    elif isinstance(path.start, Call) and path.start.name == "current" and not path.predicates:
        start = "current"
    else:
        return None
    ups, names = 0, []
    for step in path.steps:
        if step.predicates or step.prefix:
            return None
        if step.axis == "child" and step.test not in (ANY_NAME, ANY_NODE):
            names.append(step.test)
        elif step.axis == "parent" and step.test == ANY_NODE and not names and start != "root":
            ups += 1
        elif not _stays(step):
            return None
    if start == "root" and not names:
        return None
    return start, ups, tuple(names)


def _stays(step: Step) -> bool:
    return step.axis == "self" and step.test == ANY_NODE
