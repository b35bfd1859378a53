"""The invented sheets of the demonstration pass through the form as a phone's would; the broken ones are noticed."""

import csv
import io
from dataclasses import replace

from forms.calculate import fill
from forms.instance import read_instance
from forms.parse import table_from_csv
from forms.validate import JudgeContext, judge
from server.domain.data_files import list_areas, list_demo_commune_facts, list_demo_villages
from server.domain.demo_facts import Place, make_demo_sheet
from tests.kit.village_criteria import context, definition

YES_NO = {True: "co", False: "khong", None: "khong_ro"}


def table(rows: list[dict[str, str]]) -> bytes:
    out = io.StringIO()
    writer = csv.DictWriter(out, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode()


def demo_context() -> JudgeContext:
    """The lists a phone has for the demonstration."""
    areas = {area.key: area for area in list_areas()}
    attested = {fact.commune_key: YES_NO[fact.value] for fact in list_demo_commune_facts()}
    communes = [{"name": areas[key].code, "label": areas[key].name} for key in attested]
    villages = [
        {"name": v.code, "label": v.name, "commune": areas[key].code, "code": v.code, "xa_ntm": attested[key]}
        for v in list_demo_villages()
        if (key := v.parent_key or "")
    ]
    lists = {"communes.csv": communes, "villages.csv": villages}
    tables = {**context().tables, **{name: table_from_csv(table(rows)) for name, rows in lists.items()}}
    return replace(context(), tables=tables)


def test_unbroken_sheets_have_no_error_and_broken_ones_exactly_theirs() -> None:
    judged = demo_context()
    for village in list_demo_villages():
        place = Place(xa=village.code[3:8], thon=village.code, ky="2019-06")
        sheet = make_demo_sheet(village.key, 2019, place)
        instance = read_instance(fill(definition(), sheet.answers, judged, instance_id=f"uuid:{village.uuid}"))
        errors = [(f.kind, f.path) for f in judge(definition(), instance, judged) if f.severity == "error"]
        assert errors == [("constraint", f"/data/{name}") for name in sheet.breaks], sheet.case
