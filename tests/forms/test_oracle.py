"""Our engine against JavaRosa, the engine of phones, node by node.

What JavaRosa said is kept in tests/vectors/oracle/kept (`make oracle ARGS="--keep 20"` writes it), so that no Java is
needed; where there is Java and THONBAN_ORACLE names the driver, it is asked again.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.kit import javarosa
from tests.kit.damage import damage
from tests.kit.oracle import (
    FORMS,
    KEPT,
    MEDIA,
    Tally,
    compare,
    fillings,
    hints,
    kept,
    same,
    sources,
    tally,
    xform,
    zone_of,
)

FILES = sorted(KEPT.glob("*.jsonl.xz"))
ASKED_AGAIN = ("nested_repeats", "external_csv", "dates")


def said(made: Tally) -> list[str]:
    return [f"{number} {ref} {what}: {theirs!r}, ours {ours!r}" for number, ref, what, theirs, ours in made.differences]


def test_every_form_was_asked():
    assert {path.name.removesuffix(".jsonl.xz") for path in FILES} == sources().keys()
    assert len([*FORMS.iterdir()]) >= 12


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name.removesuffix(".jsonl.xz"))
def test_every_node_is_as_javarosa_says(path: Path):
    form, instances = kept(path)
    jobs = [
        {"id": number, "formXml": form["form"], "media": str(MEDIA), "instanceXml": each["instance"]}
        for number, each in enumerate(instances)
    ]
    zone = form["zone"]
    made = tally(form["form"], jobs, instances, datetime.fromisoformat(form["now"]).astimezone(ZoneInfo(zone)), zone)
    assert said(made) == []
    assert made.matched == made.nodes > 0


@pytest.mark.skipif(javarosa.lacking() is not None, reason=f"JavaRosa cannot be asked: {javarosa.lacking()}")
@pytest.mark.parametrize("name", ASKED_AGAIN)
def test_asked_again_javarosa_and_we_agree(name: str):
    path = sources()[name]
    form, zone = xform(path), zone_of(name)
    filled = fillings(form, 10, zone, hints(path))
    made, _ = compare(form, [*filled, *(damage(each, 1000 + number) for number, each in enumerate(filled))], zone)
    assert said(made) == []
    assert made.instances == 20
    assert made.matched == made.nodes > 0


def test_damage_is_the_same_for_the_same_seed_and_leaves_xml():
    sent = "<data id='x'><a>1</a><b><c>x</c><c>y</c></b><meta><instanceID>uuid:1</instanceID></meta></data>"
    made = [damage(sent, seed) for seed in range(50)]
    assert made == [damage(sent, seed) for seed in range(50)]
    assert len(set(made)) > 40
    assert all("uuid:1" in each for each in made)


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("1", "1", True),
        ("0.30000000000000004", "0.3", True),
        ("0.3", "0.31", False),
        ("", "0", False),
        (True, None, False),
    ],
)
def test_numbers_may_differ_in_their_last_digits_alone(one, other, equal):
    assert same(one, other) is equal
