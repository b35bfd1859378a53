"""What the page of one submission shows beside its answers: other texts of it, its places, its photos, and what its
approval would do."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from flask import request, url_for

from forms.definition import FormDefinition
from server.criteria.ruleset import RuleSet
from server.domain.review import APPROVED, Move
from server.domain.roles import Scope
from server.services.aggregate import COMMUNE_FORM
from server.services.authenticate import Caller
from server.services.beside import Earlier, PhotoFacts, Places, find_earlier, find_places, read_photos
from server.services.definitions import definition_of
from server.services.foretell import Foretold, Turn, foretell
from server.storage.desk import FileRow, SheetForm, find_sheet_form, list_files
from server.storage.forms import FormView
from server.storage.readings import SubmissionVersionView, SubmissionView, find_answers
from server.storage.returns import find_track, list_replaced_by
from server.storage.reviews import MoveView
from server.storage.rounds import RoundView
from server.web.context import current_home, current_session
from server.web.desk.beside import EDIT, ROUND, Counted, Other, count_marks, lay_beside, walk_all
from server.web.desk.comparisons import standing_word
from server.web.desk.labels import labels_of_lists
from server.web.desk.sheets import Item, Sheet
from server.web.desk.words import moment, own, say

WHY = "why:"
"""What stands before the path of a question in the name of the field that holds its reason."""


@dataclass(frozen=True)
class Text:
    """One text of a submission: its form with what that asks, its answers and files. `version_id`, `submission_id`:
    which."""

    submission_id: int
    version_id: int
    filled: SheetForm
    definition: FormDefinition
    answers: Mapping[str, Any]
    files: Mapping[str, FileRow]

    def sheet(self, found: Sequence[Mapping[str, Any]] = ()) -> Sheet:
        """The same laid out for the reader."""
        look_up = labels_of_lists(self.filled, self.definition, self.answers)
        return Sheet(self.definition, self.answers, found, self.files, look_up)

    @property
    def hashes(self) -> dict[str, str | None]:
        """The contents of its files, by name."""
        return {name: file.sha256 for name, file in self.files.items()}


def read_text(submission_id: int, version_id: int, filled: SheetForm) -> Text:
    """A text as it was kept."""
    session = current_session()
    definition = definition_of(session, filled.sha256)
    files = {file.name: file for file in list_files(session, version_id)}
    return Text(submission_id, version_id, filled, definition, find_answers(session, version_id), files)


@dataclass(frozen=True)
class LaidBeside:
    """The answers with their differences; the last round's sheet and how many answers differ from it; the version
    before and how many differ from that. None: there is none."""

    items: tuple[Item, ...]
    earlier: Earlier | None
    from_round: Counted | None
    edited: SubmissionVersionView | None
    from_edit: Counted | None


def lay_out(
    form: FormView, submission: SubmissionView, text: Text, more: tuple[Sheet, list[SubmissionVersionView], Scope]
) -> LaidBeside:
    """The answers beside the last round's and beside the version before. `more`: the text as it is laid out, all
    versions (newest first), and what the reader sees."""
    sheet, versions, scope = more
    session, items = current_session(), sheet.items()
    earlier = find_earlier(session, form, submission, (text.definition, text.answers, scope))
    before = earlier and _read(earlier.submission_id, earlier.version_id, earlier.form_version_id)
    if before:
        items = lay_beside(items, _other(ROUND, before, text))
    older = [each for each in versions if each.id < text.version_id]
    edited = older[0] if older else None
    last = edited and _read(submission.id, edited.id, edited.form_version_id)
    if last:
        items = lay_beside(items, _other(EDIT, last, text))
    return LaidBeside(
        items,
        earlier if before else None,
        count_marks(items, ROUND) if before else None,
        edited if last else None,
        count_marks(items, EDIT) if last else None,
    )


def _read(submission_id: int, version_id: int, form_version_id: int) -> Text | None:
    filled = find_sheet_form(current_session(), form_version_id)
    return read_text(submission_id, version_id, filled) if filled else None


def _other(source: str, then: Text, text: Text) -> Other:
    items = then.sheet().items()
    return Other(source, items, (then.submission_id, then.version_id), then.hashes, text.hashes)


@dataclass(frozen=True)
class TurnShown:
    """What one rule set says before and after, in words; the clauses that turn, each by its title, before and after."""

    law: str
    before: str | None
    after: str
    turns: bool
    clauses: tuple[tuple[str, str, str], ...]


def show_foretold(form: FormView, submission: SubmissionView) -> tuple[Foretold, list[TurnShown]]:
    """What approving does, in words."""
    told = foretell(current_session(), form, submission)
    return told, [_show_turn(turn) for turn in told.turns]


def _show_turn(turn: Turn) -> TurnShown:
    law = turn.rule_set
    clauses = tuple(
        (_title(law, clause), _clause_word(law, before), _clause_word(law, after))
        for clause, before, after in turn.clauses
    )
    before = standing_word(law, turn.before) if turn.before else None
    return TurnShown(own(law.title), before, standing_word(law, turn.after), turn.before != turn.after, clauses)


def _title(law: RuleSet, clause_id: str) -> str:
    return own(law.clauses[clause_id].title) if clause_id in law.clauses else clause_id


def _clause_word(law: RuleSet, verdict: str | None) -> str:
    return say("desk.foretold.silent") if verdict is None else say(f"desk.verdict.{verdict}")


def places_of(submission: SubmissionView, sheet: Sheet, on: date) -> Places:
    """Where a text, as it is laid out, says that it was filled in, as of a day. Spots bear the question's own words."""
    places = find_places(current_session(), submission, sheet.answers, on)
    spots = tuple(replace(spot, question=sheet.label_of(spot.question)) for spot in places.spots)
    return replace(places, spots=spots)


