"""The sheets of tests/vectors/village_criteria written anew by JavaRosa for the form as the library has it.

`THONBAN_ORACLE=Oracle.java python -m tests.kit.village_vectors`: each answer is set in the order of the form (or as
`before.json` says, one after another), the engine's XML is kept, and the broken sheets are made of it by their edits.
"""

from __future__ import annotations

import json
import sys
import uuid
from collections.abc import Iterable, Mapping

from forms.convert import convert
from tests.kit.javarosa import Job, ask, lacking
from tests.kit.source import ROOT
from tests.kit.village_criteria import BEFORE, VECTORS, definition, vectors


def in_order(answers: Mapping[str, object]) -> list[tuple[str, object]]:
    """Answers in the order in which the form asks."""
    place = {field.name: number for number, field in enumerate(definition().fields.values())}
    return sorted(answers.items(), key=lambda item: place[item[0]])


def job(number: int, form: str, media: str, answers: Iterable[tuple[str, object]]) -> Job:
    """What the driver is asked for one sheet."""
    ops = [{"op": "set", "ref": f"/data/{name}", "value": str(value)} for name, value in answers]
    return {
        "id": number,
        "formXml": form,
        "media": str(VECTORS / media),
        "ops": ops,
        "submission": True,
        "finalize": True,
    }


def main() -> int:
    """Writes all sheets; 1 when JavaRosa cannot be asked or refuses an answer."""
    why = lacking()
    if why is not None:
        print(why)
        return 1
    form = convert((ROOT / "forms" / "library" / "village_criteria.md").read_bytes(), "md").xml.decode()
    named = [case for case in vectors() if "answers" in case]
    jobs = [job(number, form, "media", in_order(case["answers"])) for number, case in enumerate(named)]  # type: ignore[arg-type]
    before = json.loads(BEFORE.read_text(encoding="utf-8"))
    jobs += [job(len(named) + number, form, "media_before", case["set"]) for number, case in enumerate(before)]
    for case, done in zip([*named, *before], ask(jobs), strict=True):
        if not done.get("submission") or any("error" in op for op in done.get("ops", ()) if isinstance(op, dict)):
            print(case["file"], done)
            return 1
        (VECTORS / str(case["file"])).write_text(done["submission"], encoding="utf-8")
    for case in vectors():
        if "edits" in case:
            _edit(case)
    print(f"{len(named) + len(before)} sheets")
    return 0


def _edit(case: Mapping[str, object]) -> None:
    text = (VECTORS / str(case["edited_from"])).read_text(encoding="utf-8")
    for old, new in case["edits"]:  # type: ignore[attr-defined]
        assert text.count(old) == 1, (case["file"], old)
        text = text.replace(old, new)
    start = text.index("uuid:")
    text = text[:start] + f"uuid:{uuid.uuid4()}" + text[start + 41 :]
    (VECTORS / str(case["file"])).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
