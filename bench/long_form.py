"""Forms of any length, for measuring how cost grows with the number of questions."""

from __future__ import annotations

import datetime as dt
from xml.sax.saxutils import quoteattr

KINDS = 10
"""Questions of a group: every tenth has a calculation, a filter for relevance, a filtered list, …"""
CHOICES = ("a", "b", "c", "d")

_BIND = "<bind nodeset={path} type={kind}{rules}/>"


def long_form(questions: int) -> bytes:
    """An XForm of so many questions in groups of ten, which read each other's answers within and across groups."""
    binds: list[str] = []
    body: list[str] = []
    groups: list[str] = []
    for number in range(questions // KINDS):
        names = "".join(f"<{name}/>" for name in _NAMES)
        groups.append(f"<g{number}>{names}</g{number}>")
        above = f"/data/g{number}"
        for name, (kind, control, rules) in _QUESTIONS.items():
            path = f"{above}/{name}"
            said = {key: rule.format(above=above, before=f"/data/g{max(number - 1, 0)}") for key, rule in rules.items()}
            written = "".join(f" {key}={quoteattr(rule)}" for key, rule in said.items())
            binds.append(_BIND.format(path=quoteattr(path), kind=quoteattr(kind), rules=written))
            body.append(_control(control, path, above))
    items = "".join(f"<item><name>{name}</name><of>{name in 'ab'}</of></item>" for name in CHOICES)
    return _FORM.format(groups="".join(groups), items=items, binds="".join(binds), body="".join(body)).encode()


def long_sheet(questions: int, turn: int) -> bytes:
    """The form filled in without a fault; each turn says something else."""
    groups = []
    for number in range(questions // KINDS):
        age = (number * 7 + turn) % 90
        days = dt.date(2020, 1, 1) + dt.timedelta(days=number + turn)
        said = {
            "name": f"Nguyễn Văn {number} {turn}",
            "age": age,
            "adult": int(age >= 18),
            "work": "a" if age >= 18 else "",
            "kind": "a",
            "some": "a c d",
            "size": f"{(number + turn) % 40}.5",
            "total": age + (number + turn) % 40 + 0.5,
            "day": days.isoformat(),
            "note": "không có gì",
        }
        groups.append(f"<g{number}>{''.join(f'<{key}>{value}</{key}>' for key, value in said.items())}</g{number}>")
    meta = f"<meta><instanceID>uuid:{turn:032x}</instanceID></meta>"
    return f'<data id="long_form" version="1">{"".join(groups)}{meta}</data>'.encode()


_QUESTIONS: dict[str, tuple[str, str, dict[str, str]]] = {
    "name": ("string", "input", {"required": "true()"}),
    "age": ("int", "input", {"required": "true()", "constraint": ". >= 0 and . < 120"}),
    "adult": ("string", "", {"calculate": "if({above}/age >= 18, 1, 0)"}),
    "work": ("string", "fixed", {"relevant": "{above}/adult = 1", "required": "{above}/age < 60"}),
    "kind": ("string", "filtered", {"relevant": "{above}/name != ''"}),
    "some": ("string", "several", {"constraint": "not(selected(., 'b')) or count-selected(.) = 1"}),
    "size": ("decimal", "input", {"constraint": ". <= 1000 and . >= 0"}),
    "total": ("decimal", "", {"calculate": "{above}/age + {above}/size"}),
    "day": ("date", "input", {"constraint": ". <= today()", "relevant": "{before}/total >= 0"}),
    "note": ("string", "input", {"required": "{before}/age > 200"}),
}
_NAMES = tuple(_QUESTIONS)
_FORM = """<h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
 xmlns:jr="http://openrosa.org/javarosa"><h:head><h:title>Long form</h:title><model>
<instance><data id="long_form" version="1">{groups}<meta><instanceID/></meta></data></instance>
<instance id="list"><root>{items}</root></instance>
{binds}<bind nodeset="/data/meta/instanceID" type="string" jr:preload="uid"/></model></h:head>
<h:body>{body}</h:body></h:html>"""


def _control(kind: str, path: str, above: str) -> str:
    ref = quoteattr(path)
    if not kind:
        return ""
    if kind == "input":
        return f"<input ref={ref}><label>?</label></input>"
    if kind == "filtered":
        nodeset = quoteattr(f"instance('list')/root/item[of = 'True' or {above}/age > 200]")
        inside = f'<itemset nodeset={nodeset}><value ref="name"/><label ref="name"/></itemset>'
        return f"<select1 ref={ref}><label>?</label>{inside}</select1>"
    inside = "".join(f"<item><label>{name}</label><value>{name}</value></item>" for name in CHOICES)
    tag = "select" if kind == "several" else "select1"
    return f"<{tag} ref={ref}><label>?</label>{inside}</{tag}>"
