"""What each edit of a submission changed."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy.orm import Session

from forms.edits import AnswerChange, compare_edits
from forms.errors import FormsError
from forms.instance import read_instance
from server.services.definitions import definition_of
from server.storage.forms import FormView
from server.storage.readings import SubmissionView, find_submission_xml, list_submission_versions


@dataclass(frozen=True, slots=True)
class Edit:
    """One version of a submission and what it changed of the one before it; the first changed nothing."""

    instance_id: str
    changes: tuple[AnswerChange, ...]


def list_edits(session: Session, form: FormView, submission: SubmissionView) -> list[Edit]:
    """Each version, newest first. A text that cannot be read any more changed nothing that could be told."""
    definition = definition_of(session, form.shown.sha256)
    versions = list_submission_versions(session, submission.id)
    edits = []
    for new, old in pairwise(versions):
        texts = [find_submission_xml(session, each.id) or b"" for each in (old, new)]
        try:
            # read anew for each pair: comparing marks the nodes
            before, after = (read_instance(text) for text in texts)
        except FormsError:
            edits.append(Edit(new.instance_id, ()))
            continue
        edits.append(Edit(new.instance_id, compare_edits(definition, before, after)))
    return [*edits, *(Edit(each.instance_id, ()) for each in versions[-1:])]
