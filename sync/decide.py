"""What becomes of an instance that arrives: fresh, more attachments, duplicate, edit, conflict, held, late, deleted.

A phone in a village cannot mend what it has sent, and a refusal strands the answers on it. So over OpenRosa whatever
can be read is taken and kept, and only its place differs; a script over REST gets the refusals of ODK Central.

==================  ==============================  =============================  ==========
what it is          over OpenRosa                   over REST                      kept as
==================  ==============================  =============================  ==========
fresh               201                             200                            submission
fresh, with issues  201, review state hasIssues     200, hasIssues                 submission
more attachments    201 (202 when kept apart)       409.3                          attachments
duplicate           201 (202 when kept apart)       409.3                          nothing new
variant             202                             409.3                          variant
edit                201, review state edited        200, edited                    version
conflict            202                             409.9                          variant
foreign             202                             403.1                          variant
held                202                             404.5                          held
late                202                             409.2                          late
deleted             202                             409.18                         variant
version unknown     as above, finding "version"     404.6                          as above
no instanceID       as above, finding "instance-id" 400.2                          as above
unreadable          400.1                           400.1                          quarantine
no form id          400.2                           400.2                          quarantine
unknown form        404.1                           404.1                          quarantine
==================  ==============================  =============================  ==========

Two orders matter. What was kept before is recognised before anything else is asked, so that the rest of an upload,
or the whole of it again, is answered as it was the first time even when the form has closed since. Over REST the
form is asked first, as Central does. Quarantine is only for what phones send.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Dialect(StrEnum):
    """Who speaks: a phone, or a script."""

    OPENROSA = "openrosa"
    REST = "rest"


class Place(StrEnum):
    """Where something kept stands."""

    CURRENT = "current"  # the current version of a submission
    SUPERSEDED = "superseded"  # an earlier version of a submission that was edited since
    DELETED = "deleted"  # any version of a submission that was deleted
    VARIANT = "variant"  # kept beside a submission, listed for review
    HELD = "held"  # an edit whose original has not come yet
    LATE = "late"  # came after the form closed


class Outcome(StrEnum):
    """What the arrival is."""

    FRESH = "fresh"
    MORE_ATTACHMENTS = "more_attachments"
    DUPLICATE = "duplicate"
    VARIANT = "variant"
    EDIT = "edit"
    CONFLICT = "conflict"
    FOREIGN = "foreign"
    HELD = "held"
    LATE = "late"
    DELETED = "deleted"
    VERSION_UNKNOWN = "version_unknown"
    NO_INSTANCE_ID = "no_instance_id"
    NO_ORIGINAL_NAMED = "no_original_named"
    UNREADABLE = "unreadable"
    NO_FORM_ID = "no_form_id"
    UNKNOWN_FORM = "unknown_form"


class Store(StrEnum):
    """What the caller writes."""

    SUBMISSION = "submission"  # a new submission with its first version
    VERSION = "version"  # a new current version of the submission that `deprecated_id` names
    ATTACHMENTS = "attachments"  # only those that are not there yet, to what is kept with these very bytes
    VARIANT = "variant"
    HELD = "held"
    LATE = "late"
    QUARANTINE = "quarantine"  # the bytes alone, once per SHA-256 and actor, within a quota
    NOTHING = "nothing"


@dataclass(frozen=True)
class Arrival:
    """What has come and could be read.

    ``instance_id`` is the one in the XML, or the one made from its bytes (``instance_id_made``). ``attachments`` are
    (name, sha256). ``broken_rules``: some finding is an error. ``must_edit``: the caller asked for an edit (PUT).
    """

    instance_id: str
    xml_sha256: str
    deprecated_id: str | None = None
    instance_id_made: bool = False
    attachments: frozenset[tuple[str, str]] = frozenset()
    broken_rules: bool = False
    must_edit: bool = False


@dataclass(frozen=True)
class Stored:
    """Something kept before under an instance id of the same form. ``attachments`` are (name, sha256)."""

    xml_sha256: str
    place: Place
    attachments: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class Known:
    """What is known of the form, and what it keeps under the two ids of the arrival.

    ``may_edit``: the sender may change what the original says: it is the sender's own, or lies where the sender reports
    from or decides. For a draft all booleans are True. An edit that was held is decided anew when its original has
    come: with ``same_id`` less the held one itself.
    """

    accepts: bool = True
    version_known: bool = True
    may_edit: bool = True
    same_id: tuple[Stored, ...] = ()
    original: tuple[Stored, ...] = ()


@dataclass(frozen=True)
class Decision:
    """The answer. Exactly one of ``status`` (201, 202 over OpenRosa, 200 over REST) and ``code`` (as Central's) is set.

    ``message``: a message id. ``review_state``: None (received), "hasIssues" or "edited", for what becomes a
    submission or its version. ``findings``: kinds the caller adds, "version" and "instance-id". ``existing``: the kept
    thing that is the same bytes.
    """

    outcome: Outcome
    store: Store
    message: str
    status: int | None = None
    code: float | None = None
    review_state: str | None = None
    findings: tuple[str, ...] = ()
    existing: Stored | None = None

    @property
    def accepted(self) -> bool:
        """True when the sender may forget it."""
        return self.code is None


@dataclass(frozen=True)
class _Row:
    """One row of the table: over OpenRosa a status or a refusal, over REST a refusal or None for 200."""

    store: Store
    phone: float
    script: float | None

    def answer(self, dialect: Dialect) -> float:
        """The number for this dialect."""
        if dialect is Dialect.OPENROSA:
            return self.phone
        return 200 if self.script is None else self.script


_TABLE: Mapping[Outcome, _Row] = {
    Outcome.FRESH: _Row(Store.SUBMISSION, 201, None),
    Outcome.MORE_ATTACHMENTS: _Row(Store.ATTACHMENTS, 201, 409.3),
    Outcome.DUPLICATE: _Row(Store.NOTHING, 201, 409.3),
    Outcome.VARIANT: _Row(Store.VARIANT, 202, 409.3),
    Outcome.EDIT: _Row(Store.VERSION, 201, None),
    Outcome.CONFLICT: _Row(Store.VARIANT, 202, 409.9),
    Outcome.FOREIGN: _Row(Store.VARIANT, 202, 403.1),
    Outcome.HELD: _Row(Store.HELD, 202, 404.5),
    Outcome.LATE: _Row(Store.LATE, 202, 409.2),
    Outcome.DELETED: _Row(Store.VARIANT, 202, 409.18),
    Outcome.VERSION_UNKNOWN: _Row(Store.SUBMISSION, 201, 404.6),
    Outcome.NO_INSTANCE_ID: _Row(Store.SUBMISSION, 201, 400.2),
    Outcome.NO_ORIGINAL_NAMED: _Row(Store.NOTHING, 400.19, 400.19),
    Outcome.UNREADABLE: _Row(Store.QUARANTINE, 400.1, 400.1),
    Outcome.NO_FORM_ID: _Row(Store.QUARANTINE, 400.2, 400.2),
    Outcome.UNKNOWN_FORM: _Row(Store.QUARANTINE, 404.1, 404.1),
}

_APART = frozenset({Place.VARIANT, Place.HELD, Place.LATE})

_SAYS_KEPT = frozenset(
    {
        Outcome.VARIANT,
        Outcome.CONFLICT,
        Outcome.FOREIGN,
        Outcome.HELD,
        Outcome.LATE,
        Outcome.DELETED,
        Outcome.VERSION_UNKNOWN,
    }
)
"""Whose sentence says that it is kept; who is refused is told otherwise."""

MESSAGES: tuple[str, ...] = (
    "submission.fresh_with_issues",
    *(f"submission.{outcome}" for outcome in Outcome),
    *sorted(f"submission.{outcome}_refused" for outcome in _SAYS_KEPT),
)
"""Every message id a decision can bear."""


def decide(arrival: Arrival, known: Known, dialect: Dialect) -> Decision:
    """The one answer to a readable instance of a known form, by an actor who may send it. Raises nothing."""
    if dialect is Dialect.OPENROSA:
        outcome, existing = _for_phone(arrival, known)
    else:
        outcome, existing = _for_script(arrival, known)
    row = _TABLE[outcome]
    number = row.answer(dialect)
    if existing is not None and existing.place in _APART and number == 201:
        number = 202
    if number % 1:  # Central's codes are fractions, statuses are whole
        message = f"submission.{outcome}_refused" if outcome in _SAYS_KEPT else f"submission.{outcome}"
        return Decision(outcome, Store.NOTHING, message, code=number, existing=existing)
    becomes = row.store in (Store.SUBMISSION, Store.VERSION)
    issues = becomes and arrival.broken_rules
    return Decision(
        outcome,
        row.store,
        "submission.fresh_with_issues" if issues and outcome is Outcome.FRESH else f"submission.{outcome}",
        status=int(number),
        review_state="edited" if outcome is Outcome.EDIT else "hasIssues" if issues else None,
        findings=_findings(arrival, known) if existing is None else (),
        existing=existing,
    )


def refuse(outcome: Outcome, dialect: Dialect) -> Decision:
    """The answer to what is no instance of any form here: ``UNREADABLE``, ``NO_FORM_ID`` or ``UNKNOWN_FORM``.

    Raises ValueError for another outcome.
    """
    row = _TABLE[outcome]
    if row.store is not Store.QUARANTINE:
        raise ValueError(outcome)
    store = row.store if dialect is Dialect.OPENROSA else Store.NOTHING
    return Decision(outcome, store, f"submission.{outcome}", code=row.answer(dialect))


def _for_phone(arrival: Arrival, known: Known) -> tuple[Outcome, Stored | None]:
    kept_as = _kept(arrival, known)
    if kept_as is not None and kept_as.place is not Place.DELETED:
        more = arrival.attachments - kept_as.attachments
        return (Outcome.MORE_ATTACHMENTS if more else Outcome.DUPLICATE), kept_as
    if known.same_id:
        return _taken(known), None
    if not known.accepts:
        return Outcome.LATE, None
    return _new(arrival, known), None


def _for_script(arrival: Arrival, known: Known) -> tuple[Outcome, Stored | None]:
    if not known.accepts:
        return Outcome.LATE, None
    if not known.version_known:
        return Outcome.VERSION_UNKNOWN, None
    if arrival.instance_id_made:
        return Outcome.NO_INSTANCE_ID, None
    if arrival.must_edit and arrival.deprecated_id is None:
        return Outcome.NO_ORIGINAL_NAMED, None
    kept_as = _kept(arrival, known)
    if known.same_id and _taken(known) is Outcome.DELETED:
        # also when a phone has sent it again since: what is kept apart is nothing to a script
        return Outcome.DELETED, None
    if kept_as is not None and kept_as.place is not Place.DELETED:
        return Outcome.DUPLICATE, kept_as
    return (_taken(known) if known.same_id else _new(arrival, known)), None


def _kept(arrival: Arrival, known: Known) -> Stored | None:
    """The same bytes kept before; where they are kept twice, not the deleted ones."""
    same = [stored for stored in known.same_id if stored.xml_sha256 == arrival.xml_sha256]
    return min(same, key=lambda stored: stored.place is Place.DELETED, default=None)


def _taken(known: Known) -> Outcome:
    """The instance id is in use and the bytes are not those kept, or are those of what was deleted."""
    standing = {stored.place for stored in known.same_id} - {Place.VARIANT}
    return Outcome.DELETED if standing <= {Place.DELETED} and standing else Outcome.VARIANT


def _new(arrival: Arrival, known: Known) -> Outcome:
    """Nothing is kept under this instance id: the first of it, or an edit of something."""
    if arrival.deprecated_id is None or arrival.deprecated_id == arrival.instance_id:
        return Outcome.FRESH
    places = {stored.place for stored in known.original}
    if places and not known.may_edit:
        return Outcome.FOREIGN
    if Place.CURRENT in places:
        return Outcome.EDIT
    if Place.SUPERSEDED in places:
        return Outcome.CONFLICT
    # The original may be missing, held itself, or late: in each case its turn comes when the original's does.
    return Outcome.DELETED if Place.DELETED in places else Outcome.HELD


def _findings(arrival: Arrival, known: Known) -> tuple[str, ...]:
    found = []
    if not known.version_known:
        found.append("version")
    if arrival.instance_id_made:
        found.append("instance-id")
    return tuple(found)
