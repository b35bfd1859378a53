"""Invented answers fit the types and lists of the form that they are for."""

import datetime as dt
import random

import pytest

from forms.calculate import fill
from forms.evaluate import JudgeContext
from forms.instance import read_instance
from forms.validate import judge
from server.services.invent import invent
from tests.forms.village import NOON, VILLAGES, form

TABLES = {"villages.csv": VILLAGES}
CONTEXT = JudgeContext(now=NOON, device_id="thonban:1", tables=TABLES, random=lambda: 0.5)


@pytest.mark.parametrize("seed", range(40))
def test_types_and_lists_are_kept(seed: int) -> None:
    answers = invent(form(), random.Random(seed), dt.date(2026, 3, 9), TABLES)
    xml = fill(form(), answers, CONTEXT, instance_id="uuid:1")
    findings = judge(form(), read_instance(xml), CONTEXT)
    wrong = {finding.kind for finding in findings} & {"type", "unknown-node", "missing-node", "relevance", "unreadable"}
    assert wrong == set()


def test_the_same_seed_gives_the_same_answers() -> None:
    first, second = (invent(form(), random.Random(7), dt.date(2026, 3, 9), TABLES) for _ in range(2))
    assert first == second
    assert len(first) > 3
