"""Production models: their start, middle and end in one line, and their sums by kind and area."""

from __future__ import annotations

from werkzeug.wrappers import Response

from server.domain.production import HOUSEHOLDS, INCOMES, KINDS, Model, sum_by_kind, sum_models
from server.services.work_tables import commune_of, make_models_table
from server.services.works import list_models, sum_models_up
from server.web.context import current_session, now
from server.web.desk.blueprint import blueprint
from server.web.desk.pages import show_page
from server.web.desk.work_map import GOING_ON, draw_models
from server.web.desk.works import (
    FILE,
    PROJECT,
    Chosen,
    areas_to_choose,
    borders_of,
    chosen_of,
    communes_of,
    part_of,
    reader,
)
from server.web.table_files import Book, answer_table
from server.web.works_asked import works_asked

REPEATED = ("co", "khong", "chua", GOING_ON)


@blueprint.get(f"{PROJECT}/models")
def models(project_id: int) -> str:
    """The models as of a day, of an area, a kind, a decision."""
    caller, project = reader(project_id)
    asked = works_asked(caller, project)
    read = list_models(current_session(), asked)
    chosen = chosen_of(asked, {"kind": KINDS, "state": REPEATED})
    kept = [model for model in read.models if _fits(model, chosen)]
    return show_page(
        "models.html",
        caller=caller,
        project=project,
        read=read,
        part=part_of(kept),
        sums=sum_models(kept),
        by_kind=sum_by_kind(kept),
        by_area=[(read.areas[area_id], sums) for area_id, sums in sum_models_up(read).items()],
        chosen=chosen,
        communes=communes_of(areas_to_choose(asked, read)),
        commune_of=commune_of,
        picture=draw_models(kept, borders_of(read, [model.area_id for model in kept]), read.names),
        kinds=KINDS,
        states=REPEATED,
        households=HOUSEHOLDS,
        incomes=INCOMES,
    )


@blueprint.get(f"{PROJECT}/models.{FILE}")
def models_file(project_id: int, ending: str) -> Response:
    """The models as a file."""
    caller, project = reader(project_id)
    read = list_models(current_session(), works_asked(caller, project))
    sheets, about = make_models_table(read, project, now())
    return answer_table(Book(f"models-{read.on.isoformat()}", sheets, about), ending)


def _fits(model: Model, chosen: Chosen) -> bool:
    decided = model.repeat or GOING_ON
    return chosen.kind in (None, model.kind) and chosen.state in (None, decided)
