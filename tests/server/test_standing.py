"""What decisions and the tree say of an area: from the nearest that has it, down to the village."""

from server.domain.standing import Decided, Link, stand

VILLAGE = Link("v", "village", {})
COMMUNE = Link("c", "commune", {"border": True, "atk": None})
PROVINCE = Link("p", "province", {"region": "dong_bac"})
PATH = (VILLAGE, COMMUNE, PROVINCE)
NAMES = ("xa_dat_ntm", "xa_bien_gioi", "xa_atk", "xa_khu_vuc_iii", "la_phuong_thi_tran", "thon_ntm_2_2")


def test_what_nobody_decided_and_no_flag_says_is_not_known() -> None:
    found = stand((VILLAGE, Link("c", "commune", {})), {}, NAMES)
    assert found.facts == dict.fromkeys(NAMES) | {"la_phuong_thi_tran": False}
    assert found.region is None
    assert stand((), {}, NAMES).facts == {}


def test_a_commune_s_decision_flows_down_and_a_village_s_own_goes_before_it() -> None:
    decided = {("c", "xa_dat_ntm"): Decided(True, "12/QĐ", synthetic=True)}
    found = stand(PATH, decided, NAMES)
    assert found.facts["xa_dat_ntm"] is True
    assert found.sources == {"xa_dat_ntm": ("c", "12/QĐ")}
    assert found.synthetic
    own = stand(PATH, decided | {("v", "xa_dat_ntm"): Decided(False)}, NAMES)
    assert (own.facts["xa_dat_ntm"], own.synthetic) == (False, False)


def test_the_region_and_flags_are_those_of_what_the_village_lies_in() -> None:
    found = stand(PATH, {}, NAMES)
    assert (found.region, found.facts["xa_bien_gioi"], found.facts["xa_atk"]) == ("dong_bac", True, None)


def test_a_decision_goes_before_a_flag() -> None:
    assert stand(PATH, {("c", "bien_gioi"): Decided(False, "9/QĐ")}, NAMES).facts["xa_bien_gioi"] is False


def test_a_commune_recognised_in_area_three_is_so_for_the_criteria() -> None:
    for value, expected in ((3, True), (2, False), (None, None)):
        assert stand(PATH, {("c", "khu_vuc"): Decided(value)}, NAMES).facts["xa_khu_vuc_iii"] is expected


def test_a_ward_or_a_town_is_urban() -> None:
    for kind, expected in (("ward", True), ("town", True), ("commune", False), ("special_zone", False)):
        assert stand((Link("c", kind, {}), PROVINCE), {}, NAMES).facts["la_phuong_thi_tran"] is expected
