"""Made-up villages, communes and households for the tests of the criteria."""

from collections.abc import Sequence

from hypothesis import strategies as st

from server.criteria.ruleset import Amount, Fact, RuleSet


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


def share(whole: int, percents: Sequence[int], most: int | None = None) -> st.SearchStrategy[int]:
    """A part of `whole`, often exactly at one of the percents or one beside it; no more than `most`."""
    top = whole if most is None else min(whole, most)
    at = [-(-whole * percent // 100) + beside for percent in percents for beside in (-1, 0, 1)]
    near = sorted({part for part in at if 0 <= part <= top})
    return st.one_of(st.sampled_from(near), st.integers(0, top)) if near else st.integers(0, top)


def households() -> st.SearchStrategy[int]:
    """How many households there are: often a number of which a percent is a whole one."""
    return st.one_of(st.sampled_from([20, 100, 200, 1000]), st.integers(1, 400))


@st.composite
def any_facts(draw: st.DrawFn, rule_set: RuleSet) -> dict[str, Fact]:
    """Every fact of a rule set known, at random and often near its numbers; they may contradict each other."""
    amounts = [clause.test for clause in rule_set.clauses.values() if isinstance(clause.test, Amount)]
    wholes = {amount.over for amount in amounts}
    numbers = sorted(
        {amount.bound.value + beside for amount in amounts for beside in (-1, 0, 1) if amount.bound.value > 0}
    )
    part = st.one_of(st.sampled_from(numbers), st.integers(0, 40)) if numbers else st.integers(0, 40)
    whole = st.one_of(st.sampled_from([100, 100, 100, 20, 0]), st.integers(1, 120))
    found: dict[str, Fact] = {}
    for name, fact in rule_set.facts.items():
        found[name] = draw(st.booleans()) if fact.type == "yesno" else draw(whole if name in wholes else part)
    return found
