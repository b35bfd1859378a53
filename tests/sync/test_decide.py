"""The table of answers, row by row, in both dialects; and what must hold for every arrival."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.decide import MESSAGES, Arrival, Decision, Dialect, Known, Outcome, Place, Store, Stored, decide, refuse

PHONE, SCRIPT = Dialect.OPENROSA, Dialect.REST
PHOTO = ("anh_duong.jpg", "p1")

FIRST = Arrival("uuid:a", "xml-a")
WITH_PHOTO = replace(FIRST, attachments=frozenset({PHOTO}))
EDIT = Arrival("uuid:b", "xml-b", deprecated_id="uuid:a")


def kept(place: Place, xml: str = "xml-a", *photos: tuple[str, str]) -> Stored:
    return Stored(xml, place, frozenset(photos))


NOTHING_KNOWN = Known()
HERE = Known(same_id=(kept(Place.CURRENT),))
HERE_WITH_PHOTO = Known(same_id=(kept(Place.CURRENT, "xml-a", PHOTO),))
OTHER_HERE = Known(same_id=(kept(Place.CURRENT, "xml-other"),))
GONE = Known(same_id=(kept(Place.DELETED),))
GONE_AND_KEPT_AGAIN = Known(same_id=(kept(Place.DELETED), kept(Place.VARIANT)))
CLOSED = Known(accepts=False)
CLOSED_SINCE = Known(accepts=False, same_id=(kept(Place.CURRENT),))
CAME_LATE = Known(accepts=False, same_id=(kept(Place.LATE),))
NEW_VERSION = Known(version_known=False)
ORIGINAL_HERE = Known(original=(kept(Place.CURRENT),))
ORIGINAL_EDITED = Known(original=(kept(Place.SUPERSEDED),))
ORIGINAL_GONE = Known(original=(kept(Place.DELETED),))
ORIGINAL_FOREIGN = Known(may_edit=False, original=(kept(Place.CURRENT),))
ORIGINAL_FOREIGN_GONE = Known(may_edit=False, original=(kept(Place.DELETED),))
ORIGINAL_HELD = Known(original=(kept(Place.HELD),))
ORIGINAL_LATE = Known(original=(kept(Place.LATE),))
EDIT_APPLIED = Known(same_id=(kept(Place.CURRENT, "xml-b"),), original=(kept(Place.SUPERSEDED),))
EDIT_HELD = Known(same_id=(kept(Place.HELD, "xml-b"),))

TABLE = [
    # what arrives, what is known, phone: outcome, store, number; script: outcome, number
    (FIRST, NOTHING_KNOWN, Outcome.FRESH, Store.SUBMISSION, 201, Outcome.FRESH, 200),
    (FIRST, HERE, Outcome.DUPLICATE, Store.NOTHING, 201, Outcome.DUPLICATE, 409.3),
    (WITH_PHOTO, HERE, Outcome.MORE_ATTACHMENTS, Store.ATTACHMENTS, 201, Outcome.DUPLICATE, 409.3),
    (WITH_PHOTO, HERE_WITH_PHOTO, Outcome.DUPLICATE, Store.NOTHING, 201, Outcome.DUPLICATE, 409.3),
    (FIRST, HERE_WITH_PHOTO, Outcome.DUPLICATE, Store.NOTHING, 201, Outcome.DUPLICATE, 409.3),
    (FIRST, OTHER_HERE, Outcome.VARIANT, Store.VARIANT, 202, Outcome.VARIANT, 409.3),
    (FIRST, CLOSED, Outcome.LATE, Store.LATE, 202, Outcome.LATE, 409.2),
    (EDIT, CLOSED, Outcome.LATE, Store.LATE, 202, Outcome.LATE, 409.2),
    (FIRST, CLOSED_SINCE, Outcome.DUPLICATE, Store.NOTHING, 201, Outcome.LATE, 409.2),
    (FIRST, CAME_LATE, Outcome.DUPLICATE, Store.NOTHING, 202, Outcome.LATE, 409.2),
    (WITH_PHOTO, CAME_LATE, Outcome.MORE_ATTACHMENTS, Store.ATTACHMENTS, 202, Outcome.LATE, 409.2),
    (FIRST, NEW_VERSION, Outcome.FRESH, Store.SUBMISSION, 201, Outcome.VERSION_UNKNOWN, 404.6),
    (FIRST, GONE, Outcome.DELETED, Store.VARIANT, 202, Outcome.DELETED, 409.18),
    (replace(FIRST, xml_sha256="x"), GONE, Outcome.DELETED, Store.VARIANT, 202, Outcome.DELETED, 409.18),
    (FIRST, GONE_AND_KEPT_AGAIN, Outcome.DUPLICATE, Store.NOTHING, 202, Outcome.DELETED, 409.18),
    (EDIT, ORIGINAL_HERE, Outcome.EDIT, Store.VERSION, 201, Outcome.EDIT, 200),
    (EDIT, ORIGINAL_FOREIGN, Outcome.FOREIGN, Store.VARIANT, 202, Outcome.FOREIGN, 403.1),
    # whether it was deleted is none of a stranger's business
    (EDIT, ORIGINAL_FOREIGN_GONE, Outcome.FOREIGN, Store.VARIANT, 202, Outcome.FOREIGN, 403.1),
    (EDIT, NOTHING_KNOWN, Outcome.HELD, Store.HELD, 202, Outcome.HELD, 404.5),
    (EDIT, ORIGINAL_HELD, Outcome.HELD, Store.HELD, 202, Outcome.HELD, 404.5),
    (EDIT, ORIGINAL_LATE, Outcome.HELD, Store.HELD, 202, Outcome.HELD, 404.5),
    (EDIT, ORIGINAL_EDITED, Outcome.CONFLICT, Store.VARIANT, 202, Outcome.CONFLICT, 409.9),
    (EDIT, ORIGINAL_GONE, Outcome.DELETED, Store.VARIANT, 202, Outcome.DELETED, 409.18),
    (EDIT, EDIT_APPLIED, Outcome.DUPLICATE, Store.NOTHING, 201, Outcome.DUPLICATE, 409.3),
    (EDIT, EDIT_HELD, Outcome.DUPLICATE, Store.NOTHING, 202, Outcome.DUPLICATE, 409.3),
    (
        replace(EDIT, deprecated_id="uuid:b"),
        NOTHING_KNOWN,
        Outcome.FRESH,
        Store.SUBMISSION,
        201,
        Outcome.FRESH,
        200,
    ),
    (
        replace(FIRST, instance_id_made=True),
        NOTHING_KNOWN,
        Outcome.FRESH,
        Store.SUBMISSION,
        201,
        Outcome.NO_INSTANCE_ID,
        400.2,
    ),
]


def number(decision: Decision) -> float | None:
    assert (decision.status is None) != (decision.code is None)
    return decision.status if decision.accepted else decision.code


@pytest.mark.parametrize(("arrival", "known", "outcome", "store", "answer", "_script", "_code"), TABLE)
def test_over_openrosa(arrival, known, outcome, store, answer, _script, _code) -> None:
    decision = decide(arrival, known, PHONE)
    assert (decision.outcome, decision.store, number(decision)) == (outcome, store, answer)


@pytest.mark.parametrize(("arrival", "known", "_phone", "_store", "_status", "outcome", "answer"), TABLE)
def test_over_rest(arrival, known, _phone, _store, _status, outcome, answer) -> None:
    decision = decide(arrival, known, SCRIPT)
    assert (decision.outcome, number(decision)) == (outcome, answer)
    assert decision.accepted or decision.store is Store.NOTHING


@pytest.mark.parametrize("dialect", list(Dialect))
def test_broken_rules_never_refuse_and_send_it_to_review(dialect: Dialect) -> None:
    decision = decide(replace(FIRST, broken_rules=True), NOTHING_KNOWN, dialect)
    assert decision.accepted
    assert (decision.review_state, decision.message) == ("hasIssues", "submission.fresh_with_issues")
    edit = decide(replace(EDIT, broken_rules=True), ORIGINAL_HERE, dialect)
    assert (edit.review_state, edit.message) == ("edited", "submission.edit")
    assert decide(FIRST, NOTHING_KNOWN, dialect).review_state is None


@pytest.mark.parametrize(("arrival", "known", "_phone", "_store", "_status", "_outcome", "_code"), TABLE)
def test_who_is_refused_is_not_told_that_it_is_kept(arrival, known, _phone, _store, _status, _outcome, _code) -> None:
    told, refused = decide(arrival, known, PHONE), decide(arrival, known, Dialect.REST)
    if told.store in (Store.VARIANT, Store.HELD, Store.LATE) and not refused.accepted:
        assert refused.message != told.message


def test_what_a_phone_leaves_out_becomes_a_finding() -> None:
    assert decide(FIRST, NEW_VERSION, PHONE).findings == ("version",)
    nameless = replace(FIRST, instance_id_made=True)
    assert decide(nameless, NEW_VERSION, PHONE).findings == ("version", "instance-id")
    assert decide(nameless, HERE, PHONE).findings == ()


def test_a_script_that_must_edit_has_to_name_the_original() -> None:
    decision = decide(replace(FIRST, must_edit=True), NOTHING_KNOWN, SCRIPT)
    assert (decision.outcome, decision.code) == (Outcome.NO_ORIGINAL_NAMED, 400.19)


def test_a_held_edit_is_applied_when_its_original_has_come() -> None:
    assert decide(EDIT, NOTHING_KNOWN, PHONE).store is Store.HELD
    assert decide(EDIT, ORIGINAL_HERE, PHONE).store is Store.VERSION


@pytest.mark.parametrize(
    ("outcome", "code"), [(Outcome.UNREADABLE, 400.1), (Outcome.NO_FORM_ID, 400.2), (Outcome.UNKNOWN_FORM, 404.1)]
)
def test_what_cannot_be_read_is_refused_but_not_lost(outcome: Outcome, code: float) -> None:
    phone, script = refuse(outcome, PHONE), refuse(outcome, SCRIPT)
    assert (phone.code, phone.store) == (code, Store.QUARANTINE)
    assert (script.code, script.store) == (code, Store.NOTHING)


def test_only_the_unreadable_can_be_refused_unseen() -> None:
    with pytest.raises(ValueError, match="fresh"):
        refuse(Outcome.FRESH, PHONE)


sha = st.sampled_from(["xml-a", "xml-b", "xml-c"])
photos = st.frozensets(st.sampled_from([PHOTO, ("anh_nha_van_hoa.jpg", "p2")]))
stored = st.lists(st.builds(Stored, sha, st.sampled_from(list(Place)), photos), max_size=3).map(tuple)
arrivals = st.builds(
    Arrival,
    instance_id=st.just("uuid:a"),
    xml_sha256=sha,
    deprecated_id=st.sampled_from([None, "uuid:a", "uuid:z"]),
    instance_id_made=st.booleans(),
    attachments=photos,
    broken_rules=st.booleans(),
)
knowns = st.builds(Known, st.booleans(), st.booleans(), stored, stored)


@given(arrivals, knowns)
def test_a_readable_instance_from_a_phone_is_never_refused(arrival: Arrival, known: Known) -> None:
    decision = decide(arrival, known, PHONE)
    assert decision.status in (201, 202)
    assert decision.message in MESSAGES


@given(arrivals, knowns)
def test_once_kept_the_same_again_changes_nothing_and_is_answered_alike(arrival: Arrival, known: Known) -> None:
    first = decide(arrival, known, PHONE)
    places = {
        Store.SUBMISSION: Place.CURRENT,
        Store.VERSION: Place.CURRENT,
        Store.VARIANT: Place.VARIANT,
        Store.HELD: Place.HELD,
        Store.LATE: Place.LATE,
    }
    if first.store not in places:
        return
    now_kept = Stored(arrival.xml_sha256, places[first.store], arrival.attachments)
    again = decide(arrival, replace(known, accepts=False, same_id=(*known.same_id, now_kept)), PHONE)
    assert (again.outcome, again.store, again.status) == (Outcome.DUPLICATE, Store.NOTHING, first.status)


@given(arrivals, knowns)
def test_a_script_is_told_no_without_a_trace(arrival: Arrival, known: Known) -> None:
    decision = decide(arrival, known, SCRIPT)
    assert decision.status == 200 or (decision.store is Store.NOTHING and decision.review_state is None)
