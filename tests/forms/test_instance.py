"""Submissions as phones, web forms and Enketo write them, and the ones that cannot be read."""

from __future__ import annotations

import pytest

from forms.errors import InstanceError
from forms.instance import attachments_named, entity_blocks, read_instance
from tests.forms.village import form, submission

BILLION_LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY lol "lol">
<!ENTITY lol2 "&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;&lol;">
<!ENTITY lol3 "&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;&lol2;">
<!ENTITY lol4 "&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;&lol3;">]>
<data id="thon_mau"><xa>&lol4;</xa></data>"""

DAMAGED = [
    ("nothing", b"", "instance.empty"),
    ("only blanks", b" \n ", "instance.empty"),
    ("a photograph", b"\xff\xd8\xff\xe0\x00\x10JFIF", "instance.not_utf8"),
    ("words", "Xin chào".encode(), "instance.not_xml"),
    ("cut off on the way", b'<data id="thon_mau"><xa>ban_s', "instance.not_xml"),
    ("a raw ampersand", b'<data id="thon_mau"><xa>a & b</xa></data>', "instance.not_xml"),
    ("two roots", b'<data id="a"/><data id="b"/>', "instance.not_xml"),
    ("a DOCTYPE", b'<!DOCTYPE data><data id="thon_mau"/>', "instance.doctype"),
    ("billion laughs", BILLION_LAUGHS, "instance.doctype"),
    (
        "a file of the server",
        b'<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d id="a">&x;</d>',
        "instance.doctype",
    ),
    ("UTF-16", '<?xml version="1.0" encoding="UTF-16"?><data id="a"/>'.encode("utf-16"), "instance.not_utf8"),
    ("Latin-1", '<?xml version="1.0" encoding="ISO-8859-1"?><d id="a">é</d>'.encode("latin-1"), "instance.not_utf8"),
    ("Latin-1 that says nothing", '<d id="a">é</d>'.encode("latin-1"), "instance.not_utf8"),
    ("no form id", b"<data><xa>ban_sen</xa></data>", "instance.no_form_id"),
    ("a blank form id", b'<data id="  "/>', "instance.no_form_id"),
    ("too deep", b'<data id="a">' + b"<g>" * 200 + b"</g>" * 200 + b"</data>", "instance.too_deep"),
    ("far too deep", b'<data id="a">' + b"<g>" * 9000 + b"</g>" * 9000 + b"</data>", "instance.too_deep"),
    ("too large", b'<data id="a">' + b" " * 11_000_000 + b"</data>", "instance.too_large"),
]


@pytest.mark.parametrize(("xml", "code"), [row[1:] for row in DAMAGED], ids=[row[0] for row in DAMAGED])
def test_what_cannot_be_read_is_named(xml, code):
    with pytest.raises(InstanceError) as raised:
        read_instance(xml)
    assert raised.value.code == code


def test_where_the_xml_breaks_is_told():
    with pytest.raises(InstanceError) as raised:
        read_instance(b'<data id="a">\n<xa>a & b</xa></data>')
    assert raised.value.params["line"] == 2


def test_a_limit_of_ones_own():
    with pytest.raises(InstanceError) as raised:
        read_instance(b'<data id="a"/>', max_bytes=5)
    assert raised.value.params == {"bytes": 14, "limit": 5}


WRITTEN = [
    (
        "JavaRosa",
        b'<?xml version=\'1.0\' encoding=\'UTF-8\' ?><data id="f" version="3" xmlns:orx="http://openrosa.org/xforms"'
        b"><q>1</q><orx:meta><orx:instanceID>uuid:1</orx:instanceID><orx:deprecatedID>uuid:0</orx:deprecatedID>"
        b"<orx:instanceName>Na San</orx:instanceName></orx:meta></data>",
    ),
    (
        "ODK Web Forms",
        b'<data id="f" version="3"><q>1</q><meta><instanceID>uuid:1</instanceID><deprecatedID>uuid:0</deprecatedID>'
        b"<instanceName>Na San</instanceName></meta></data>",
    ),
    (
        "Enketo, indented",
        b'<data xmlns="http://a.vn/x" xmlns:jr="http://openrosa.org/javarosa" id="f" version="3">\n'
        b"  <q>1</q>\n  <meta>\n"
        b"    <instanceID>uuid:1</instanceID>\n    <deprecatedID>uuid:0</deprecatedID>\n"
        b"    <instanceName>Na San</instanceName>\n  </meta>\n</data>\n",
    ),
    (
        "meta at the root, comments between",
        b'<data id="f" version="3"><!-- x --><q>1<!-- y --></q><instanceID>uuid:1</instanceID>'
        b"<deprecatedID>uuid:0</deprecatedID><instanceName>Na San</instanceName></data>",
    ),
    (
        "a byte order mark",
        b'\xef\xbb\xbf<data id="f" version="3"><q>1</q><meta><instanceID> uuid:1 </instanceID>'
        b"<deprecatedID>uuid:0</deprecatedID><instanceName>Na San</instanceName></meta></data>",
    ),
]


@pytest.mark.parametrize("xml", [row[1] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_whoever_wrote_it_says_the_same(xml):
    read = read_instance(xml)
    assert (read.form_id, read.version, read.instance_id) == ("f", "3", "uuid:1")
    assert (read.deprecated_id, read.instance_name) == ("uuid:0", "Na San")
    assert read.root.child("q").text == "1"


def test_without_an_instance_id_there_is_none():
    read = read_instance(b'<data id="f"><meta><instanceID/></meta></data>')
    assert (read.instance_id, read.deprecated_id, read.version) == (None, None, "")


def test_the_namespace_of_the_root_stands_in_for_a_form_id():
    assert read_instance(b'<data xmlns="http://a.vn/form"><q/></data>').form_id == "http://a.vn/form"


def test_the_files_that_answers_name():
    assert attachments_named(form(), submission()) == ("a.jpg",)
    assert attachments_named(form(), submission({"anh": ""})) == ()


def test_entity_blocks_are_found_in_the_form_and_in_each_row():
    xml = b"""<data id="f" xmlns:e="http://www.opendatakit.org/xforms/entities">
      <meta><e:entity dataset="thon" id="1"/></meta>
      <r><meta><entity dataset="ho" id="2"><label>A</label></entity></meta></r>
      <r><meta><entity dataset="ho" id="3"/></meta></r></data>"""
    assert [block.attributes["id"] for block in entity_blocks(read_instance(xml))] == ["1", "2", "3"]
