"""The lists that the server makes for phones, as a table: from which form each takes its rows, and what stands in them.

Areas and rounds come from their own tables; a register is made of approved sheets of one form: works of the sheets that
register works, classes of those that announce classes, households of those that review them. A form that a project does
not have gives a list without rows.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

BEFORE = "truoc_"
"""What stands before the name of a question in `villages.csv`: the last approved answer of an earlier round."""
AGAIN = "nhu_truoc_"
"""How the names of questions begin that ask whether something is as it was: an answer is of its round alone."""
PROXY, REPORTER = "nhap_thay", "nguoi_bao"
"""Whether a sheet is typed for somebody else, and who that is."""


@dataclass(frozen=True)
class Register:
    """A list made of the approved sheets of a form; with `rows`, of the rows of their repeats, one each. `personal`:
    it names people, and is for those who read what was sent from there. `where`: only sheets with that answer to that
    question; `repeat`: only rows of the repeat of that name; `carried`: answers of the sheet that stand in each row."""

    form_id: str
    rows: bool = False
    personal: bool = False
    where: tuple[str, str] | None = None
    repeat: str | None = None
    carried: tuple[str, ...] = ()


REGISTERS: Mapping[str, Register] = {
    "works": Register("work_register"),
    "classes": Register("training_class"),
    "trainees": Register("training_attendance", rows=True, personal=True),
    "models": Register("production_model", where=("giai_doan", "dau")),
    "findings": Register("community_supervision", rows=True, repeat="phat_hien", carried=("cong_trinh", "ngay")),
    "households": Register("household_review", personal=True),
}
POINTS = "diem_a"
"""The table of points A of households. No text that was read shows it: it has no rows until an administrator puts a
file in its place."""
FILES: Mapping[str, str] = {
    f"{name}.csv": name for name in ("villages", "communes", "units", "rounds", *REGISTERS, "corrections", POINTS)
}
"""The lists by the names of their files."""
GIVEN = frozenset((f"{POINTS}.csv",))
"""Lists that are there to be replaced: a file that was put in their place is read instead."""
KEY = ("name", "label")
"""What every list has, as the field asks of entities."""


def cell(value: Any) -> str:
    """An answer as it stands in a cell: a text, a number, choices one after another; nothing for what is no single
    value (a place, a group, a file of rows)."""
    if value is None or isinstance(value, dict):
        return ""
    if isinstance(value, list):
        return " ".join(value) if all(isinstance(each, str) for each in value) else ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def flat(answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers of a sheet by the names of their questions, those in groups too; rows of repeats are left out."""
    found: dict[str, Any] = {}
    for name, value in answers.items():
        if isinstance(value, dict) and "type" not in value:
            found |= {key: each for key, each in flat(value).items() if key not in found}
        elif not (isinstance(value, list) and any(isinstance(each, dict) for each in value)):
            found.setdefault(name, value)
    return found


def rows_of(answers: Mapping[str, Any], repeat: str | None = None) -> Iterator[dict[str, Any]]:
    """The rows of the repeats of a sheet, or of the one of that name, in their order, those in groups too; not those
    within rows."""
    for name, value in answers.items():
        if isinstance(value, dict) and "type" not in value:
            yield from rows_of(value, repeat)
        elif isinstance(value, list) and repeat in (None, name):
            yield from (each for each in value if isinstance(each, dict))


def bare_id(instance_id: str) -> str:
    """The id of a row that a sheet makes: its instance id without what says which kind of id it is."""
    return instance_id.removeprefix("uuid:")
