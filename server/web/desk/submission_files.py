"""What lies beside one submission as a file of its own: its photos and other files, and its places for the map."""

from __future__ import annotations

import io

from flask import request
from werkzeug.wrappers import Response

from server.domain.errors import NotFound
from server.services.thumbnails import WIDE, make_thumbnail
from server.storage.areas import find_path
from server.storage.desk import FileRow, list_files
from server.storage.rounds import find_round
from server.web.answers import answer_features, answer_file
from server.web.context import current_home, current_session
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import desk_caller
from server.web.desk.submission_parts import day_read, features_of, places_of, read_text
from server.web.desk.submissions import open_submission

PRIVATE = "private, no-cache"


@blueprint.get("/submissions/<int:submission_id>/versions/<int:version_id>/files/<path:name>")
def submission_file(submission_id: int, version_id: int, name: str) -> Response:
    """A photo or other file of a submission, as it was sent."""
    return _as_sent(_file(submission_id, version_id, name))


@blueprint.get("/submissions/<int:submission_id>/versions/<int:version_id>/photos/<path:name>")
def submission_photo(submission_id: int, version_id: int, name: str) -> Response:
    """A photo as wide as a page shows it, upright and without what the camera wrote into it; what is no picture is
    answered as it was sent."""
    file = _file(submission_id, version_id, name)
    tag = f"{file.sha256}-{WIDE}"
    if request.if_none_match.contains_weak(tag):
        # the browser has it already: nothing is drawn
        return _kept(answer_file(io.BytesIO(), "photo.jpg", "image/jpeg", tag))
    try:
        with current_home().blobs.open(file.sha256 or "") as stream:
            wide = make_thumbnail(stream, WIDE)
    except FileNotFoundError as error:
        raise NotFound("http.not_found") from error
    if wide is None:
        return _as_sent(file)
    return _kept(answer_file(io.BytesIO(wide), "photo.jpg", "image/jpeg", tag))


@blueprint.get("/submissions/<int:submission_id>/map.geojson")
def submission_map(submission_id: int) -> Response:
    """The places of a submission with the point of its village and the boundary of its commune."""
    caller = desk_caller()
    opened = open_submission(caller, submission_id)
    session, submission = current_session(), opened.submission
    text = read_text(submission.id, opened.version.id, opened.filled)
    round_view = find_round(session, submission.round_id) if submission.round_id else None
    on = day_read(caller, round_view)
    path = find_path(session, submission.area_id, on) if submission.area_id else ()
    return answer_features(features_of(places_of(submission, text.sheet(), on), path[0].name if path else ""))


def _file(submission_id: int, version_id: int, name: str) -> FileRow:
    opened = open_submission(desk_caller(), submission_id, version_id)
    files = list_files(current_session(), opened.version.id)
    file = next((each for each in files if each.name == name and each.sha256), None)
    if file is None:
        raise NotFound("http.not_found")
    return file


def _as_sent(file: FileRow) -> Response:
    try:
        stream = current_home().blobs.open(file.sha256 or "")
    except FileNotFoundError as error:
        raise NotFound("http.not_found") from error
    return _kept(answer_file(stream, file.name, file.content_type, file.sha256 or ""))


def _kept(answer: Response) -> Response:
    """A file that the browser keeps, and asks each time whether it may still be shown."""
    answer.headers["Cache-Control"] = PRIVATE
    return answer
