"""What an XForm says, read into a definition."""

from __future__ import annotations

import pytest

from forms.definition import fields_listing
from forms.errors import DefinitionError, ExpressionError
from forms.parse import parse_form, table_from_csv
from forms.tables import table_from_file
from tests.forms.village import form


def xform(
    *, instance: str = "<q/>", binds: str = "", body: str = '<input ref="/data/q"/>', model: str = "", root: str = ""
) -> bytes:
    return f"""<?xml version="1.0"?><h:html xmlns="http://www.w3.org/2002/xforms" xmlns:h="http://www.w3.org/1999/xhtml"
     xmlns:jr="http://openrosa.org/javarosa" xmlns:orx="http://openrosa.org/xforms"
     xmlns:odk="http://www.opendatakit.org/xforms"><h:head><h:title>Mẫu</h:title><model>
     <instance><data id="mau" version="2" {root}>{instance}<orx:meta><orx:instanceID/></orx:meta></data></instance>
     {model}{binds}</model></h:head><h:body>{body}</h:body></h:html>""".encode()


def test_the_head_of_the_form():
    definition = form()
    assert (definition.form_id, definition.version, definition.title) == ("thon_mau", "7", "Thôn")
    assert definition.languages == ("Tiếng Việt (vi)", "English (en)")
    assert definition.default_language == "Tiếng Việt (vi)"
    assert definition.has_meta
    assert not definition.client_editable
    assert len(definition.md5) == 32
    assert len(definition.sha256) == 64


def test_fields_stand_in_the_order_of_the_form():
    assert [path for path in form().fields if path.count("/") == 2][:7] == [
        "/data/start", "/data/end", "/data/deviceid", "/data/xa", "/data/thon", "/data/ngay_chot", "/data/ho",
    ]  # fmt: skip
    kinds = {each.path: each.kind for each in form().fields.values()}
    assert (kinds["/data/ho"], kinds["/data/duong"], kinds["/data/duong/dai"]) == ("group", "repeat", "field")


@pytest.mark.parametrize(
    ("name", "kind", "control"),
    [
        ("start", "dateTime", None),
        ("xa", "select1", "select1"),
        ("mat_duong", "select", "select"),
        ("tong_ho", "int", "input"),
        ("dai", "decimal", "input"),
        ("ngay_chot", "date", "input"),
        ("toa_do", "geopoint", "input"),
        ("anh", "binary", "upload"),
        ("hai_long", "int", "range"),
        ("ty_le", "string", None),
        ("cam_on", "string", "input"),
    ],
)
def test_each_question_has_its_type_and_control(name, kind, control):
    found = form().find_field(name)
    assert found is not None
    assert (found.type, found.control) == (kind, control)


def test_labels_hints_and_messages_are_kept_by_language():
    poor = form().find_field("ho_ngheo")
    assert poor.labels == {"Tiếng Việt (vi)": "Hộ nghèo", "English (en)": "Poor households"}
    assert poor.bind.constraint_message.plain == {
        "Tiếng Việt (vi)": "Không thể hơn ${tong_ho} hộ",
        "English (en)": "Cannot be more than ${tong_ho}",
    }
    assert form().find_field("duong").labels["English (en)"] == "Road"
    assert form().find_field("ho").labels["English (en)"] == "Households"


def test_choices_have_names_labels_and_the_other_columns():
    village = form().find_field("thon").choices[0]
    assert (village.name, village.labels["Tiếng Việt (vi)"]) == ("na_san", "Nà San")
    assert village.properties["commune"] == "ban_sen"
    assert form().find_field("thon").itemset.filtered
    assert not form().find_field("xa").itemset.filtered


def test_the_fields_as_central_lists_them():
    listing = {str(each["path"]): each for each in fields_listing(form())}
    assert listing["/ho"] == {"path": "/ho", "name": "ho", "type": "structure", "binary": None, "selectMultiple": None}
    assert listing["/duong"]["type"] == "repeat"
    assert listing["/duong/mat_duong"]["selectMultiple"] is True
    assert listing["/anh"] == {"path": "/anh", "name": "anh", "type": "binary", "binary": True, "selectMultiple": None}
    assert listing["/meta/instanceID"]["type"] == "string"
    assert listing["/ho/tong_ho"]["type"] == "int"
    assert "/" not in listing


def test_client_editable():
    source = xform(model='<submission odk:client-editable="true"/>')
    assert parse_form(source).client_editable


