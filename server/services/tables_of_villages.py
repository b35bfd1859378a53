"""The tables of villages: how each was assessed by each rule set, their lists by class, and one flat table of all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy.orm import Session

from server.criteria.ruleset import RuleSet
from server.exports.sheets import COUNT, DAY, DECIMAL, MOMENT, YES_NO, Column, Value, Word
from server.services.authenticate import VIETNAM
from server.services.round_law import law_of
from server.services.table_clauses import (
    BASES,
    asked_in,
    clause_verdict,
    found_in,
    leaves_of,
    numbers_in,
    sources_of,
    standing_of,
)
from server.services.table_units import (
    AT_ONCE,
    PLACE_COLUMNS,
    VILLAGE_COLUMNS,
    Asked,
    Key,
    Listed,
    Places,
    Row,
    units_of,
)
from server.services.verdicts import VerdictView, verdicts_of
from server.storage.recognised import Recognised, list_recognised
from server.storage.rounds import RoundView, list_rounds

BASIS = Column("basis", Word("basis", "table.basis"))
SYNTHETIC = Column("synthetic", Word("synthetic", "table.synthetic"), YES_NO)
LATER = Column("later", Word("later", "table.later"))
_LAST = (
    BASIS,
    LATER,
    Column("submission", Word("submission", "table.submission")),
    Column("computed", Word("computed", "table.computed"), MOMENT),
    SYNTHETIC,
)


def assessed_villages(session: Session, asked: Asked) -> list[Listed]:
    """Mẫu số 1: for each rule set for villages a table, one line for each village, with each criterion's value, what is
    asked and what it comes to."""
    units = units_of(session, asked, "village")
    laws = [one for one in law_of(session, asked.round, "village") if one.roots]
    return [_assessed(session, asked, (one, units)) for one in laws]


def _assessed(session: Session, asked: Asked, what: tuple[RuleSet, Sequence[Key]]) -> Listed:
    rule_set, units = what
    leaves = leaves_of(rule_set)
    columns = [*VILLAGE_COLUMNS, Column("verdict", Word("verdict", "table.verdict")), *_LAST]
    for leaf in leaves:
        columns += _columns_of(leaf)
    ids = [leaf["id"] for leaf in leaves]

    def rows_of(some: Sequence[Key]) -> Iterator[Row]:
        places = Places(session, asked.round.cutoff)
        for view in _views(session, asked, places, some):
            if view.rule_set is not None and view.rule_set.id == rule_set.id:
                yield _assessed_row(places, view, ids)

    return Listed(rule_set.id, Word(rule_set.id, rule_set.title), columns, units, rows_of)


def _columns_of(leaf: Mapping[str, Any]) -> list[Column]:
    """The three columns of a criterion."""
    found = []
    for part in ("value", "threshold", "verdict"):
        title = {language: f"{leaf['title'].get(language, leaf['title']['vi'])}" for language in ("vi", "en")}
        words = {"vi": _PARTS[part][0], "en": _PARTS[part][1]}
        both = {language: f"{title[language]} ({leaf['article']}): {words[language]}" for language in title}
        found.append(Column(f"{leaf['id']}.{part}", Word(f"{leaf['id']}.{part}", both)))
    return found


_PARTS = {"value": ("số liệu", "value"), "threshold": ("mức quy định", "asked"), "verdict": ("kết quả", "result")}


def _assessed_row(places: Places, view: VerdictView, leaves: Sequence[str]) -> Row:
    rule_set = view.rule_set
    assert rule_set is not None
    clauses = {clause["id"]: clause for clause in view.clauses}
    cells: list[Value] = [*places.cells(view.area), standing_of(view), *_last(view)]
    for leaf in leaves:
        clause = clauses.get(leaf)
        if clause is None:
            cells += [None, None, None]
        else:
            cells += [found_in(rule_set, clause), asked_in(rule_set, clause), clause_verdict(clause["verdict"])]
    return cells


def _last(view: VerdictView) -> Row:
    computed = view.computed_at.astimezone(VIETNAM) if view.computed_at else None
    return (BASES[view.basis], _later(view), view.instance_id, computed, view.synthetic)


def _later(view: VerdictView) -> Value:
    """What a newer submission, not approved yet, would make of it; None where there is none."""
    return standing_of(view.provisional) if view.provisional else None


def _views(session: Session, asked: Asked, places: Places, some: Sequence[Key]) -> list[VerdictView]:
    areas = places.list([area_id for _, area_id in some])
    return verdicts_of(session, asked.round, areas, asked.scope)


# lists by class


def classed_villages(session: Session, asked: Asked) -> list[Listed]:
    """The villages with what each rule set says of them and what decisions recognised them to be; before them how many
    are of each class."""
    return classed(session, asked, "village", ("dac_biet_kho_khan", "thon_dat_ntm"))


def classed_communes(session: Session, asked: Asked) -> list[Listed]:
    """The same of communes: areas I, II, III, and completed or not."""
    return classed(session, asked, "commune", ("khu_vuc", "xa_dat_ntm"))


def classed(session: Session, asked: Asked, unit: str, facts: Sequence[str]) -> list[Listed]:
    """A list by class of villages or communes, and the counts by class. `facts`: what decisions recognise."""
    units = units_of(session, asked, unit)
    laws = [one for one in law_of(session, asked.round, unit) if one.roots]
    places = Places(session, asked.round.cutoff)
    columns = [*(VILLAGE_COLUMNS if unit == "village" else PLACE_COLUMNS)]
    for law in laws:
        columns += [Column(law.id, Word(law.id, law.title)), Column(f"{law.id}.basis", _beside(law))]
    for fact in facts:
        columns += _recognised_columns(fact)

    def rows_of(some: Sequence[Key]) -> Iterator[Row]:
        areas = places.list([area_id for _, area_id in some])
        said = list_recognised(session, {area.id for area in areas}, asked.round.cutoff)
        views = verdicts_of(session, asked.round, areas, asked.scope, unit)
        for area, own in groupby(views, key=lambda view: view.area):
            yield _classed_row(places.cells(area), list(own), (laws, facts, said.get(area.id, ())))

    def counts_of(_: Sequence[Key]) -> Iterator[Row]:
        yield from _counted(session, asked, unit, (laws, facts, units))

    name = "communes" if unit == "commune" else "villages"
    summary = Listed("summary", Word("summary", "table.summary"), _SUMMARY, units[:1], counts_of)
    listed = Listed(name, Word(name, f"table.list.{name}"), [*columns, SYNTHETIC], units, rows_of)
    return [listed, summary]


_SUMMARY = (
    Column("who", Word("who", "table.who")),
    Column("question", Word("question", "table.question")),
    Column("class", Word("class", "table.class")),
    Column("count", Word("count", "table.count"), COUNT),
)
_COMPUTED, _RECOGNISED = Word("computed", "table.who.computed"), Word("recognised", "table.who.recognised")


def _beside(law: RuleSet) -> Word:
    return Word(f"{law.id}.basis", {language: f"{law.title.get(language, law.id)}: {word}" for language, word in _REST})


_REST = (("vi", "căn cứ"), ("en", "rests on"))


def _recognised_columns(fact: str) -> list[Column]:
    return [
        Column(f"recognised.{fact}", Word(fact, f"table.recognised.{fact}")),
        Column(f"recognised.{fact}.decision", Word(fact, "table.recognised.decision")),
        Column(f"recognised.{fact}.date", Word(fact, "table.recognised.date"), DAY),
        Column(f"recognised.{fact}.status", Word(fact, "table.recognised.status")),
    ]


def _classed_row(
    place: Row, views: Sequence[VerdictView], what: tuple[Sequence[RuleSet], Sequence[str], Sequence[Recognised]]
) -> Row:
    laws, facts, said = what
    by_law = {view.rule_set.id: view for view in views if view.rule_set is not None}
    cells: list[Value] = [*place]
    for law in laws:
        view = by_law.get(law.id)
        cells += [standing_of(view), BASES[view.basis]] if view else [None, None]
    by_name = {one.name: one for one in said}
    for fact in facts:
        one = by_name.get(fact)
        status = Word(one.status, f"desk.status.{one.status}") if one else None
        cells += [recognised_value(one), one.decision_number, one.decision_date, status] if one else [None] * 4
    invented = any(view.synthetic for view in views) or any(one.synthetic for one in said)
    return [*cells, invented]


def recognised_value(one: Recognised | None) -> Value:
    """What a decision says: an area I, II, III in Roman figures; yes, no, a number; None where it is not known."""
    if one is None or one.value is None:
        return None
    if one.name == "khu_vuc" and not isinstance(one.value, bool):
        roman = {1: "I", 2: "II", 3: "III"}.get(one.value, str(one.value))
        return Word(str(one.value), {"vi": f"Khu vực {roman}", "en": f"Area {roman}"})
    return one.value if isinstance(one.value, bool | int | float | str) else str(one.value)


def _counted(
    session: Session, asked: Asked, unit: str, what: tuple[Sequence[RuleSet], Sequence[str], Sequence[Key]]
) -> Iterator[Row]:
    laws, facts, units = what
    places = Places(session, asked.round.cutoff)
    words: dict[tuple[str, str], Word] = {}
    found: Counter[tuple[str, str]] = Counter()
    for start in range(0, len(units), AT_ONCE):
        areas = places.list([area_id for _, area_id in units[start : start + AT_ONCE]])
        for view in verdicts_of(session, asked.round, areas, asked.scope, unit):
            if view.rule_set is not None:
                word = standing_of(view)
                words[view.rule_set.id, word.code] = word
                found[view.rule_set.id, word.code] += 1
        said = list_recognised(session, {area.id for area in areas}, asked.round.cutoff)
        for area in areas:
            by_name = {one.name: one for one in said.get(area.id, ())}
            for fact in facts:
                word = _recognised_word(by_name.get(fact))
                words[fact, word.code] = word
                found[fact, word.code] += 1
    for law in laws:
        for key in sorted(each for each in found if each[0] == law.id):
            yield (_COMPUTED, Word(law.id, law.title), words[key], found[key])
    for fact in facts:
        for key in sorted(each for each in found if each[0] == fact):
            yield (_RECOGNISED, Word(fact, f"table.recognised.{fact}"), words[key], found[key])


def _recognised_word(one: Recognised | None) -> Word:
    value = recognised_value(one)
    if isinstance(value, Word):
        return value
    if value is None:
        return Word("none", "table.recognised.none")
    if isinstance(value, bool):
        return Word("yes" if value else "no", "table.yes" if value else "table.no")
    return Word(str(value), {"vi": str(value), "en": str(value)})


# one flat table

FLAT_COLUMNS = (
    Column("round", Word("round", "table.round")),
    Column("cutoff", Word("cutoff", "table.cutoff"), DAY),
    Column("locked", Word("locked", "table.locked"), YES_NO),
    *VILLAGE_COLUMNS,
    Column("village_id", Word("village_id", "table.village_id")),
    Column("rule_set", Word("rule_set", "table.rule_set")),
    Column("rule_set_title", Word("rule_set_title", "table.rule_set_title")),
    Column("village_verdict", Word("village_verdict", "table.village_verdict")),
    Column("criterion", Word("criterion", "table.criterion")),
    Column("criterion_title", Word("criterion_title", "table.criterion_title")),
    Column("article", Word("article", "table.article")),
    Column("status", Word("status", "table.status")),
    Column("value", Word("value", "table.value")),
    Column("numerator", Word("numerator", "table.numerator"), COUNT),
    Column("denominator", Word("denominator", "table.denominator"), COUNT),
    Column("percent", Word("percent", "table.percent"), DECIMAL),
    Column("threshold", Word("threshold", "table.threshold")),
    Column("verdict", Word("verdict", "table.clause_verdict")),
    BASIS,
    Column("source", Word("source", "table.source")),
    SYNTHETIC,
)


def flat_criteria(session: Session, asked: Asked) -> list[Listed]:
    """Village × round × criterion, of all rounds of the project, the latest first: each asked of as it stands, or as it
    stood when its round was locked. The area asked for is taken as of the day of each round."""
    rounds = list_rounds(session, asked.project.id)
    units = [key for each in rounds for key in units_of(session, _in_round(asked, each), "village")]

    def rows_of(some: Sequence[Key]) -> Iterator[Row]:
        for round_view, keys in groupby(some, key=lambda key: key[0]):
            here, places = _in_round(asked, round_view), Places(session, round_view.cutoff)
            for view in _views(session, here, places, list(keys)):
                yield from _flat_rows(places, view)

    return [Listed("criteria", Word("criteria", "table.list.criteria"), FLAT_COLUMNS, units, rows_of, 5)]


def _in_round(asked: Asked, round_view: RoundView) -> Asked:
    return Asked(asked.project, round_view, asked.scope, asked.area)


def _flat_rows(places: Places, view: VerdictView) -> Iterator[Row]:
    law, at = view.rule_set, view.round
    if law is None:
        return
    head: list[Value] = [at.slug, at.cutoff, at.is_locked, *places.cells(view.area), view.area.id, law.id]
    head += [Word(law.id, law.title), standing_of(view)]
    clauses = {clause["id"]: clause for clause in view.clauses}
    for leaf in leaves_of(law):
        clause = clauses.get(leaf["id"])
        if clause is None:
            continue
        yield [
            *head,
            leaf["id"],
            Word(leaf["id"], leaf["title"]),
            leaf["article"],
            Word(clause["status"], f"desk.status.{clause['status']}"),
            found_in(law, clause),
            *numbers_in(clause),
            asked_in(law, clause),
            clause_verdict(clause["verdict"]),
            BASES[view.basis],
            sources_of(law, clause, view),
            view.synthetic,
        ]
