"""Answers as files: CSV as ODK Central lays it out, workbooks, maps, columns for analysis, photos."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from server.domain.wishes import LABELS
from server.services.extract import Asked
from server.storage.forms import VersionView
from server.web.answer_files import CSV, answer_answers, wish_asked
from server.web.api.forms import FORM, draft_of
from server.web.api.nouns import Here, Nouns
from server.web.wire import SWITCH, Content, Parameter, Wire, told

nouns = Nouns("exports", "Answers as files")

_MANY = "Several by commas, or said several times."
_SWITCHES = (
    ("attachments", "`false`: without the files that answers name (`media/`).", False),
    ("groupPaths", "`false`: names of columns without those of their groups, where no two become the same.", False),
    ("deletedFields", "`true`: also what only earlier versions of the form asked.", True),
    ("splitSelectMultiples", "`true`: a column of 1 and 0 for each choice, beside the whole answer.", True),
    ("details", "`true`: columns for area, commune, round, the last review and the findings.", True),
    ("personal", "`false`: without what the form marks as personal, under keys that lead to nobody.", False),
    ("raw", "`true`: texts as they were sent, also those that a spreadsheet takes for formulas.", True),
    ("bom", "`true`: CSV begins with a byte order mark, by which Excel knows UTF-8.", True),
)
READS = (
    Parameter("rounds", f"Only of these rounds, by slug. {_MANY}", example="2019"),
    Parameter("areas", f"Only of these areas with all below them, by own id or code. {_MANY}"),
    Parameter("states", f"Only in these review states. {_MANY}", example="approved"),
    Parameter("$filter", "A condition, as in OData.", example="__system/submissionDate gt 2026-01-01T00:00:00Z"),
    Parameter(
        "labels", "Labels `instead` of names, or `beside` them.", {"type": "string", "enum": list(LABELS)}, "none"
    ),
    Parameter("language", "Of labels: `vi`, or a language of the form by its whole name.", example="vi"),
    *(Parameter(name, about, SWITCH, example) for name, about, example in _SWITCHES),
    Parameter("fieldpath", "Of a map: the place it is made of, with slashes; else the first of the form."),
)


def _files(kind: str, about: str) -> Wire:
    return Wire(reads=READS, gives=(Content(kind, about),), etag=True)


_ZIP = _files("application/zip", "A CSV for the form, one for each repeat, `about.csv`, and the files in `media/`.")
_ANEW = replace(_ZIP, etag=False)
_ONE = _files("text/csv", "The form's own table, without its repeats.")
_BOOK = _files(
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "A sheet for the form, one for each repeat, the codebook, and what the file is.",
)
_MAP = _files("application/geo+json", "A FeatureCollection: a feature for each submission, or each row of a repeat.")
_COLUMNS = Wire(
    reads=READS,
    gives=(Content("application/zip", "Parquet files by table and month, `_about.csv` and `_codebook.csv`."),),
    refuses=(501,),
)
_MEDIA = _files("application/zip", "The files in `media/`, `files.csv`, `missing.csv`, `about.csv`.")


@nouns.view(f"GET {FORM}/submissions.csv.zip", "submission.list")
@told(_ZIP)
def get_csv_zip(here: Here) -> Any:
    """All answers as CSV, in a zip that is sent while it is made."""
    return _answer(here, "csv.zip")


@nouns.view(f"POST {FORM}/submissions.csv.zip", "submission.list")
@told(_ANEW)
def post_csv_zip(here: Here) -> Any:
    """The same; ODK Central takes passphrases this way, and forms here have none."""
    return _answer(here, "csv.zip")


@nouns.view(f"GET {FORM}/submissions.csv", "submission.list")
@told(_ONE)
def get_csv(here: Here) -> Any:
    """The form's own table as CSV."""
    return _answer(here, CSV)


@nouns.view(f"GET {FORM}/draft/submissions.csv.zip", "submission.list")
@told(_ANEW)
def get_draft_csv_zip(here: Here) -> Any:
    """The same of what was sent to try the draft."""
    return _answer(here, "csv.zip", draft_of(here))


@nouns.view(f"GET {FORM}/draft/submissions.csv", "submission.list")
@told(replace(_ONE, etag=False))
def get_draft_csv(here: Here) -> Any:
    """The draft's own table as CSV."""
    return _answer(here, CSV, draft_of(here))


@nouns.view(f"GET {FORM}/submissions.xlsx", "submission.list")
@told(_BOOK)
def get_xlsx(here: Here) -> Any:
    """All answers as a workbook, which is sent when it is whole."""
    return _answer(here, "xlsx")


@nouns.view(f"GET {FORM}/submissions.geojson", "submission.list")
@told(_MAP)
def get_geojson(here: Here) -> Any:
    """All answers that have a place, as a map."""
    return _answer(here, "geojson")


@nouns.view(f"GET {FORM}/submissions/<segment:instance_id>.geojson", "submission.read")
@told(_MAP)
def get_one_geojson(here: Here, instance_id: str) -> Any:
    """The place of one submission."""
    return _answer(here, "geojson", only=instance_id)


@nouns.view(f"GET {FORM}/submissions.media.zip", "submission.list")
@told(_MEDIA)
def get_media_zip(here: Here) -> Any:
    """The files that answers name, stored as they are."""
    return _answer(here, "media.zip")


@nouns.view(f"GET {FORM}/submissions.parquet.zip", "submission.list")
@told(_COLUMNS)
def get_parquet_zip(here: Here) -> Any:
    """All answers as Parquet in months, where the server has the extra `analysis`."""
    return _answer(here, "parquet.zip")


def _answer(here: Here, ending: str, draft: VersionView | None = None, only: str | None = None) -> Any:
    wish = wish_asked(ending, draft=draft is not None)
    return answer_answers(here.caller, Asked(here.project, here.form, draft or here.form.shown, only), wish)
