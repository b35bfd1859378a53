"""Applications made quickly: thousands of tests make one each, and nearly all of that time Werkzeug compiles, for each
of four hundred rules, how its address is built. The same rule gives the same code, whatever application it is in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from werkzeug.routing import Rule

_compiled: dict[tuple[Any, ...], Callable[..., tuple[str, str]]] = {}
_compile = Rule._compile_builder


def _compile_once(rule: Rule, append_unknown: bool = True) -> Callable[..., tuple[str, str]]:
    if rule.defaults:
        return _compile(rule, append_unknown)
    key = (rule.rule, tuple(rule._trace), append_unknown)
    if key not in _compiled:
        _compiled[key] = _compile(rule, append_unknown)
    return _compiled[key]


def compile_rules_once() -> None:
    """From now on."""
    Rule._compile_builder = _compile_once  # type: ignore[method-assign]
