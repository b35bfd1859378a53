"""Our engine held against JavaRosa, node by node: `make oracle`, and what it keeps for the tests.

Each form of `tests/vectors/oracle/forms/`, the forms that are shipped and the form of the benchmark are filled by
JavaRosa with different seeds; each filling is then damaged; both engines are asked of every node of both.
"""

import argparse
import json
import lzma
import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from forms.convert import convert
from forms.definition import FormDefinition
from forms.parse import parse_form
from server.judge_command import judge_jobs
from tests.kit.damage import damage
from tests.kit.exceptions import crashed, defect, left_out, plain
from tests.kit.javarosa import ZONE, Job, ask, lacking
from tests.kit.source import ROOT

FOLDER = ROOT / "tests" / "vectors" / "oracle"
FORMS, MEDIA, KEPT = FOLDER / "forms", FOLDER / "media", FOLDER / "kept"
SHIPPED = (*sorted((ROOT / "forms" / "library").glob("*.md")), ROOT / "bench" / "hh_water.md")
TOLD = (
    *("kind", "relevant", "type", "required", "readonly", "value", "raw", "absent", "typeOk", "constraint", "control"),
    "choiceOk",
)
Node = dict[str, object]


@dataclass
class Tally:
    """What was compared of one form.

    `refused`: instances that neither engine opens. `excepted`: nodes of which something was not compared
    (tests/kit/exceptions.py says what and why). `differences`: (instance, ref, what, JavaRosa's, ours).
    """

    instances: int = 0
    nodes: int = 0
    matched: int = 0
    refused: int = 0
    excepted: int = 0
    differences: list[tuple[object, str, str, object, object]] = field(default_factory=list)


def sources() -> dict[str, Path]:
    """All forms by name."""
    own = sorted((*FORMS.glob("*.md"), *FORMS.glob("*.xml")))
    return {path.stem: path for path in (*SHIPPED, *own)}


def xform(path: Path) -> str:
    """The XForm of a form."""
    content = path.read_bytes()
    return content.decode() if path.suffix == ".xml" else convert(content, "md", path.stem).xml.decode()


def zone_of(name: str) -> str:
    """The zone in which a form's phones are: its file may name one, "dates.America-New_York.md"."""
    _, mark, zone = name.partition(".")
    return zone.replace("-", "/", 1) if mark else ZONE


def hints(path: Path) -> Job:
    """What to answer where chance alone finds nothing: a file beside the form."""
    beside = path.with_suffix(".hints.json")
    return json.loads(beside.read_text(encoding="utf-8")) if beside.is_file() else {}


def fillings(form: str, count: int, zone: str, given: Job) -> list[str]:
    """Submissions as JavaRosa filled them, with different seeds."""
    job: Job = {"formXml": form, "media": str(MEDIA), "nodes": False, "submission": True}
    jobs = [job | {"ops": [{"op": "autofill", "seed": seed, "hints": given}]} for seed in range(1, count + 1)]
    return [done["submission"] for done in ask(jobs, zone) if done.get("submission")]


def compare(form: str, instances: Sequence[str], zone: str) -> tuple[Tally, list[Job]]:
    """Both engines asked of every node; the second value is what JavaRosa said."""
    now = datetime.now(ZoneInfo(zone)).replace(microsecond=0)
    jobs = [
        {"id": number, "formXml": form, "media": str(MEDIA), "instanceXml": each}
        for number, each in enumerate(instances)
    ]
    said = ask(jobs, zone)
    assert datetime.now(ZoneInfo(zone)).date() == now.date(), "midnight came between: ask again"
    return tally(form, jobs, said, now, zone), said


def tally(form: str, jobs: Sequence[Job], said: Sequence[Job], now: datetime, zone: str) -> Tally:
    """What our engine says of the same jobs, held against what JavaRosa said."""
    definition = parse_form(form.encode(), strict=False)
    made = Tally()
    lines = (json.dumps(job | {"now": now.isoformat(), "zone": zone}) for job in jobs)
    done: Iterator[Job] = judge_jobs(lines, now)
    for theirs, ours in zip(said, done, strict=True):
        made.instances += 1
        if "error" in theirs and ("error" in ours or crashed(theirs["error"])):
            made.refused += 1
            continue
        if "error" in theirs or "error" in ours:
            made.differences.append((ours["id"], "", "error", theirs.get("error"), ours.get("error")))
            made.nodes += len(theirs.get("nodes", ())) or 1
            continue
        found = list(differences(definition, theirs["nodes"], ours["nodes"]))
        made.differences += [(ours["id"], *each) for each in found]
        made.nodes += len(theirs["nodes"])
        left = left_out(definition, theirs["nodes"])
        made.excepted += sum(plain(str(node["ref"])) in left for node in theirs["nodes"])
        made.matched += len(theirs["nodes"]) - len({ref for ref, *_ in found})
    return made


