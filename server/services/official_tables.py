"""The official tables of a round, each as sheets of rows that are made while they are read, with what a reader must
know beside them: as of which day, locked or provisional, by which law and whether its text was read, what counts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from server.criteria.ruleset import Group, RuleSet
from server.domain.errors import NotFound
from server.exports.sheets import About, Said, Value, Word
from server.services.authenticate import VIETNAM
from server.services.round_law import law_of
from server.services.table_units import Asked, Listed
from server.services.tables_of_poverty import poverty_movement
from server.services.tables_of_training import training_table
from server.services.tables_of_villages import assessed_villages, classed_communes, classed_villages, flat_criteria
from server.services.tables_of_works import supervision_table
from server.storage.locks import LockView, find_lock
from server.storage.rounds import list_rounds

Lines = Sequence[tuple[Said, Value]]
Make = Callable[[Session, Asked], list[Listed]]
TABLES: Mapping[str, Make] = {
    "villages": assessed_villages,
    "communes-by-class": classed_communes,
    "villages-by-class": classed_villages,
    "poverty": poverty_movement,
    "training": training_table,
    "supervision": supervision_table,
    "criteria": flat_criteria,
}
"""By the name that addresses have; message ids `table.title.<name>` and `table.about.<name>` say what each is."""
LAWLESS = frozenset({"training", "supervision"})
"""Tables whose figures rest on no rule set and are in no lock."""


@dataclass(frozen=True)
class Made:
    """A table: its sheets (none where no law is in force), and what stands beside the figures."""

    name: str
    sheets: tuple[Listed, ...]
    about: About


def make_table(session: Session, asked: Asked, name: str, now: datetime) -> Made:
    """One of TABLES for a round, as far as the reader sees. Raises NotFound."""
    make = TABLES.get(name)
    if make is None:
        raise NotFound("table.unknown", table=name)
    return Made(name, tuple(make(session, asked)), about_of(session, asked, name, now))


def title_of(name: str) -> Word:
    """What a table is called."""
    return Word(name, f"table.title.{name}")


def about_of(session: Session, asked: Asked, name: str, now: datetime) -> About:
    """What a reader must know of a table of a round."""
    round_view, lock = asked.round, _lock(session, asked)
    at = {"vi": round_view.name_vi, "en": round_view.name_en}
    lines: list[tuple[Said, Value]] = [
        (_label("what"), Word(name, f"table.about.{name}")),
        (_label("project"), asked.project.name),
        (_label("round"), Word(round_view.slug, at)),
        (_label("as_of"), round_view.cutoff),
        (_label("area"), asked.area.name if asked.area else Word("all", "table.area_all")),
        *_standing(session, asked, name, lock),
        *_laws(session, asked, name),
        (_label("turns"), Word("turns", "table.definition.turns")),
        (_label("persons"), Word("persons", "table.definition.persons")),
        (_label("empty"), Word("empty", "table.definition.empty")),
        (_label("synthetic"), Word("synthetic", f"table.synthetic_{'yes' if asked.project.synthetic else 'no'}")),
        (_label("made"), now.astimezone(VIETNAM).date()),
    ]
    return About(title_of(name), lines, tuple(marks_of(session, asked, name)))


def marks_of(session: Session, asked: Asked, name: str) -> list[Said]:
    """What nobody must overlook: provisional figures, invented ones."""
    found: list[Said] = []
    if name == "criteria":
        if any(not each.is_locked for each in list_rounds(session, asked.project.id)):
            found.append(Word("provisional", "table.mark.some_provisional"))
    elif name in LAWLESS or _is_provisional(_lock(session, asked)):
        found.append(Word("provisional", "table.mark.provisional"))
    if asked.project.synthetic:
        found.append(Word("synthetic", "table.mark.synthetic"))
    return found


def _is_provisional(lock: LockView | None) -> bool:
    return lock is None or bool(lock.provisional)


def _lock(session: Session, asked: Asked) -> LockView | None:
    return find_lock(session, asked.round.lock_id) if asked.round.lock_id is not None else None


def _label(name: str, **params: object) -> Word:
    return Word(name, f"table.label.{name}", params)


def _standing(session: Session, asked: Asked, name: str, lock: LockView | None) -> Lines:
    """Locked, with the hash of the lock, or provisional, and why."""
    if name in LAWLESS:
        return [(_label("standing"), Word("provisional", "table.standing.never_locked"))]
    if name == "criteria":
        found: list[tuple[Said, Value]] = []
        for each in list_rounds(session, asked.project.id):
            kept = find_lock(session, each.lock_id) if each.lock_id is not None else None
            found.append((_label("lock_of", round=each.slug), kept.sha256 if kept else _OPEN))
        return found
    if lock is None:
        return [(_label("standing"), _OPEN)]
    at = lock.locked_at.astimezone(VIETNAM)
    said = Word("locked", "table.standing.locked", {"number": lock.number, "day": f"{at:%d/%m/%Y}"})
    why = dict.fromkeys(each["code"] for each in lock.provisional)
    return [
        (_label("standing"), said),
        (_label("hash"), lock.sha256),
        *((_label("why"), Word(each, f"desk.lock.word.{each}")) for each in why),
    ]


_OPEN = Word("open", "table.standing.open")


def _laws(session: Session, asked: Asked, name: str) -> Lines:
    """Each rule set by which something was judged, and whether its text was read."""
    if name in LAWLESS:
        return []
    unit = "commune" if name == "communes-by-class" else "village"
    rounds = list_rounds(session, asked.project.id) if name == "criteria" else [asked.round]
    laws = {(law.id, law.sha256): law for each in rounds for law in law_of(session, each, unit)}
    return [(_label("rule_set", id=law.id), _law(law)) for law in laws.values()]


def _law(law: RuleSet) -> Word:
    leaves = [clause for clause in law.clauses.values() if not isinstance(clause.test, Group)]
    unread = [clause.id for clause in leaves if clause.status != "verified"]
    state = "not_loaded" if not leaves else "unconfirmed" if unread else "confirmed"
    titles = {language: law.title.get(language) or law.id for language in ("vi", "en")}
    said = {
        "vi": {"confirmed": "đã đối chiếu", "not_loaded": "chưa nhập điều kiện"},
        "en": {"confirmed": "text read", "not_loaded": "conditions not entered"},
    }
    said["vi"]["unconfirmed"] = f"chưa đối chiếu {len(unread)} trên {len(leaves)} điều kiện: {', '.join(unread)}"
    said["en"]["unconfirmed"] = f"{len(unread)} of {len(leaves)} conditions not confirmed: {', '.join(unread)}"
    return Word(
        state,
        {each: f"{titles[each]} ({law.law}) – {said[each][state]}; SHA-256 {law.sha256}" for each in ("vi", "en")},
    )
