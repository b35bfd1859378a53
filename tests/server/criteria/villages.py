"""Made-up villages for the tests of the criteria."""

from server.criteria.ruleset import Fact


def village(**facts: Fact) -> dict[str, Fact]:
    """A village of 100 households where everything is built and known, and the commune is not New Countryside; named
    facts replace those."""
    built: dict[str, Fact] = {
        "tong_ho": 100,
        "ho_dtts": 90,
        "ho_ngheo": 30,
        "ho_can_ngheo": 30,
        "duong_truc_cung_hoa": True,
        "phong_mau_giao": 2,
        "phong_mau_giao_kien_co": 2,
        "nha_van_hoa_khu_the_thao": True,
        "thon_dat_ntm": False,
        "xa_dat_ntm": False,
    }
    return built | facts