def day_read(caller: Caller, round_view: RoundView | None) -> date:
    """The day as of which a submission's ground is shown: its round's cut-off, else today."""
    return round_view.cutoff if round_view else caller.on


def features_of(places: Places, village: str) -> dict[str, Any]:
    """The same as GeoJSON for the map: the boundary, the village's point, and each place that was answered."""
    found = []
    if places.commune is not None:
        name, geometry = places.commune
        found.append(_feature(geometry, name, "boundary", say("desk.place.boundary", commune=name)))
    if places.village is not None:
        found.append(_feature(_point(places.village), village, "unknown", say("desk.place.village")))
    for spot in places.spots:
        symbol = "bad" if spot.outside else "good"
        found.append(_feature(_point(spot.point), spot.question, symbol, tell_spot(spot.from_village, spot.outside)))
    return {"type": "FeatureCollection", "features": found}


def tell_spot(from_village: int | None, outside: int | None) -> str:
    """How far a place is from the village's point, and whether it is within the commune."""
    told = []
    if from_village is not None:
        told.append(say("desk.place.from_village", metres=from_village))
    if outside is not None:
        told.append(say("desk.place.outside", metres=outside) if outside else say("desk.place.inside"))
    return "; ".join(told)


def _point(place: tuple[float, float]) -> dict[str, Any]:
    return {"type": "Point", "coordinates": list(place)}


def _feature(geometry: Mapping[str, Any], name: str, symbol: str, note: str) -> dict[str, Any]:
    shown = {"name": name, "state": say(f"desk.place.state.{symbol}"), "symbol": symbol, "note": note, "href": None}
    return {"type": "Feature", "geometry": dict(geometry), "properties": shown}


@dataclass(frozen=True)
class Looked:
    """Who looks at which submission, its form and its round."""

    caller: Caller
    form: FormView
    submission: SubmissionView
    round: RoundView | None


@dataclass(frozen=True)
class AnswersView:
    """What the answers' template asks: where files are, what the cameras wrote, what was said at which question (path),
    whether the reader can return single questions, and what was typed there when that was refused."""

    file_url: Callable[[str], str]
    photo_url: Callable[[str], str]
    beside_url: Callable[[tuple[int, int], str], str]
    photos: Mapping[str, PhotoFacts]
    reasons: Mapping[str, Sequence[Said]]
    asking: bool
    typed: Mapping[str, str]
    moment: Callable[[datetime | None], str]
    camera: Callable[[datetime], str]


@dataclass(frozen=True)
class Said:
    """What a reviewer said at a question."""

    actor: str
    at: datetime
    text: str


Decided = tuple[Sheet, list[SubmissionVersionView], list[MoveView]]


def shown_parts(looked: Looked, text: Text, more: Decided, moves: Collection[Move]) -> dict[str, Any]:
    """All of this for the page. `more`: the text laid out, all versions and all decisions, newest first; `moves`: what
    the reader can make of it. What approving does is worked out for who can approve."""
    sheet, versions, decisions = more
    form, submission = looked.form, looked.submission
    scope = looked.caller.scope("submission.read", form.project_id)
    laid = lay_out(form, submission, text, (sheet, versions, scope))
    told, turns = show_foretold(form, submission) if any(move.to == APPROVED for move in moves) else (None, [])
    asking = text.version_id == submission.current.id and any(move.asks_reason for move in moves)
    spoken_of = {text.version_id} | ({laid.edited.id} if laid.edited else set())
    return {
        "items": laid.items,
        "laid": laid,
        "view": _view(text, _reasons(decisions, spoken_of), asking=asking),
        "track": find_track(current_session(), submission.id),
        "replaces": list_replaced_by(current_session(), submission.id),
        "labels": {item.path: item.label for item in walk_all(laid.items) if item.path},
        "foretold": told,
        "turns": turns,
        "foretold_place": "commune" if form.xml_form_id == COMMUNE_FORM else "village",
        "sheet_url": lambda other: url_for("desk.one_submission", submission_id=other),
        "places": places_of(submission, sheet, day_read(looked.caller, looked.round)),
        "map_url": url_for("desk.submission_map", submission_id=submission.id, version=text.version_id),
        "tell_spot": tell_spot,
    }


def _view(text: Text, reasons: Mapping[str, Sequence[Said]], *, asking: bool) -> AnswersView:
    def url(endpoint: str, where: tuple[int, int], name: str) -> str:
        return url_for(f"desk.{endpoint}", submission_id=where[0], version_id=where[1], name=name)

    here = (text.submission_id, text.version_id)
    return AnswersView(
        file_url=lambda name: url("submission_file", here, name),
        photo_url=lambda name: url("submission_photo", here, name),
        beside_url=lambda where, name: url("submission_photo", where, name),
        photos=read_photos(current_home(), list(text.files.values())),
        reasons=reasons,
        asking=asking,
        typed=_typed(),
        moment=moment,
        camera=lambda taken: taken.strftime("%d/%m/%Y %H:%M"),
    )


def _typed() -> dict[str, str]:
    """What this request brings of reasons at questions, by path; nothing unless a decision was refused."""
    marked = dict.fromkeys(request.form.getlist("question"), "")
    return marked | {name.removeprefix(WHY): text for name, text in request.form.items() if name.startswith(WHY)}


def _reasons(decisions: Iterable[MoveView], version_ids: Collection[int]) -> dict[str, list[Said]]:
    """What was said at single questions of these versions and not taken back, by path."""
    found: dict[str, list[Said]] = {}
    for each in decisions:
        if each.stands and each.version_id in version_ids:
            for said in each.questions:
                found.setdefault(said.path, []).append(Said(each.actor, each.created_at, said.text))
    return found
