"""What people say about submissions."""

from __future__ import annotations

from typing import Any

from server.services.review import comment
from server.storage.reviews import CommentView, list_comments
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import CommentBody, NewCommentBody
from server.web.api.submissions import SUBMISSION, get_submission
from server.web.context import current_session, now

nouns = Nouns("comments", "What people say about submissions")


@nouns.view(f"GET {SUBMISSION}/comments", "submission.read", answer=CommentBody(many=True))
def list_said(here: Here, instance_id: str) -> list[CommentView]:
    """The comments on a submission, newest first."""
    return list_comments(current_session(), get_submission(here, instance_id).id)


@nouns.view(f"POST {SUBMISSION}/comments", "submission.read", body=NewCommentBody, answer=CommentBody())
def say(here: Here, body: dict[str, Any], instance_id: str) -> CommentView:
    """Writes a comment; it is never edited."""
    submission = get_submission(here, instance_id)
    return comment(current_session(), here.caller, submission.id, body["body"], now())
