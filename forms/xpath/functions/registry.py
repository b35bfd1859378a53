"""Where the functions of the expression language are entered: one decorated function each.

The signature is words, one an argument: string, number, boolean, exact (a number, moments with their time of day),
scalar (one value of any type), value (as it is) or nodes; "?" after a word makes it optional, "*" takes any further
ones. A function that reads the context takes it first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from forms.errors import ExpressionError
from forms.xpath.code import (
    Code,
    Kind,
    as_boolean,
    as_exact_number,
    as_number,
    as_scalar,
    as_string,
    as_sure_nodes,
    as_value,
    fold,
)
from forms.xpath.syntax import Call, Expr

Argument = Callable[[Code], Callable[[Any], Any]]
_READERS: dict[str, Argument] = {
    "string": as_string,
    "number": as_number,
    "boolean": as_boolean,
    "scalar": as_scalar,
    "exact": as_exact_number,
    "value": as_value,
    "nodes": as_sure_nodes,
}


class Compiler(Protocol):
    """What a function that compiles its own arguments is given."""

    def compile(self, expression: Expr) -> Code:
        """Compile an argument."""

    def compile_text(self, source: str) -> Code:
        """Compile an expression that stands in a literal."""

    def error(self, call: Call, code: str) -> ExpressionError:
        """The error to raise for a call."""


Builder = Callable[[Compiler, Call], Code]


@dataclass(frozen=True, slots=True)
class Entry:
    """A function as known: its name, how many arguments it takes (``most`` None: any number) and how it is compiled.

    ``body`` has what it does as its documentation; ``signature`` says arguments and result for people.
    """

    name: str
    fewest: int
    most: int | None
    build: Builder
    body: Callable[..., Any]
    signature: str
    volatile: bool = False


REGISTRY: dict[str, Entry] = {}


def function(
    name: str, signature: str = "", *, returns: Kind, context: bool = False, volatile: bool = False
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Enter a function under ``name``. ``volatile`` ones give another value each time (now, random) or on
    each device (property)."""
    words = signature.split()
    readers = [_READERS[word.rstrip("?*")] for word in words]
    wants_nodes = [word.startswith("nodes") for word in words]
    endless = bool(words) and words[-1].endswith("*")
    fewest = sum(1 for word in words if word[-1] not in "?*")

    def enter(body: Callable[..., Any]) -> Callable[..., Any]:
        def build(compiler: Compiler, call: Call) -> Code:
            parts = [compiler.compile(argument) for argument in call.arguments]
            arguments = []
            for place, part in enumerate(parts):
                slot = min(place, len(readers) - 1)
                if wants_nodes[slot] and part.kind not in ("nodes", "value"):
                    raise compiler.error(call, "expression.needs_nodes")
                arguments.append(readers[slot](part))
            code = Code(returns, _caller(body, arguments, context))
            return code if context or volatile else fold(code, *parts)

        most = None if endless else len(words)
        REGISTRY[name] = Entry(name, fewest, most, build, body, _told(name, body, words, returns), volatile)
        return body

    return enter


def _told(name: str, body: Callable[..., Any], words: list[str], returns: Kind) -> str:
    parameters = [each for each in inspect.signature(body).parameters.values() if each.name != "context"]
    said = []
    for place, word in enumerate(words):
        parameter = parameters[min(place, len(parameters) - 1)]
        endless = word.endswith("*")
        plain = parameter.kind is parameter.VAR_POSITIONAL and not endless
        argument = word.rstrip("?*").replace("exact", "number") if plain else parameter.name.replace("_", " ")
        said.append(f"{argument}{'?' if word.endswith('?') else ' …' if endless else ''}")
    return f"{name}({', '.join(said)}) → {'value' if returns == 'scalar' else returns}"


def special(name: str, fewest: int, most: int | None, signature: str) -> Callable[[Builder], Builder]:
    """Enter a function that compiles its own arguments, for laziness or because it looks at their form.

    ``signature`` as people read it, without the name: "(text) → number".
    """

    def enter(build: Builder) -> Builder:
        REGISTRY[name] = Entry(name, fewest, most, build, build, f"{name}{signature}")
        return build

    return enter


def _caller(body: Callable[..., Any], arguments: list[Callable[[Any], Any]], context: bool) -> Callable[[Any], Any]:
    if context:
        if not arguments:
            return body
        if len(arguments) == 1:
            only = arguments[0]
            return lambda place: body(place, only(place))
        return lambda place: body(place, *[argument(place) for argument in arguments])
    if not arguments:
        return lambda _: body()
    if len(arguments) == 1:
        only = arguments[0]
        return lambda place: body(only(place))
    if len(arguments) == 2:
        first, second = arguments
        return lambda place: body(first(place), second(place))
    return lambda place: body(*[argument(place) for argument in arguments])
