"""Every form we ship converts without a warning, can be asked in both languages, and computes nothing unknown."""

import re
from functools import cache
from importlib.resources import files

import pytest

from forms.convert import convert
from forms.definition import Field, FormDefinition
from forms.parse import parse_form
from forms.xpath.compile import compile_expression

LANGUAGES = ("Tiếng Việt (vi)", "English (en)")
LIBRARY = sorted(entry.name for entry in files("forms").joinpath("library").iterdir() if entry.name.endswith(".md"))
EXPRESSION = re.compile(r'(?:calculate|constraint|relevant|required|readonly)="([^"]*)"')


@cache
def converted(name: str) -> tuple[bytes, tuple[str, ...]]:
    conversion = convert(files("forms").joinpath("library", name).read_bytes(), "md")
    return conversion.xml, tuple(conversion.warnings)


@cache
def shipped(name: str) -> FormDefinition:
    return parse_form(converted(name)[0])


def asked(name: str) -> list[Field]:
    return [field for field in shipped(name).fields.values() if field.control is not None]


def test_the_register_and_both_criteria_are_in_the_library() -> None:
    assert {"village_register.md", "village_criteria.md", "commune_criteria.md"} <= set(LIBRARY)


@pytest.mark.parametrize("name", LIBRARY)
def test_it_converts_without_a_warning_and_is_named_as_its_file(name: str) -> None:
    assert converted(name)[1] == ()
    form = shipped(name)
    assert f"{form.form_id}.md" == name
    assert re.fullmatch(r"20\d{8}", form.version or "")
    assert tuple(form.languages) == LANGUAGES
    assert form.default_language == LANGUAGES[0]


@pytest.mark.parametrize("name", LIBRARY)
def test_every_expression_compiles(name: str) -> None:
    sources = EXPRESSION.findall(converted(name)[0].decode())
    assert sources
    for source in sources:
        text = source.replace("&gt;", ">").replace("&lt;", "<").replace("&quot;", '"').replace("&amp;", "&")
        compile_expression(text)


@pytest.mark.parametrize("name", LIBRARY)
def test_every_question_and_choice_speaks_both_languages(name: str) -> None:
    for field in asked(name):
        for texts in (field.labels, field.hints):
            assert not texts or set(texts) >= set(LANGUAGES), field.path
        assert field.labels, field.path
        for choice in field.choices:
            assert set(choice.labels) >= set(LANGUAGES), (field.path, choice.name)


@pytest.mark.parametrize("name", LIBRARY)
def test_a_constraint_tells_in_both_languages_what_is_wrong(name: str) -> None:
    xml = converted(name)[0].decode()
    binds = re.findall(r"<bind [^>]*>", xml)
    for bind in binds:
        assert (" constraint=" in bind) <= ("jr:constraintMsg=" in bind), bind
        assert (" required=" in bind) <= ("jr:requiredMsg=" in bind), bind


def test_the_criteria_ask_what_the_laws_need() -> None:
    names = {field.name for field in shipped("village_criteria.md").fields.values()}
    assert names >= {
        *("xa", "thon", "ky", "ngay_chot", "chuan_ngheo", "quyet_dinh_so", "quyet_dinh_ngay"),
        *("tong_ho", "ho_dtts", "ho_ngheo", "ho_can_ngheo", "ho_ngheo_dtts", "nhan_khau", "nguoi_dtts"),
        *("duong_dai_km", "duong_cung_hoa_km", "duong_truc_cung_hoa", "duong_mua_mua", "anh_duong"),
        *("phong_mau_giao", "phong_mau_giao_kien_co", "nha_van_hoa_khu_the_thao", "anh_nha_van_hoa"),
        *("ho_dien_luoi", "ho_nuoc_hvs", "ho_nha_tieu_hvs", "song_di_dong"),
        *("thon_dat_ntm", "ntm_quyet_dinh_so", "ntm_quyet_dinh_ngay", "toa_do", "ly_do_khong_gps", "ghi_chu"),
        *("xem_truoc_50", "xem_truoc_33", "xem_truoc_03"),
    }


def test_the_criteria_of_a_commune_ask_what_the_laws_need() -> None:
    names = {field.name for field in shipped("commune_criteria.md").fields.values()}
    assert names >= {
        *("xa", "ky", "ten_xa", "ten_ky", "ngay_chot_ky", "ngay_chot", "ghi_chu"),
        *("duong_xa_nhua_hoa", "truong_chuan_quoc_gia", "y_te_dat_tieu_chi", "co_trung_tam_vhtt"),
        *("dtts_15_60", "dtts_15_60_chua_biet_chu", "lao_dong_co_viec", "lao_dong_chua_dao_tao"),
        *("duong_huyen_xa_m", "duong_huyen_xa_chua_nhua_m"),
        *("ntm_2", "ntm_3", "ntm_4", "ntm_5", "ntm_6_1", "ntm_6_3", "ntm_8_3", "ntm_17_1"),
        *("ntm_10_75", "ntm_12", "ntm_14", "ntm_15", "ntm_18_1", "ntm_quyet_dinh_so", "ntm_quyet_dinh_ngay"),
        *("dai_dien_ho", "dai_dien_ho_tap_huan", "can_bo_co_so", "can_bo_tap_huan"),
        *("dien_tich_ha", "dien_tich_cao_200m_ha", "dien_tich_doc_15_ha"),
    }


def test_the_meeting_asks_for_what_proves_a_review() -> None:
    names = {field.name for field in shipped("village_meeting.md").fields.values()}
    assert names >= {
        *("xa", "thon", "ky", "ngay_hop", "tong_ho", "ho_du_hop", "ho_ngheo_du_hop", "nguoi_du_hop", "phu_nu_du_hop"),
        *("bieu_quyet", "noi_dung", "dong_y", "khong_dong_y", "anh_bien_ban"),
        *("niem_yet", "niem_yet_tu", "niem_yet_den", "anh_niem_yet", "kien_nghi_nhan", "kien_nghi_tra_loi", "ghi_chu"),
    }


@pytest.mark.parametrize(("name", "number"), [("village_criteria.md", 12), ("commune_criteria.md", 13)])
def test_a_count_that_is_not_known_may_be_left_empty(name: str, number: int) -> None:
    form = shipped(name)
    counts = [field for field in form.fields.values() if field.type == "int"]
    assert len(counts) == number
    xml = converted(name)[0].decode()
    for field in counts:
        bind = next(found for found in re.findall(r"<bind [^>]*>", xml) if f'nodeset="{field.path}"' in found)
        assert " required=" not in bind


TELLS = re.compile(
    r"họ và tên|tên chủ hộ|số điện thoại|^ai (?!trả)|phiếu giấy đã ký|tờ ký tên|ảnh biên bản|hộ nào trong"
)
"""What a question asks that names a person, or shows a signature."""


@pytest.mark.parametrize("name", LIBRARY)
def test_what_names_a_person_is_marked_as_personal(name: str) -> None:
    asking = {field.name for field in asked(name) if TELLS.search(field.labels.get(LANGUAGES[0], "").casefold())}
    marked = {field.name for field in asked(name) if field.bind.personal}
    assert asking <= marked
    # where persons are asked for, what is said in free words may name them too
    assert not asking or "ghi_chu" in marked
