"""New sheets that stand in for one that was returned: sent from phones that cannot edit what they sent."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.engine import Connection

from server.domain.returned import CORRECTS, ONE_A_ROUND, names_it
from server.services.aggregate import find_field
from server.services.judge import Judged
from server.storage.returns import Waiting, list_waiting, list_waiting_nowhere, replace_return


def link_correction(
    connection: Connection, judged: Judged, what: tuple[int, int, int | None], now: datetime
) -> int | None:
    """Links a new sheet to the returned one of its form that it stands in for: the one that it names, of its area or,
    of no place, of its own sender; else, of forms of which there is one for an area and a round, the last of its round
    and sender. `what`: the new submission, who sent it, its round. Returns the move that returned the other; None where
    there is none."""
    submission_id, sender_id, round_id = what
    named = find_field(judged.answers, CORRECTS)
    form, found = judged.form, None
    one_a_round = form.xml_form_id in ONE_A_ROUND
    if judged.area_id is not None and (named or one_a_round):
        waiting = list_waiting(connection, form.project_id, form.form_id, judged.area_id)
        found = _named_of(waiting, named)
        if found is None and one_a_round:
            place = (round_id, sender_id)
            found = next((each for each in waiting if (each.round_id, each.sender_id) == place), None)
    if found is None and named:
        found = _named_of(list_waiting_nowhere(connection, form.project_id, form.form_id, sender_id), named)
    if found is None:
        return None
    replace_return(connection, found.move_id, submission_id, now)
    return found.move_id


def _named_of(waiting: list[Waiting], named: object) -> Waiting | None:
    return next((each for each in waiting if names_it(named, each.instance_id)), None)
