"""`thonban areas …` as somebody meets it who loads a tree of another country, and villages."""

import csv
import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from server.area_words import PROBLEMS
from server.areas_command import SHOWN
from server.cli import main
from tests.kit.source import ROOT, modules

PROBLEM = re.compile(r'(?:Clash|RowProblem)\((?:[\w.]+, )?"(area\.\w+)"')
BOUNDARIES = ROOT.parent / "shared" / "domain" / "quang-ninh-2025.geojson"

THEN = "2024-06-01"
"""A day on which the hamlets of the tree lie where its rows without a day say."""
TREE = """code,name,kind,parent,valid_from,valid_to,from,into,border,region,lat,lon,decree,status,source
1,Kingdom,country,,,,,,,,,,,,
11,North,county,1,,,,,,,54.5,-1.5,,,
111,Hill,parish,11,,2024-12-31,,,yes,moors,,,,,
112,Dale,parish,11,,2024-12-31,,,,,,,,,
V1,Upper,hamlet,111,,,,,,,,,,,
V2,Lower,hamlet,112,,,,,,,,,,,
113,Hill and Dale,parish,11,2025-01-01,,111 112:part,,,,,,Order 7,verified,the order
114,Rest of Dale,parish,11,2025-01-01,,112:part,,,,,,Order 7,verified,the order
"""


