"""Instances that nobody would write: judging raises nothing whatever they say, and takes time in proportion to them."""

from __future__ import annotations

import cProfile
from xml.sax.saxutils import escape, quoteattr

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forms.errors import KINDS, InstanceError
from forms.evaluate import JudgeContext
from forms.flatten import answers_of
from forms.instance import attachments_named, read_instance
from forms.validate import judge
from forms.xml import MAX_NODES, MAX_TEXT
from tests.forms.village import NOON, ROADS, form, submission

NAMES = (
    *("start", "end", "xa", "thon", "ngay_chot", "ho", "tong_ho", "ho_ngheo", "ty_le", "duong", "ten_duong", "dai"),
    *(
        "mat_duong",
        "toa_do",
        "anh",
        "hai_long",
        "cam_on",
        "meta",
        "instanceID",
        "instanceName",
        "entity",
        "label",
        "la",
    ),
)
TEXTS = st.one_of(
    st.sampled_from(
        (
            "",
            " ",
            "0",
            "-1",
            "1e9",
            "9" * 400,
            "NaN",
            "ban_sen",
            "be_tong dat",
            "2026-02-30",
            "2026-03-09",
            "0000-01-01",
        )
    ),
    st.sampled_from(("2026-03-10T08:20:00.000+99:99", "21 107", "21 107;;", "a.jpg", "1:2:3", "-9999999999-1-1", "T")),
    st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20),
)
ATTRIBUTES = st.dictionaries(st.sampled_from(("dataset", "id", "create", "update", "baseVersion")), TEXTS, max_size=3)


def element(name: str, attributes: dict[str, str], inside: str) -> str:
    said = "".join(f" {key}={quoteattr(value)}" for key, value in attributes.items())
    return f"<{name}{said}>{inside}</{name}>"


LEAVES = st.builds(element, st.sampled_from(NAMES), ATTRIBUTES, TEXTS.map(escape))
TREES = st.recursive(
    LEAVES,
    lambda below: st.builds(element, st.sampled_from(NAMES), ATTRIBUTES, st.lists(below, max_size=6).map("".join)),
    max_leaves=25,
)


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True)
@given(st.lists(TREES, max_size=8), st.sampled_from(("data", "khac")))
def test_judging_raises_nothing_whatever_was_sent(inside, root):
    instance = read_instance(f'<{root} id="thon_mau">{"".join(inside)}</{root}>'.encode())
    before = [node.text for node in instance.root.children]
    found = judge(form(), instance, JudgeContext(now=NOON))
    assert all(each.severity in KINDS[each.kind] and each.path.startswith("/") for each in found)
    assert [node.text for node in instance.root.children] == before
    if root == "data":
        answers_of(form(), instance)
        attachments_named(form(), instance)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.binary(max_size=20))
def test_reading_raises_only_what_it_says(start, end):
    said = []
    for content in (start, b'<data id="a">' + start + b"</data>", b"<data " + end + b">" + start + b"</data>"):
        try:
            read_instance(content)
        except InstanceError as error:
            said.append(error.code)
    assert all(code.startswith("instance.") for code in said)


@pytest.mark.parametrize(
    ("inside", "code", "path"),
    [
        ("<g><q/></g>" * (MAX_NODES // 2), "instance.too_many_nodes", "/data/g/q"),
        (f"<g><q>{'x' * (MAX_TEXT + 1)}</q></g>", "instance.text_too_long", "/data/g/q"),
        ("<g>" * 140 + "</g>" * 140, "instance.too_deep", "…/g/g/g/g/g/g/g/g"),
    ],
    ids=["nodes", "text", "depth"],
)
def test_what_is_larger_than_any_form_is_refused_with_its_place(inside, code, path):
    with pytest.raises(InstanceError) as refused:
        read_instance(f'<data id="a">{inside}</data>'.encode())
    assert refused.value.code == code
    assert refused.value.params["path"] == path
    assert isinstance(refused.value.params["limit"], int)


@pytest.mark.parametrize(
    "row",
    [ROADS[0], {"ten_duong": "", "dai": "-1", "mat_duong": "nhua"}, {"ten_duong": "a", "la": "", "dai": "x"}],
    ids=["good rows", "each row wrong", "each row strange"],
)
def test_the_work_grows_with_what_was_sent_and_no_faster(row):
    def calls(rows: int) -> int:
        """How many functions are called to judge so many rows."""
        instance = submission(roads=[row] * rows)
        profile = cProfile.Profile()
        profile.runcall(judge, form(), instance, JudgeContext(now=NOON))
        return sum(each.callcount for each in profile.getstats())

    calls(50)
    few, many = calls(100), calls(1000)
    assert many <= 10.5 * few
