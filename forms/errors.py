"""What can be wrong with a form or an answer.

::

    FormsError                 code (a message id) and params
    ├── ConversionError        a workbook that gives no form; problems with sheet, row and remedy
    ├── DefinitionError        an XForm that cannot be used; errors holds every one that was found
    │   └── ExpressionError    one expression of it that cannot be compiled
    ├── EvaluationError        one expression that cannot be evaluated with the answers as they are
    └── InstanceError          a submission that cannot be read at all

Errors are raised. What a readable submission says wrongly is a :class:`Finding`, and is returned.
No sentence stands here: ``code`` is looked up in a catalogue where the reader's language is known.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Severity = Literal["error", "warning", "info"]
Weight = Literal["error", "warning", "advice"]

FAULTS = (ArithmeticError, AttributeError, LookupError, RecursionError, TypeError, ValueError)
"""What an expression may raise, EvaluationError among them: caught where a submission is judged, and told there."""

KINDS: Mapping[str, tuple[Severity, ...]] = {
    "type": ("error", "warning"),
    "required": ("error", "warning"),
    "constraint": ("error",),
    "choice": ("error",),
    "range": ("error",),
    "relevance": ("warning",),
    "calculation": ("info",),
    "repeat-count": ("warning",),
    "missing-node": ("warning",),
    "unknown-node": ("info",),
    "duplicate": ("warning",),
    "entity": ("error",),
    "attachment": ("warning", "info"),
    "version": ("warning", "info"),
    "instance-id": ("warning",),
    "device": ("warning", "error"),
    "round": ("warning",),
    "not-evaluated": ("warning",),
    "not-evaluable": ("info",),
    "unreadable": ("error",),
}
"""Every kind of finding with the severities that it may have (docs/findings.md says what each means). The kinds
attachment, version, instance-id, device and round come from intake, which knows files, versions, keys and rounds; all
others from forms.validate."""


class FormsError(Exception):
    """Anything raised by this package. ``code`` is a message id, ``params`` what its sentence names."""

    def __init__(self, code: str, params: Mapping[str, object] | None = None) -> None:
        self.code = code
        self.params: dict[str, object] = dict(params or {})
        super().__init__(code, self.params)

    def __str__(self) -> str:
        said = ", ".join(f"{key}={value!r}" for key, value in self.params.items())
        return f"{self.code} ({said})" if said else self.code

    def __reduce__(self) -> tuple[Any, ...]:
        return (_rebuild, (type(self), dict(self.__dict__)))


@dataclass(frozen=True)
class Problem:
    """One thing to mend in a workbook.

    ``sheet``, ``row`` (1 is the header) and ``column`` (its header) say where, None when the source does not tell;
    ``path`` names the node. ``message`` is a message id or, where pyxform speaks, its own English sentence. ``remedy``
    is a message id. ``weight``: an "error" is not published, a "warning" only when it is to be ignored.
    """

    sheet: str | None
    row: int | None
    message: str
    remedy: str
    params: Mapping[str, object] = field(default_factory=dict)
    column: str | None = None
    path: str | None = None
    weight: Weight = "error"


def problem_as_json(problem: Problem) -> dict[str, Any]:
    """A problem as it is kept beside the form."""
    return {**asdict(problem), "params": {key: _kept(value) for key, value in problem.params.items()}}


def problem_from_json(kept: Mapping[str, Any]) -> Problem:
    """What :func:`problem_as_json` kept."""
    return Problem(**kept)


def _kept(value: object) -> object:
    return value if isinstance(value, str | int | float | None) else str(value)


class ConversionError(FormsError):
    """A workbook that gives no form, or a form that may not be published."""

    def __init__(
        self, code: str, params: Mapping[str, object] | None = None, problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(code, params)
        self.problems = problems


class DefinitionError(FormsError):
    """An XForm that cannot be used. ``errors`` holds all that were found, this one first."""

    def __init__(self, code: str, params: Mapping[str, object] | None = None) -> None:
        super().__init__(code, params)
        self.errors: tuple[DefinitionError, ...] = (self,)

    def __reduce__(self) -> tuple[Any, ...]:
        state = dict(self.__dict__)
        state["errors"] = tuple(error for error in self.errors if error is not self)
        return (_rebuild, (type(self), state))


class ExpressionError(DefinitionError):
    """One expression that cannot be compiled.

    params: ``source``, ``position`` (from 0), ``remedy`` (a message id) as far as known; the parser of forms adds
    ``field`` and ``property``.
    """


class EvaluationError(FormsError, ValueError):
    """An expression that a phone stops at, with answers as they are: a date that is none, a field that is repeated.

    code: "expression.stopped"; params: ``reason``, a short English key ("several-nodes", "not-a-date", "unsupported",
    …; all stand in forms/xpath/stops.py).
    """


class InstanceError(FormsError):
    """A submission that cannot be read: not XML, with a DOCTYPE, too deep, too large, of no form."""


def _rebuild(kind: type[FormsError], state: dict[str, Any]) -> FormsError:
    error = kind(state["code"], state["params"])
    if isinstance(error, DefinitionError):
        state["errors"] = (error, *state["errors"])
    error.__dict__.update(state)
    return error


@dataclass(frozen=True)
class Finding:
    """What the rules of a form say of one answer.

    ``kind``: one of ``KINDS``. ``path``: "/data/member[2]/m_age". ``severity``: an "error" gives the submission its
    issues. ``value``: as sent, less the blanks around it. ``message``: the form's own text by language, ``{}`` when it
    has none. ``params``: what our own sentence names.
    """

    kind: str
    path: str
    severity: Severity
    value: str | None = None
    message: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, object] = field(default_factory=dict)


def expected_of(params: Mapping[str, object]) -> str | None:
    """What a finding says was expected: a value, a type, the ends of a range, an expression; None: nothing is named."""
    for name in ("calculated", "expected", "type"):
        if name in params:
            return str(params[name])
    if "start" in params and "end" in params:
        return f"{params['start']} … {params['end']}"
    return str(params["expression"]) if "expression" in params else None