def test_files_that_a_form_expects():
    model = """<instance id="v" src="jr://file-csv/villages.csv"/><instance id="m" src="jr://file/areas.xml"/>
      <instance id="l" src="jr://instance/last-saved"/>
      <itext><translation lang="vi" default=""><text id="a"><value>A</value><value form="image">jr://images/a.jpg</value>
      <value form="audio">jr://audio/a.mp3</value><value form="big-image">jr://images/to.jpg</value></text></translation>
      <translation lang="en"><text id="a"><value>A</value><value form="video">jr://video/a.mp4</value></text></translation>
      </itext>"""
    source = xform(
        instance="<q/><s/><i>jr://images/mau.png</i>",
        model=model,
        binds='<bind nodeset="/data/i" type="binary"/>',
        body="""<input ref="/data/q" query="instance('x')/root/item"><label ref="jr:itext('a')"/></input>
          <select1 ref="/data/s" appearance="minimal search('thuoc')">
          <item><label>n</label><value>n</value></item></select1>
          <upload ref="/data/i" mediatype="image/*"/>""",
    )
    definition = parse_form(source)
    assert {(each.name, each.kind) for each in definition.expected_attachments} == {
        ("villages.csv", "file"), ("areas.xml", "file"), ("a.jpg", "image"), ("a.mp3", "audio"), ("to.jpg", "image"),
        ("a.mp4", "video"), ("itemsets.csv", "file"), ("thuoc.csv", "file"), ("mau.png", "image"),
    }  # fmt: skip
    assert definition.external_instances == {"v": "villages.csv", "m": "areas.xml"}
    assert definition.languages == ("vi", "en")


def test_binds_named_by_id_and_refs_relative_to_their_group():
    source = xform(
        instance="<g><a/><b/></g>",
        binds='<bind id="so" nodeset=" /data/g/a " type="xsd:int"/><bind nodeset="g/b" type="decimal"/>',
        body='<group ref="/data/g"><input bind="so"/><input ref="b"/></group>',
    )
    fields = parse_form(source).fields
    assert (fields["/data/g/a"].type, fields["/data/g/a"].control) == ("int", "input")
    assert (fields["/data/g/b"].type, fields["/data/g/b"].control) == ("decimal", "input")


def test_attributes_of_other_makers_do_not_hide_ours():
    binds = '<bind xmlns:oc="http://a.vn" nodeset="/data/q" constraint=". = 1" oc:constraint=". = 2"/>'
    assert parse_form(xform(binds=binds)).fields["/data/q"].bind.constraint.source == ". = 1"


BROKEN = [
    ("not XML", b"<h:html", "definition.not_xml"),
    ("a DOCTYPE", b'<!DOCTYPE x [<!ENTITY a "b">]><x>&a;</x>', "definition.doctype"),
    ("no XForm", b"<html><body/></html>", "definition.no_model"),
    ("no instance", b"<h:html xmlns:h='x'><h:head><model/></h:head></h:html>", "definition.no_instance"),
    ("an expression", xform(binds='<bind nodeset="/data/q" constraint=". &gt; &gt; 1"/>'), "expression.syntax"),
    ("a function", xform(binds='<bind nodeset="/data/q" calculate="la(1)"/>'), "expression.unknown_function"),
    ("a path", xform(binds='<bind nodeset="/data/q" relevant="/data/la = 1"/>'), "definition.unknown_path"),
    ("a relative path", xform(binds='<bind nodeset="/data/q" relevant="../la = 1"/>'), "definition.unknown_path"),
    ("a question for nothing", xform(body='<input ref="/data/la"/>'), "definition.unknown_node"),
    (
        "a list",
        xform(binds="<bind nodeset='/data/q' calculate=\"instance('la')/root\"/>"),
        "definition.unknown_instance",
    ),
    ("itself", xform(binds='<bind nodeset="/data/q" calculate=". + 1"/>'), "definition.cycle"),
    (
        "a count",
        xform(instance="<r><a/></r>", body='<repeat nodeset="/data/r" jr:count="/data/la"/>'),
        "definition.unknown_path",
    ),
    (
        "a text",
        xform(body='<input ref="/data/q"><label>A <output value="/data/la"/></label></input>'),
        "definition.unknown_path",
    ),
    (
        "a filter",
        xform(
            model='<instance id="v" src="jr://file-csv/v.csv"/>',
            body="<select1 ref='/data/q'><itemset nodeset=\"instance('v')/root/item[x = /data/la]\"/></select1>",
        ),
        "definition.unknown_path",
    ),
]


