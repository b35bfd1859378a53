"""Functions over answers to selects (names separated by blanks) and over the texts of choices."""

from __future__ import annotations

from forms.xpath.code import Code, as_nodes, as_string
from forms.xpath.context import Context
from forms.xpath.functions.registry import Compiler, function, special
from forms.xpath.stops import stop
from forms.xpath.syntax import Call, Text
from forms.xpath.values import Scalar, cut


def _text(value: Scalar) -> str:
    return value if isinstance(value, str) else stop("not-a-text")


@function("selected", "scalar scalar", returns="boolean")
def selected(answer: Scalar, name: Scalar) -> bool:
    """Whether ``name`` is among the names of ``answer``. Both must be texts: numbers stop a phone."""
    return f" {_text(name).strip()} " in f" {_text(answer)} "


function("is-selected", "scalar scalar", returns="boolean")(selected)


@function("count-selected", "scalar", returns="number")
def count_selected(answer: Scalar) -> float:
    """How many names ``answer`` has."""
    return float(len(_names(answer)))


def _names(answer: Scalar) -> list[str]:
    return [name for name in _text(answer).split(" ") if name]


@function("selected-at", "scalar number", returns="string")
def selected_at(answer: Scalar, place: float) -> str:
    """The name at ``place`` (from 0) of ``answer``, '' outside of it."""
    names = _names(answer)
    wanted = cut(place)
    return names[wanted] if 0 <= wanted < len(names) else ""


@special("jr:choice-name", 2, 2, "(name, question) → string")
def _choice_name(compiler: Compiler, call: Call) -> Code:
    """The label of the choice named first; the second argument is the path of the question, in quotes or bare."""
    name = as_string(compiler.compile(call.arguments[0]))
    question = call.arguments[1]
    part = compiler.compile_text(question.value) if isinstance(question, Text) else compiler.compile(question)
    if part.kind not in ("nodes", "value"):
        raise compiler.error(call, "expression.needs_path")
    nodes, look = as_nodes(part), part.look

    def run(context: Context) -> str:
        label = context.world.choice_label
        found = nodes(context) if look is None else look(context)
        if isinstance(found, list):
            if not found:
                return ""
            found = found[0]
        return label(found, name(context)) if label is not None else ""

    return Code("string", run)


@function("jr:itext", "string", returns="string", context=True)
def itext(context: Context, identifier: str) -> str:
    """The text of the form with this id, in the language in use; "[itext:id]" when there is none, as on a phone."""
    find = context.world.itext
    found = find(identifier) if find is not None else ""
    return found or f"[itext:{identifier}]"