def differences(
    definition: FormDefinition, theirs: Sequence[Node], ours: Sequence[Node]
) -> Iterator[tuple[str, str, object, object]]:
    """Node by node: (ref, what, JavaRosa's, ours)."""
    mine = {str(node["ref"]): node for node in ours}
    refs = [str(node["ref"]) for node in theirs]
    left = left_out(definition, theirs)
    for node in theirs:
        ref = str(node["ref"])
        other = mine.get(ref)
        if other is None:
            yield ref, "not there", node, None
            continue
        skipped = left.get(plain(ref), ())
        for name in TOLD:
            one, two = node.get(name), other.get(name)
            if name in skipped or same(one, two) or (name == "value" and defect(definition, ref, one, two)):
                continue
            yield ref, name, one, two
    for ref in mine.keys() - set(refs):
        yield ref, "not theirs", None, mine[ref]
    if not mine.keys() ^ set(refs) and list(mine) != refs:
        yield refs[0], "order", refs, list(mine)


def same(one: object, other: object) -> bool:
    """Whether two answers say the same: of numbers the last digits may differ, as libraries compute them."""
    if one == other or not (isinstance(one, str) and isinstance(other, str)):
        return one == other
    try:
        return math.isclose(float(one), float(other), rel_tol=1e-12)
    except ValueError:
        return False


def keep(name: str, form: str, instances: Sequence[str], said: Sequence[Job], moment: tuple[datetime, str]) -> Path:
    """Write what JavaRosa said where the tests find it."""
    now, zone = moment
    KEPT.mkdir(parents=True, exist_ok=True)
    lines: list[Job] = [{"form": form, "now": now.isoformat(), "zone": zone}]
    for each, done in zip(instances, said, strict=True):
        if "nodes" in done:
            lines.append({"instance": each, "nodes": done["nodes"]})
    path = KEPT / f"{name}.jsonl.xz"
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    path.write_bytes(lzma.compress(text.encode(), preset=9 | lzma.PRESET_EXTREME))
    return path


def kept(path: Path) -> tuple[Job, list[Job]]:
    """The form (`form`, `now`, `zone`) and the instances (`instance`, `nodes`) of a kept file."""
    form, *rest = [json.loads(line) for line in lzma.decompress(path.read_bytes()).decode().splitlines()]
    return form, rest


def main(arguments: Sequence[str] | None = None) -> int:
    """`make oracle`: prints a line for each form and at the end `matched M of N`; 1 when some node differs."""
    parser = argparse.ArgumentParser(prog="make oracle", description=__doc__)
    parser.add_argument("names", nargs="*", help="forms (default: all)")
    parser.add_argument("--count", type=int, default=200, help="instances of each form, and as many damaged")
    parser.add_argument("--seed", type=int, default=0, help="where the seeds of the damage start")
    parser.add_argument("--show", type=int, default=5, help="differences to print of each form")
    parser.add_argument("--keep", type=int, default=0, metavar="N", help="keep N of each for the tests")
    options = parser.parse_args(arguments)
    why = lacking()
    if why is not None:
        print(f"Không so được với JavaRosa / JavaRosa cannot be asked: {why}")
        return 0
    total = Tally()
    found = sources()
    print(f"{'form':34}{'instances':>10}{'refused':>9}{'excepted':>9}{'nodes':>9}{'matched':>9}")
    for name in options.names or found:
        made = _of_form(name, found[name], options)
        total.nodes += made.nodes
        total.matched += made.matched
        total.excepted += made.excepted
        counts = (made.refused, made.excepted, made.nodes, made.matched)
        print(f"{name:34}{made.instances:>10}" + "".join(f"{count:>9}" for count in counts), flush=True)
        for number, ref, what, theirs, ours in made.differences[: options.show]:
            print(f"    {number} {ref} {what}: JavaRosa {theirs!r}, ours {ours!r}")
    print(f"excepted: {total.excepted} nodes, of which not everything was compared (docs/oracle.md, by rule)")
    print(f"matched {total.matched} of {total.nodes}")
    return 0 if total.matched == total.nodes else 1


def _of_form(name: str, path: Path, options: argparse.Namespace) -> Tally:
    form, zone = xform(path), zone_of(name)
    filled = fillings(form, options.count, zone, hints(path))
    instances = [*filled, *(damage(each, options.seed + number) for number, each in enumerate(filled))]
    made, said = compare(form, instances, zone)
    if options.keep:
        kept_of_each = min(options.keep, len(filled))
        few = [*range(kept_of_each), *range(len(filled), len(filled) + kept_of_each)]
        moment = (datetime.now(ZoneInfo(zone)).replace(microsecond=0), zone)
        keep(name, form, [instances[each] for each in few], [said[each] for each in few], moment)
    return made


if __name__ == "__main__":
    sys.exit(main())
