"""Tags for answers that are put together anew each time: the work is done all the same, the line is spared."""

from __future__ import annotations

import hashlib

from flask import Response, current_app, request

from server.web.wire import wire_of

OK = 200


def tag(answer: Response) -> Response:
    """Gives an answer whose view says `etag` and set none a weak one made of its bytes; 304 to whoever has it."""
    view = current_app.view_functions.get(request.endpoint or "")
    if answer.status_code != OK or answer.is_streamed or view is None or not wire_of(view).etag or answer.get_etag()[0]:
        return answer
    return tagged(answer)


def tagged(answer: Response) -> Response:
    """Gives an answer a weak tag made of its bytes; 304 to whoever has it. SHA-256, which processors compute in a fifth
    of the time of MD5."""
    answer.set_etag(hashlib.sha256(answer.get_data()).hexdigest()[:32], weak=True)
    answer.make_conditional(request)
    return answer
