"""Every text the pages name stands in both languages, and nothing stands there that no page names."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

import server
from forms.entities import PROBLEMS
from forms.errors import KINDS
from server.criteria.compare import KINDS as KINDS_OF_COMPARISONS
from server.criteria.compare import REASONS as REASONS_NOT_COMPARED
from server.criteria.rollup import NOT_REPORTED
from server.criteria.ruleset import (
    CLASSIFIED,
    NO_RULE_IN_FORCE,
    PURPOSES,
    RULE_NOT_LOADED,
    STATUSES,
    UNIT_KINDS,
    VERDICTS,
)
from server.domain.area_files import CLASSIFICATIONS
from server.domain.areas import CHANGES, EXTENTS, FLAGS
from server.domain.areas import KINDS as AREA_KINDS
from server.domain.areas import STATUSES as AREA_STATUSES
from server.domain.audit_actions import ACTIONS, GROUPS
from server.domain.calls import BROKEN, OUTCOMES, TURNS
from server.domain.coverage import OWING
from server.domain.coverage import STATES as COVERED
from server.domain.deadlines import LEVELS as PLAN_LEVELS
from server.domain.deadlines import NOTES, STEP_LEVELS
from server.domain.devices import RISKS, RULES, STANDINGS
from server.domain.evidence import FIELDS, LACKS
from server.domain.evidence import KINDS as KINDS_OF_EVIDENCE
from server.domain.inbox import KEY_FIGURES
from server.domain.lineage import FOLLOWED, LOST
from server.domain.powers import STATES as STATES_OF_GRANTS
from server.domain.powers import by_noun
from server.domain.programme import BASES as BASES_OF_ENTRY
from server.domain.programme import ENTERED, EXITS, INHERITED
from server.domain.programme import LEVELS as LEVELS_OF_PROGRAMMES
from server.domain.quality import KINDS as KINDS_OF_QUALITY
from server.domain.quality import REASONS as REASONS_OF_QUALITY
from server.domain.quality import SEVERITIES
from server.domain.quality_rules import NAMED
from server.domain.returned import STAGES as STAGES_OF_RETURNS
from server.domain.review import LEVELS, MOVES, STATES
from server.domain.roles import ROLES, VERBS
from server.domain.rounds import PURPOSES as ROUND_PURPOSES
from server.domain.spot_checks import COMPARED
from server.domain.statements import FATES
from server.domain.training import AUDIENCES, ETHNICITIES, MAJORITY, MEN, MINORITY, UNKNOWN, WOMEN
from server.domain.training import FLAGS as FLAGS_OF_TRAINING
from server.domain.training import LEVELS as LEVELS_OF_CLASSES
from server.domain.webhooks import DEAD, PING, SENT, WAITING
from server.domain.webhooks import EVENTS as EVENTS_OF_WEBHOOKS
from server.domain.wishes import LABELS
from server.services.coverage_tables import AREA_COLUMNS
from server.services.doctor import ERROR, OK, WARNING
from server.services.foretell import ALREADY, NOT_JUDGED, OLDER
from server.services.foretell import LOCKED as LOCKED_EFFECT
from server.services.foretell import SAME as SAME_EFFECT
from server.services.freeze import REASONS as REASONS_OF_LOCKS
from server.services.heads import CREATED, KEPT
from server.services.inbox import FINDINGS as NARROWED
from server.services.inbox import SHOWN_STATES
from server.services.keep import REASONS
from server.services.phones import SHOWN
from server.services.programme_table import COLUMNS as UNIT_COLUMNS
from server.services.publish import STATES as STATES_OF_FORMS
from server.services.remain import READINESS
from server.services.unbundle import FATES as FATES_OF_SHEETS
from server.services.verify_lock import DIFFERENCES
from server.storage.exports import EXPIRED, FAILED, READY, UNDONE
from server.web.desk.audits import COLUMNS
from server.web.desk.beside import CHANGED, GONE
from server.web.desk.beside import EDIT as OF_EDIT
from server.web.desk.beside import NEW as NEW_MARK
from server.web.desk.beside import ROUND as OF_ROUND
from server.web.desk.clauses import UNITS
from server.web.desk.dashboard import BAD, GOOD, OPEN, PARTS
from server.web.desk.exports import ORDER as FORMATS
from server.web.desk.exports import SWITCHES
from server.web.desk.forms import DONE
from server.web.desk.inbox_bulk import OTHER, WHY
from server.web.desk.overviews import SUMS
from server.web.desk.rooms import ADMINISTRATION
from server.web.desk.rules import DONE as DONE_WITH_RULES
from server.web.desk.webhooks import DONE as DONE_WITH_WEBHOOKS
from server.web.training_words import DEFINITIONS, MEASURES
from sync.bundle import FAULTS as FAULTS_OF_BUNDLES
from tests.server.web.desk.dossier_texts import OF_DOSSIERS
from tests.server.web.desk.work_texts import OF_WORKS

ROOT = Path(server.__file__).parent
OF_PROGRAMMES = (
    *(
        "sentence",
        "sentence_none",
        "sentence_synthetic",
        "sheet_units",
        "how",
        "on",
        "known",
        "defined",
        "about.project",
        "about.place",
        "about.programme",
    ),
    *("about.remaining", "about.synthetic", "about.synthetic_yes", "about.synthetic_no", "about.made"),
    *dict.fromkeys(word for _, word, _ in UNIT_COLUMNS),
)
FIELDS_OF_PROGRAMMES = ("slug", "name_vi", "name_en", "law", "source", "valid_from", "valid_to")
MADE = {
    "desk.rehearsal.severity.": ("error", "warning", "info"),
    "desk.system.state.": (OK, WARNING, ERROR),
    "desk.system.version.": ("thonban", "python", "database", "tables"),
    "desk.bundlefate.": FATES_OF_SHEETS,
    "desk.bundlefault.": FAULTS_OF_BUNDLES,
    "desk.inbox.": tuple(NARROWED),
    "desk.inbox.waits.": SHOWN_STATES,
    "desk.inbox.figure.": KEY_FIGURES,
    "desk.inbox.consequence.": tuple(level.name for level in LEVELS),
    "desk.inbox.done.": ("approved", "rejected"),
    "desk.inbox.key.": ("move", "open", "approve", "return", "choose", "undo", "help"),
    "desk.inbox.why.": (*WHY.values(), OTHER),
    "desk.inbox.bulk.": (
        *("before", "before_none", "explain", "with_findings", "gone", "more", "own_left", "go", "back", "doing"),
        *("undoing", "done", "done_some", "undone", "go_on", "undo_on", "undo", "kept", "not_begun", "keeps"),
    ),
    "desk.beside.": (CHANGED, NEW_MARK, GONE),
    "desk.beside.then.": (OF_ROUND, OF_EDIT),
    "desk.beside.nothing.": (OF_ROUND, OF_EDIT),
    "desk.beside.of_round.": ("approved", "newest"),
    "desk.foretold.": (ALREADY, NOT_JUDGED, LOCKED_EFFECT),
    "desk.place.state.": ("good", "bad", "unknown", "boundary"),
    **{f"desk.foretold.{effect}.": ("village", "commune") for effect in ("turns", "first", SAME_EFFECT, OLDER)},
    "desk.about.": tuple(room.text.removeprefix("desk.nav.") for room in ADMINISTRATION),
    "desk.coverage.": (
        *(column.name for column in AREA_COLUMNS if column.name not in (*COVERED, "name")),
        *("commune", "commune_code", "files_expected", "files_missing", "phones", "project", "round", "all", "area"),
        *("sheet_areas", "sheet_villages", "synthetic", "called_at", "called_by", "call_outcome", "sends_on"),
        *("needs_help", "call_turn"),
    ),
    "desk.calloutcome.": OUTCOMES,
    "desk.callsaid.": (*OUTCOMES, BROKEN),
    "desk.callturn.": TURNS,
    "desk.coverage.sign.": ("good", "wait", "bad", "unknown"),
    "desk.coverage.state.": COVERED,
    "desk.coverage.lacks.": OWING,
    "desk.coverage.back.": ("open", "told", "seen"),
    "desk.dash.": tuple(PARTS),
    "desk.ready.": (GOOD, BAD, OPEN),
    "desk.audit.": COLUMNS,
    "desk.audit.did.": ACTIONS,
    "desk.audit.group.": GROUPS,
    "desk.webhooks.event.": (*EVENTS_OF_WEBHOOKS, PING),
    "desk.webhooks.state.": (WAITING, SENT, DEAD),
    "desk.webhooks.why.": ("person", "failing", "gone", "owner", "secret"),
    "desk.webhooks.error.": ("timeout", "unreachable", "tls", "inside", "unreadable", "sight"),
    "desk.webhooks.done.": DONE_WITH_WEBHOOKS,
    "desk.returned.stage.": (*STAGES_OF_RETURNS, "all"),
    "desk.audience.": (*AUDIENCES, UNKNOWN),
    "desk.ethnic.": ETHNICITIES,
    "desk.training.level.": tuple(LEVELS_OF_CLASSES.values()),
    "desk.training.sex.": (WOMEN, MEN, UNKNOWN),
    "desk.training.ethnicity.": (MAJORITY, MINORITY, UNKNOWN),
    "desk.condition.differs.": ("households", "households_trained", "officials", "officials_trained"),
    "desk.training.flag.": FLAGS_OF_TRAINING,
    "desk.training.define.": DEFINITIONS,
    "desk.training.measure.": MEASURES,
    "desk.verdict.": (*VERDICTS, CLASSIFIED, NO_RULE_IN_FORCE, RULE_NOT_LOADED, NOT_REPORTED),
    **{f"desk.verdict.{purpose}.": VERDICTS for purpose in PURPOSES},
    "desk.purpose.": PURPOSES,
    "desk.tally.": PURPOSES,
    "desk.unitkind.": UNIT_KINDS,
    "desk.lock.why.": REASONS_OF_LOCKS,
    "desk.lock.word.": REASONS_OF_LOCKS,
    "desk.lock.kind.": DIFFERENCES,
    "desk.roundpurpose.": ROUND_PURPOSES,
    "desk.programme.": OF_PROGRAMMES,
    "desk.programme.level.": LEVELS_OF_PROGRAMMES,
    "desk.programme.show.": ("all", "remaining", "left"),
    "desk.programme.moved.": ("entered", "exited", "merged", "inherited", "remaining"),
    "desk.programme.basis.": BASES_OF_ENTRY,
    "desk.programme.ended.": EXITS,
    "desk.programme.came.": (ENTERED, INHERITED),
    "desk.programme.ready.": READINESS,
    "desk.programme.what.": ("new", "changed", "exit", "plan", "unit"),
    "desk.programme.field.": FIELDS_OF_PROGRAMMES,
    "desk.law_done.": DONE_WITH_RULES,
    **OF_WORKS,
    **OF_DOSSIERS,
    "desk.status.": (*STATUSES, *AREA_STATUSES),
    "desk.areachange.": CHANGES,
    "desk.areakind.": AREA_KINDS,
    "desk.areaextent.": EXTENTS,
    "desk.areafact.": tuple(CLASSIFICATIONS),
    "desk.areaflag.": FLAGS,
    "desk.areashape.": ("point", "boundary"),
    "desk.state.": STATES,
    "desk.quality.kind.": KINDS_OF_QUALITY,
    "desk.quality.severity.": SEVERITIES,
    "desk.quality.field.": (*NAMED, *COMPARED),
    "desk.recording.": ("added", "removed"),
    "desk.paper.": (
        *("place", "round", "code", "synthetic", "how", "reported", "typed", "day", "photo", "position", "last"),
        *("sometimes", "only_if", "and", "is", "is_not", "is_empty", "is_answered"),
    ),
    "desk.quality.looks.": ("any", "no", "yes"),
    "desk.quality.reason.": (
        *REASONS_OF_QUALITY,
        *(f"{reason}.hidden" for reason, beside in REASONS_OF_QUALITY.items() if beside),
    ),
    "desk.export.format.": FORMATS,
    "desk.export.for_whom.": FORMATS,
    "desk.export.labels.": LABELS,
    "desk.export.switch.": SWITCHES,
    "desk.export.switch_text.": SWITCHES,
    "desk.export.state.": (*UNDONE, READY, FAILED, EXPIRED),
    "desk.compare_kind.": KINDS_OF_COMPARISONS,
    "desk.compare_why.": (*REASONS_NOT_COMPARED, *LOST),
    "desk.compare_how.": (*FOLLOWED, *LOST),
    "desk.compare_step.": ("before", "between", "after"),
    "desk.planlevel.": (*STEP_LEVELS, *PLAN_LEVELS),
    "desk.plan.note.": NOTES,
    "desk.evidencekind.": KINDS_OF_EVIDENCE,
    "desk.evidencepart.": tuple(part for parts in FIELDS.values() for part in parts),
    "desk.evidence.lacks.": KINDS_OF_EVIDENCE,
    "desk.lack.": LACKS,
    "desk.level.": tuple(level.name for level in LEVELS),
    "desk.review.": ("approved", "rejected", "hasIssues", "received"),
    "desk.reason.": ("fact", "zero", "impossible", "choice"),
    "desk.role.": tuple(role.system for role in ROLES),
    "desk.awaited.": tuple(level.name for level in LEVELS),
    "desk.grant.": STATES_OF_GRANTS,
    "desk.noun.": tuple(by_noun(VERBS)),
    "desk.act.": tuple({act for acts in by_noun(VERBS).values() for act in acts}),
    "desk.answer.": ("yes", "no", "unknown"),
    "desk.unit.": UNITS,
    "desk.why.settles_": ("met", "not_met", "met_or_not_met"),
    "desk.why.": ("more_count", "fewer_count"),
    "desk.finding.": tuple(kind for kind in KINDS if kind not in ("entity", "attachment")),
    "desk.finding.entity.": PROBLEMS,
    "desk.finding.attachment.": ("missing", "unnamed"),
    "desk.finding.version.": ("older",),
    "desk.finding.round.": ("elsewhere", "several", "unknown", "not_of_it"),
    "desk.rule.": tuple(KINDS),
    "desk.show.": SHOWN,
    "desk.risk.": RISKS,
    "desk.riskword.": RISKS,
    "desk.standing.": STANDINGS,
    "desk.phonerule.": RULES,
    "desk.phonealarm.": RULES,
    "desk.above.sum.": SUMS,
    "desk.outcome.": (CREATED, KEPT),
    "desk.differs.": ("phone", "language", "dates"),
    "desk.apart.reason.": tuple(REASONS.values()),
    "desk.fate.": FATES,
    "desk.form_state.": (*STATES_OF_FORMS, "none"),
    "desk.form_means.": STATES_OF_FORMS,
    "desk.form_now.": (*STATES_OF_FORMS, "none"),
    "desk.form_done.": tuple(DONE),
}
"""Ids that are put together from a beginning and a word of the domain."""


def catalogue(language: str) -> Catalog:
    path = ROOT / "translations" / "desk" / language / "LC_MESSAGES" / "messages.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def named() -> set[str]:
    sources = [*(ROOT / "web" / "desk").rglob("*.html"), *(ROOT / "web" / "desk").glob("*.py")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    whole = set(re.findall(r"[\"'](desk\.[a-z_]+(?:\.[A-Za-z_0-9]+)?|desk\.[a-z]+)[\"']", text))
    endpoints = set(re.findall(r"url_for\(\s*[\"'](desk\.[a-z_]+)[\"']", text))
    endpoints |= set(re.findall(r"request\.endpoint in \(([^)]*)\)", text) and ["desk.sign_in", "desk.sign_in_page"])
    return {name for name in whole - endpoints if not name.endswith(".")}


def wanted() -> set[str]:
    return named() | {f"{beginning}{word}" for beginning, words in MADE.items() for word in words}


@pytest.mark.parametrize("language", ["vi", "en"])
def test_every_text_is_there(language: str) -> None:
    kept = {str(message.id) for message in catalogue(language) if message.id and message.string}
    assert wanted() - kept == set()


@pytest.mark.parametrize("language", ["vi", "en"])
def test_no_text_is_left_over(language: str) -> None:
    kept = {str(message.id) for message in catalogue(language) if message.id}
    assert kept - wanted() == set()


def test_both_languages_have_the_same_values() -> None:
    values = re.compile(r"%\((\w+)\)s")
    english = {str(message.id): set(values.findall(str(message.string))) for message in catalogue("en")}
    differing = [
        message.id
        for message in catalogue("vi")
        if message.id and set(values.findall(str(message.string))) != english[str(message.id)]
    ]
    assert differing == []


def test_moves_of_the_desk_are_moves_of_the_domain() -> None:
    assert {"approved", "rejected", "hasIssues", "received"} <= {move.to for move in MOVES}
