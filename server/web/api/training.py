"""Training: what classes come to, turns and persons apart."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import request

from server.domain.training import LEVELS, ClassCount
from server.domain.training_people import Share, Sums, sum_classes
from server.services.training import TrainingFilter, add_up, read_training, sum_training
from server.web.api.nouns import Here, Nouns
from server.web.api.schemas.training import TrainingBody, TrainingClassBody
from server.web.context import LOCALES, current_session, date_asked
from server.web.training_words import define, sentence_of
from server.web.wire import DATE, Parameter, Wire, told

nouns = Nouns("training", "Training: classes, turns and persons")
LEVEL = Parameter(
    "level",
    "The level that held the classes; left out: all.",
    {"type": "string", "enum": [*LEVELS.values()]},
    "province",
)
FROM = Parameter("from", "Only classes that began on this day or later.", DATE, "2018-01-01")
TO = Parameter("to", "Only classes that began on this day or earlier.", DATE, "2019-05-31")


@nouns.view("GET /projects/<int:project_id>/training", "submission.list", answer=TrainingBody())
@told(Wire(reads=(LEVEL, FROM, TO)))
def sum_up(here: Here) -> dict[str, Any]:
    """What the classes in sight come to, together and by level. Sheets that were returned or deleted do not count; what
    is not approved counts and is told as provisional."""
    wanted = filter_asked()
    sums = sum_training(
        current_session(), here.project.id, here.caller.scope("submission.list", here.project.id), wanted
    )
    return {
        "level": wanted.level,
        "since": wanted.first,
        "until": wanted.last,
        **_sums(sums.total),
        "byLevel": {level: _sums(each) for level, each in sums.by_level.items()},
        "definitions": {locale: define(locale) for locale in LOCALES},
        "synthetic": sums.synthetic,
    }


@nouns.view("GET /projects/<int:project_id>/training/classes", "submission.list", answer=TrainingClassBody(many=True))
@told(Wire(reads=(LEVEL, FROM, TO)))
def list_classes(here: Here) -> list[dict[str, Any]]:
    """The classes in sight, the latest first, each with what it comes to and what is wrong with its sheets. Nobody is
    named here."""
    session, scope = current_session(), here.caller.scope("submission.list", here.project.id)
    read = read_training(session, here.project.id, scope, filter_asked())
    synthetic = add_up(session, here.project.id, read).synthetic
    return [_class(each, sum_classes([each], read.persons)) | {"synthetic": synthetic} for each in read.counts]


def filter_asked() -> TrainingFilter:
    """The classes that a query asks for; of a level that there is not, none. Raises Invalid."""
    return TrainingFilter(request.args.get("level") or None, date_asked("from"), date_asked("to"))


def _sums(sums: Sums) -> dict[str, Any]:
    return {
        "classes": sums.classes,
        "turns": sums.turns,
        "persons": sums.persons,
        "personsNamed": sums.named,
        "personDays": sums.person_days,
        "classesWithoutNames": sums.unnamed_classes,
        "possibleDuplicates": sums.possible,
        "provisional": sums.provisional,
        "byAudience": _shares(sums.by_audience),
        "bySex": _shares(sums.by_sex),
        "byEthnicity": _shares(sums.by_ethnicity),
    }


def _shares(shares: Mapping[str, Share]) -> dict[str, dict[str, int | None]]:
    return {name: {"turns": each.turns, "persons": each.persons} for name, each in shares.items()}


def _class(count: ClassCount, sums: Sums) -> dict[str, Any]:
    training = count.training
    return {
        "id": training.id,
        "name": training.name,
        "level": training.level,
        "topic": training.topic,
        "organiser": training.organiser,
        "programme": training.programme,
        "areaId": training.area_id,
        "since": training.first,
        "until": training.last,
        "days": training.days,
        "planned": training.planned,
        "turns": count.turns,
        "persons": sums.persons,
        "personDays": count.person_days,
        "provisional": count.provisional,
        "flags": [
            {
                "kind": flag.kind,
                "submissionId": flag.sheet_id,
                "text": {locale: sentence_of(flag, locale) for locale in LOCALES},
            }
            for flag in count.flags
        ],
    }
