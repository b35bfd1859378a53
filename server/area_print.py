"""One area as of a day, for people at a terminal."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from server.area_words import LABELS

MOST = 60

Say = Callable[[str], str]


def print_report(console: Console, body: Mapping[str, Any], language: str) -> None:
    """Prints what `report_body` made."""

    def say(word: str) -> str:
        found = LABELS.get(word)
        return word if found is None else str(getattr(found, language))

    console.print(Text(body["name"], style="bold"))
    console.print(_facts_of(body, say))
    for name, rows in (
        ("came", [_step(each, say) for each in body["cameFrom"]]),
        ("went", [_step(each, say) for each in body["wentInto"]]),
        ("own", [_step(each, say) for each in body["changes"]]),
        ("versions", [_version(each, say) for each in body["versions"]]),
        ("facts", [_classification(each, say) for each in body["classifications"]]),
        (
            "shapes",
            [(each["kind"], each["geometry"]["type"], each["status"], each["source"]) for each in body["shapes"]],
        ),
        ("elsewhere", [_version(each, say) for each in body["otherBearersOfCode"]]),
        ("below", [(each["code"], each["name"], each["kind"]) for each in body["children"]]),
    ):
        if rows:
            _print_rows(console, say(name), rows)


def _facts_of(body: Mapping[str, Any], say: Say) -> Table:
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    flags = ", ".join(f"{name}: {_value(value, say)}" for name, value in body["flags"].items())
    above = " · ".join(f"{each['name']} ({each['code'] or '–'})" for each in body["parents"])
    table.add_row(say("on"), body["on"] + ("" if body["inBeing"] else f" · {say('not_in_being')}"))
    for label, value in (
        ("code", body["code"] or "–"),
        ("kind", body["kind"]),
        ("above", above or say("none")),
        ("time", _time(body)),
        ("flags", flags or say("none")),
        ("status", body["status"]),
        ("source", body["source"]),
    ):
        table.add_row(say(label), Text(str(value)))
    return table


def _print_rows(console: Console, title: str, rows: Sequence[Sequence[object]]) -> None:
    console.print(Text(f"{title} ({len(rows)})", style="bold"))
    table = Table(show_header=False, box=None, padding=(0, 2, 0, 1))
    for row in rows[:MOST]:
        table.add_row(*(Text("–" if cell in (None, "") else str(cell)) for cell in row))
    if len(rows) > MOST:
        table.add_row(f"… {len(rows) - MOST}")
    console.print(table)


def _step(each: Mapping[str, Any], say: Say) -> tuple[object, ...]:
    return (
        each["on"],
        each["code"],
        each["name"],
        say(each["kind"]),
        say(each["extent"]),
        each["decree"],
        each["status"],
    )


def _version(each: Mapping[str, Any], say: Say) -> tuple[object, ...]:
    return _time(each), each["code"], each["name"], each["kind"], each["status"], each["source"]


def _classification(each: Mapping[str, Any], say: Say) -> tuple[object, ...]:
    decision = each["decisionNumber"] or say("no_decision"), each["decisionDate"], each["authority"]
    return each["name"], _value(each["value"], say), *decision, _time(each), each["status"]


def _value(value: object, say: Say) -> str:
    if value is None:
        return say("unknown")
    return say("yes") if value is True else say("no") if value is False else str(value)


def _time(each: Mapping[str, Any]) -> str:
    return f"[{each['validFrom'] or '…'}, {each['validTo'] or '…'})"