@pytest.mark.parametrize(("source", "code"), [row[1:] for row in BROKEN], ids=[row[0] for row in BROKEN])
def test_what_cannot_be_used_is_named(source, code):
    with pytest.raises(DefinitionError) as raised:
        parse_form(source)
    assert raised.value.code == code


def test_an_error_names_field_property_and_source():
    with pytest.raises(ExpressionError) as raised:
        parse_form(xform(binds='<bind nodeset="/data/q" constraint="la(.)"/>'))
    params = raised.value.params
    assert (params["field"], params["property"], params["source"]) == ("/data/q", "constraint", "la(.)")
    assert params["remedy"] == "expression.unknown_function.remedy"


def test_a_form_in_use_elsewhere_is_taken_as_it_is():
    source = xform(binds='<bind nodeset="/data/q" relevant="/data/la = 1"/>')
    assert parse_form(source, strict=False).fields["/data/q"].bind.relevant is not None


def test_relevance_that_waits_for_its_own_group_is_a_cycle():
    binds = '<bind nodeset="/data/g" relevant="/data/g/a = 1"/>'
    source = xform(instance="<g><a/></g>", binds=binds, body='<input ref="/data/g/a"/>')
    with pytest.raises(DefinitionError) as raised:
        parse_form(source)
    assert raised.value.code == "definition.cycle"


def test_a_running_total_in_a_repeat_is_no_cycle():
    total = "/data/r[position() = position(current()/..) - 1]/t + ../a"
    source = xform(
        instance="<r><a/><t/></r>",
        binds=f'<bind nodeset="/data/r/t" type="int" calculate="{total}"/>',
        body='<group ref="/data/r"><repeat nodeset="/data/r"><input ref="/data/r/a"/></repeat></group>',
    )
    assert parse_form(source).fields["/data/r"].kind == "repeat"


def test_a_table_is_read_from_csv():
    table = table_from_csv('\ufeffname,label\r\na,"Á, à"\r\n\r\nb,B\r\n'.encode())
    assert [[cell.text for cell in item.children] for item in table.children] == [["a", "Á, à"], ["b", "B"]]
    assert table.items_with("name", "b")[0].child("label").text == "B"
    assert table.items_with("name", "c") == []


def test_a_table_with_semicolons_as_spreadsheets_write_them_here():
    table = table_from_csv(b"name;label\na;1,5\n")
    assert table.items_with("name", "a")[0].child("label").text == "1,5"


@pytest.mark.parametrize(("content", "code"), [(b"", "table.no_header"), (b"n\xe9\n", "table.not_utf8")])
def test_what_is_no_table_is_refused(content, code):
    with pytest.raises(DefinitionError) as raised:
        table_from_csv(content)
    assert raised.value.code == code


AREAS = b"""{"type": "FeatureCollection", "features": [
  {"type": "Feature", "id": "7", "geometry": {"type": "Point", "coordinates": [107.3, 21.1]},
   "properties": {"ten": "A"}},
  {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[107, 21], [108, 22], [107, 21]]]},
   "properties": {"id": 8, "ten": null}}]}"""


def test_a_map_is_a_table_too():
    first, second = table_from_file("areas.geojson", AREAS).children
    assert {cell.name: cell.text for cell in first.children} == {"ten": "A", "geometry": "21.1 107.3 0 0", "id": "7"}
    assert second.child("geometry").text == "21 107 0 0; 22 108 0 0; 21 107 0 0"
    assert (second.child("id").text, second.child("ten").text) == ("8", "")


def test_files_are_read_by_their_name():
    assert table_from_file("a.XML", b"<root><item><name>a</name></item></root>").items_with("name", "a")
    assert table_from_file("a.csv", b"name\na\n").items_with("name", "a")
    assert table_from_file("a.jpg", b"") is None


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("a.xml", b"<root>", "table.not_xml"),
        ("a.geojson", b"[]", "table.not_geojson"),
        ("a.geojson", b"", "table.not_geojson"),
    ],
)
def test_files_that_are_no_table_are_refused(name, content, code):
    with pytest.raises(DefinitionError) as raised:
        table_from_file(name, content)
    assert raised.value.code == code