@pytest.fixture(name="areas")
def _areas(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    monkeypatch.setenv("THONBAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("THONBAN_DATABASE_URL", database_url)

    def run(*arguments: object) -> tuple[int, str]:
        code = main(["areas", *map(str, arguments)])
        return code, capsys.readouterr().out

    return run


Areas = Callable[..., tuple[int, str]]


def file_of(folder: Path, text: str, name: str = "areas.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def shown(areas: Areas, *arguments: object) -> dict[str, Any]:
    code, out = areas("show", *arguments, "--json")
    assert code == 0, out
    body: dict[str, Any] = json.loads(out)
    return body


def names(rows: Sequence[dict[str, Any]]) -> list[str]:
    return [row["name"] for row in rows]


def test_a_tree_of_another_country_loads_and_is_shown_as_of_a_day(areas: Areas, tmp_path: Path) -> None:
    file = file_of(tmp_path, TREE)
    code, out = areas("import", file, "--on", THEN, "--dry-run")
    assert code == 0
    assert "Dry run, nothing was written" in out
    assert areas("show", "1")[0] == 1
    code, out = areas("import", file, "--on", THEN)
    assert code == 0, out
    assert "8 new · 0 changed" in out
    assert "Lower (V2): Dale was split on 2025-01-01" in out
    assert "Hill and Dale (113), Rest of Dale (114)" in out
    before, after = shown(areas, "111", "--on", "2024-12-31"), shown(areas, "113", "--on", "2025-01-01")
    assert names(before["parents"]) == ["North", "Kingdom"]
    assert names(before["children"]) == ["Upper"]
    assert before["flags"] == {"border": True, "region": "moors"}
    assert [(each["name"], each["extent"], each["decree"]) for each in before["wentInto"]] == [
        ("Hill and Dale", "whole", "Order 7")
    ]
    assert names(after["cameFrom"]) == ["Hill", "Dale"]
    assert names(after["children"]) == ["Upper"]
    assert shown(areas, "11")["shapes"][0]["geometry"] == {"type": "Point", "coordinates": [-1.5, 54.5]}
    assert "8 unchanged" in areas("import", file, "--on", THEN)[1]
    assert areas("reach")[0] == 0


def test_a_code_that_is_not_there_on_a_day_says_when_it_was(areas: Areas, tmp_path: Path) -> None:
    areas("import", file_of(tmp_path, TREE), "--on", THEN)
    code, out = areas("show", "111", "--on", "2025-01-01")
    assert code == 1
    assert "Hill (… – 2024-12-31)" in out
    assert "No area that you see has the code or id 999" in areas("show", "999")[1]


def test_people_read_it_in_either_language(areas: Areas, tmp_path: Path) -> None:
    areas("import", file_of(tmp_path, TREE), "--on", THEN)
    assert "Hình thành từ (2)" in areas("show", "113")[1]
    assert "Came from (2)" in areas("show", "113", "--lang", "en")[1]


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        (
            "V9,Thôn,hamlet,111,2025-02-01",
            "Hill ended on 2025-01-01. Use what it went into: Hill and Dale (113)",
        ),
        ("V9,Thôn,hamlet,777,", "Line 2: No area bears the code 777"),
        (",,hamlet,113,", "Line 2: The column name must not be empty"),
        ("V9,Thôn,Hamlet!,113,", "Line 2: kind: Hamlet! is not a word"),
        ("V9,Thôn,hamlet,113,31/02/2025", "Line 2: valid_from: 31/02/2025 is no day"),
        ("V9,Thôn,hamlet,113,0001-01-01", "is no day"),
        ("V9,Thôn A, xóm B,hamlet,113", "Line 2: Cells beyond the columns"),
        (
            "V9,Một,hamlet,113,2025-02-01\nV9,Hai,hamlet,114,2025-02-01",
            "Line 3: Hai stands in line 2 for",
        ),
        ("11,North,county,113,2026-01-01", "Line 2: North would lie in itself"),
    ],
)
def test_one_bad_row_and_nothing_is_loaded(areas: Areas, tmp_path: Path, rows: str, told: str) -> None:
    areas("import", file_of(tmp_path, TREE), "--on", THEN)
    head = "code,name,kind,parent,valid_from\n"
    text = f"{head}{rows}\nV8,Tốt,hamlet,113,2025-03-01\n"
    if "xóm B" in rows:
        text = f"{head}{rows},2025-01-01\n"
    code, out = areas("import", file_of(tmp_path, text, "bad.csv"))
    assert code == 1
    assert told in out
    assert "Nothing was loaded" in out
    assert areas("show", "V8")[0] == 1


def test_a_column_that_nobody_knows_is_named(areas: Areas, tmp_path: Path) -> None:
    code, out = areas("import", file_of(tmp_path, "code,nmae,kind\n1,A,country\n"))
    assert code == 1
    assert "Unknown columns: nmae" in out
    assert "Columns that must be there: name, parent" in out


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("empty.csv", b""),
        ("latin.csv", "tên".encode("utf-16")),
        ("no.xlsx", b"PK\x03\x04 no workbook"),
        ("no.geojson", b"{}"),
    ],
)
def test_what_is_no_table_is_said(areas: Areas, tmp_path: Path, name: str, content: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(content)
    code, out = areas("boundaries" if name.endswith("geojson") else "import", path)
    assert code == 1
    assert "Traceback" not in out
    assert len(out.splitlines()) >= 2
    assert areas("import", tmp_path / "none.csv")[0] == 2


@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_the_template_loads_as_it_is_written(areas: Areas, tmp_path: Path, ending: str) -> None:
    areas("import", file_of(tmp_path, "code,name,kind,parent\n22,Tỉnh,province,\n06979,Xã Kỳ Thượng,commune,22\n"))
    path = tmp_path / f"template{ending}"
    assert areas("template", path)[0] == 0
    code, out = areas("import", path)
    assert code == 0, out
    assert "2 new" in out
    body = shown(areas, "QN-06979-01")
    assert names(body["parents"]) == ["Xã Kỳ Thượng", "Tỉnh"]
    assert body["validFrom"] == "2025-07-01"
    assert body["status"] == "synthetic"


def test_decided_facts_are_ended_and_never_overwritten(areas: Areas, tmp_path: Path) -> None:
    areas("import", file_of(tmp_path, TREE), "--on", THEN)
    head = "area,fact,value,decision_number,decision_date,authority,valid_from\n"
    first = file_of(
        tmp_path, f"{head}113,khu_vuc,III,1/QĐ,2025-02-01,UBDT,\n113,xa_dat_ntm,khong,,,,2025-02-01\n", "one.csv"
    )
    assert "2 new" in areas("import", first)[1]
    assert "2 unchanged" in areas("import", first)[1]
    second = file_of(tmp_path, f"{head}113,khu_vuc,II,2/QĐ,2026-02-01,UBND tỉnh,\n", "two.csv")
    assert "1 changed" in areas("import", second)[1]
    found = {
        each["decisionNumber"]: each for each in shown(areas, "113")["classifications"] if each["name"] == "khu_vuc"
    }
    assert (found["1/QĐ"]["value"], found["1/QĐ"]["validTo"]) == (3, "2026-02-01")
    assert [found[number]["authority"] for number in ("1/QĐ", "2/QĐ")] == ["UBDT", "UBND tỉnh"]
    assert "UBND tỉnh" in areas("show", "113")[1]
    assert (found["2/QĐ"]["value"], found["2/QĐ"]["validTo"]) == (2, None)
    assert "2 unchanged" in areas("import", first)[1]
    code, out = areas("import", file_of(tmp_path, f"{head}999,khu_vuc,II,,2026-01-01,,\n113,atk,co,,,,\n", "bad.csv"))
    assert code == 1
    assert "No area bears the code 999" in out
    assert "Line 3: Write valid_from, or decision_date" in out


def feature(name: str, code: str, geometry: object) -> dict[str, Any]:
    return {"type": "Feature", "properties": {"code": code, "name": name}, "geometry": geometry}


def square(west: float) -> dict[str, Any]:
    corners = [
        [west, 20],
        [west + 1, 20],
        [west + 1, 20.5],
        [west + 1.00001, 20.7],
        [west + 1, 21],
        [west, 21],
        [west, 20],
    ]
    return {"type": "Polygon", "coordinates": [corners]}


def drawn(folder: Path, *features: dict[str, Any]) -> Path:
    return file_of(folder, json.dumps({"type": "FeatureCollection", "features": list(features)}), "shapes.geojson")


def test_boundaries_are_matched_simplified_and_replaced(areas: Areas, tmp_path: Path) -> None:
    areas("import", file_of(tmp_path, TREE), "--on", THEN)
    file = drawn(tmp_path, feature("Hill and Dale", "113", square(107)), feature("rest of dale", "", square(108)))
    code, out = areas("boundaries", file, "--tolerance", "500")
    assert code == 0, out
    assert "2 boundaries, 0 points" in out
    areas("boundaries", file, "--tolerance", "500")
    for area in ("113", "114"):
        [shape] = shown(areas, area)["shapes"]
        assert shape["geometry"]["type"] == "Polygon"
        assert len(shape["geometry"]["coordinates"][0]) < len(square(107)["coordinates"][0])
    assert shown(areas, "111", "--on", "2024-01-01")["shapes"] == []


@pytest.mark.parametrize(
    ("properties", "geometry", "told"),
    [
        (("Hill", "113"), square(107), "Code 113 is that of Hill and Dale"),
        (("Nowhere", "999"), square(107), "No area matches code 999 or name Nowhere"),
        (("Hill and Dale", "113"), {"type": "LineString", "coordinates": [[0, 0], [1, 1]]}, "LineString"),
        (("Hill and Dale", "113"), {"type": "Point", "coordinates": [1070, 20]}, "WGS 84"),
        (("Hill and Dale", "113"), None, "geometry"),
        (
            ("Hill and Dale", "113"),
            {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]},
            "Self-intersection",
        ),
        (("Rest of Dale", "114"), square(107), "is feature 1 already"),
    ],
)
def test_a_feature_that_cannot_be_is_named_and_none_is_loaded(
    areas: Areas, tmp_path: Path, properties: tuple[str, str], geometry: Any, told: str
) -> None:
    areas("import", file_of(tmp_path, TREE), "--on", THEN)
    file = drawn(tmp_path, feature("Rest of Dale", "114", square(108)), feature(*properties, geometry))
    code, out = areas("boundaries", file)
    assert code == 1
    assert "Feature 2:" in out
    assert told in out
    assert shown(areas, "114")["shapes"] == []


def test_the_boundaries_of_quang_ninh(areas: Areas, tmp_path: Path) -> None:
    if not BOUNDARIES.is_file():
        pytest.skip(f"needs {BOUNDARIES.name}, which does not come with the product")
    assert areas("import", "--vietnam")[0] == 0
    code, out = areas("boundaries", BOUNDARIES, "--tolerance", "100")
    assert code == 0, out
    assert "54 boundaries" in out
    shapes = shown(areas, "06979")["shapes"]
    assert [shape["kind"] for shape in shapes] == ["boundary", "point"]
    del tmp_path


def test_a_long_list_is_cut_and_counted(areas: Areas, tmp_path: Path) -> None:
    path = tmp_path / "many.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [["code", "name", "kind", "parent"], *([n, f"A{n}", "x", "none"] for n in range(SHOWN + 5))]
        )
    assert "… and 5 more" in areas("import", path)[1]


def test_every_problem_has_its_sentence() -> None:
    told = {code for module in modules("server") if "area" in module.name for code in PROBLEM.findall(module.text)}
    assert told - PROBLEMS.keys() == set()
