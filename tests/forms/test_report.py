"""A submission node by node, as a phone holds it after opening it."""

from __future__ import annotations

import pytest

from forms.errors import EvaluationError, InstanceError
from forms.evaluate import JudgeContext
from forms.instance import read_instance
from forms.report import NodeReport, finding_as_json, placed, report
from forms.validate import judge
from tests.forms.village import NOON, form

SHEET = """
| survey |
| | type | name | label | required | relevant | constraint | calculation | repeat_count | read_only | default |
| | integer | ho | Households | yes | | . > 0 |
| | integer | ngheo | Poor | ${ho} > 9 | ${ho} > 3 | . <= ${ho} | | | ${ho} = 5 |
| | select_one co | co | Any? |
| | calculate | gap | | | | | ${ho} * 2 |
| | calculate | gap_nua | | | ${ho} > 3 | | ${ho} div 2 |
| | begin_group | nuoc | Water | | ${ho} > 3 |
| | text | nguon | Source | | | | | | | giếng |
| | end_group |
| | begin_repeat | nha | House | | | | | ${ho} |
| | decimal | dai | Length |
| | end_repeat |
| choices |
| | list_name | name | label |
| | co | co | Yes |
| | co | khong | No |
| settings |
| | form_title | form_id |
| | Nhà | nha |
"""


def nodes(answers: str) -> dict[str, NodeReport]:
    sent = read_instance(f'<data id="nha">{answers}</data>'.encode())
    return {node.ref: node for node in report(form(SHEET), sent, JudgeContext(now=NOON))}


def test_what_was_sent_is_read_as_its_type_and_worked_out_again():
    found = nodes("<ho>007</ho><gap>3</gap><nha><dai>1.50</dai></nha>")
    assert (found["/data/ho[1]"].value, found["/data/ho[1]"].raw) == ("7", "007")
    assert (found["/data/gap[1]"].value, found["/data/gap[1]"].raw) == ("14", "3")
    assert found["/data/nha[1]/dai[1]"].value == "1.5"


def test_an_answer_that_cannot_be_read_is_empty_and_hides_what_rests_on_it():
    found = nodes("<ho>bảy</ho><ngheo>2</ngheo><gap>3</gap>")
    assert (found["/data/ho[1]"].type_ok, found["/data/ho[1]"].value) == (False, "")
    assert found["/data/gap[1]"].value == ""
    assert found["/data/ngheo[1]"].relevant is False


def test_calculations_of_hidden_nodes_go_on():
    found = nodes("<ho>3</ho>")
    assert (found["/data/gap_nua[1]"].relevant, found["/data/gap_nua[1]"].value) == (False, "1.5")


def test_what_was_not_sent_keeps_its_default_and_shows_only_by_a_rule_of_its_own():
    found = nodes("<ho>4</ho>")
    source = found["/data/nuoc[1]/nguon[1]"]
    assert (source.relevant, source.value, source.raw) == (True, "giếng", None)
    assert found["/data/co[1]"].relevant is False
    assert nodes("<ho>4</ho><nuoc/>")["/data/nuoc[1]/nguon[1]"].relevant is False


def test_repeats_grow_to_their_count_and_never_shrink():
    assert [ref for ref in nodes("<ho>2</ho><nha/>") if ref.count("/") == 2 and "nha[" in ref] == [
        "/data/nha[1]",
        "/data/nha[2]",
    ]
    assert "/data/nha[2]" in nodes("<ho>1</ho><nha/><nha/>")


def test_rules_are_told_for_every_leaf_that_has_them():
    found = nodes("<ho>5</ho><ngheo>6</ngheo><co>maybe</co>")
    poor = found["/data/ngheo[1]"]
    assert (poor.required, poor.readonly, poor.constraint) == (False, True, False)
    assert found["/data/ho[1]"].required is True
    assert (found["/data/co[1]"].choice_ok, found["/data/co[1]"].type) == (False, "select1")
    assert nodes("<ho>10</ho><ngheo/>")["/data/ngheo[1]"].required is True
    assert nodes("<ho>10</ho><ngheo/>")["/data/ngheo[1]"].constraint is True


def test_json_has_the_oracles_names_and_leaves_out_what_does_not_apply():
    found = nodes("<ho>5</ho><nuoc/>")
    assert found["/data/ho[1]"].as_json() == {
        "ref": "/data/ho[1]",
        "kind": "leaf",
        "relevant": True,
        "type": "int",
        "required": True,
        "readonly": False,
        "value": "5",
        "raw": "5",
        "typeOk": True,
        "constraint": True,
        "control": "input",
    }
    assert found["/data/nuoc[1]"].as_json() == {"ref": "/data/nuoc[1]", "kind": "group", "relevant": True}
    assert found["/data/co[1]"].as_json()["absent"] is True


def test_findings_say_what_was_expected():
    definition = form(SHEET)
    sent = read_instance(b'<data id="nha"><ho>5</ho><ngheo>6</ngheo><gap>3</gap><nha><dai>x</dai></nha></data>')
    said = [finding_as_json(each) for each in judge(definition, sent, JudgeContext(now=NOON))]
    assert {(each["rule"], each["ref"], each["value"], each["expected"]) for each in said} >= {
        ("constraint", "/data/ngheo[1]", "6", ". <=  /data/ho"),
        ("calculation", "/data/gap[1]", "3", "10"),
        ("type", "/data/nha[1]/dai[1]", "x", "decimal"),
    }


@pytest.mark.parametrize(
    ("path", "ref"),
    [
        ("/data", "/data"),
        ("/data/a/b[2]/c", "/data/a[1]/b[2]/c[1]"),
        ("/data/meta/entity/@id", "/data/meta[1]/entity[1]/@id"),
    ],
)
def test_refs_place_every_step_below_the_root(path, ref):
    assert placed(path) == ref


STOPS = """
| survey |
| | type | name | label | constraint | calculation |
| | text | a | A | . = date('x') |
| | calculate | b | | | date(${a}) |
| settings |
| | form_title | form_id |
| | Dừng | dung |
"""


def test_where_a_phone_stops_the_field_is_named():
    sent = read_instance(b'<data id="dung"><a>abc</a></data>')
    with pytest.raises(EvaluationError, match=r"field='/data/b'"):
        report(form(STOPS), sent, JudgeContext(now=NOON))


def test_a_constraint_at_which_a_phone_stops_is_told_at_its_node():
    sent = read_instance(b'<data id="dung"><a>2020-01-01</a></data>')
    node = next(each for each in report(form(STOPS), sent, JudgeContext(now=NOON)) if each.ref == "/data/a[1]")
    assert (node.constraint, node.as_json()["constraintError"]) == (None, "not-a-date")


def test_a_count_without_end_adds_no_rows_without_end():
    found = nodes("<ho>2147483647</ho>")
    assert 9_000 < sum(ref.startswith("/data/nha[") and ref.endswith("]/dai[1]") for ref in found) <= 10_000


def test_another_forms_instance_is_refused():
    with pytest.raises(InstanceError, match=r"instance\.other_root"):
        report(form(SHEET), read_instance(b'<x id="nha"/>'), JudgeContext(now=NOON))
