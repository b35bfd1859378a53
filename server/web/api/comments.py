"""What people say about submissions."""

from __future__ import annotations

from typing import Any

from server.services.review import comment
from server.storage.reviews import list_comments
from server.web.api.extended import WRITER, with_actors
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.submissions import CommentBody, NewCommentBody, comment_body
from server.web.api.submissions import SUBMISSION, get_submission
from server.web.context import current_session, now
from server.web.wire import EXTENDED, Wire, told

nouns = Nouns("comments", "What people say about submissions")


@nouns.view(f"GET {SUBMISSION}/comments", "submission.read", answer=CommentBody(many=True))
@told(Wire(reads=(EXTENDED,)))
def list_said(here: Here, instance_id: str) -> list[dict[str, Any]]:
    """The comments on a submission, newest first. With `X-Extended-Metadata: true` each with who wrote it."""
    found = list_comments(current_session(), get_submission(here, instance_id).id)
    return with_actors(map(comment_body, found), WRITER)


@nouns.view(f"POST {SUBMISSION}/comments", "submission.read", body=NewCommentBody, answer=CommentBody())
def say(here: Here, body: dict[str, Any], instance_id: str) -> dict[str, Any]:
    """Writes a comment; it is never edited."""
    submission = get_submission(here, instance_id)
    return comment_body(comment(current_session(), here.caller, submission.id, body["body"], now()))
