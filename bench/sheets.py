"""Answers to send: invented households for `hh_water`, invented villages for `village_criteria`."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import count

from server.domain.data_files import list_areas, list_demo_villages
from server.domain.demo_facts import Place, make_demo_sheet

_NAMES = (
    "An",
    "Bình",
    "Chi",
    "Dung",
    "Giang",
    "Hà",
    "Hạnh",
    "Khánh",
    "Lan",
    "Minh",
    "Nga",
    "Phúc",
    "Quý",
    "Sơn",
    "Tâm",
)
_WORDS = ("nguồn", "nước", "trong", "suối", "giếng", "mưa", "đường", "bể", "xa", "gần", "đủ", "thiếu", "cạn", "sạch")


def water_sheets(chance: random.Random) -> Iterator[dict[str, object]]:
    """Households with one to five members, without end."""
    while True:
        size = chance.randint(1, 9)
        yield (
            _visit(chance)
            | _household(chance, size)
            | _water(chance)
            | _closing(chance)
            | {"member": [_member(chance) for _ in range(chance.randint(1, 5))]}
        )


def criteria_sheets(seed: int) -> Iterator[dict[str, object]]:
    """Sheets of the demonstration villages, one after another, without end; each round of them with other numbers."""
    communes = {area.key: area.uuid for area in list_areas()}
    villages = list_demo_villages()
    for turn in count(seed * 1000):
        for village in villages:
            place = Place(communes[village.parent_key or ""], village.uuid, "2019")
            yield dict(make_demo_sheet(village.key, turn, place).answers)


def _visit(chance: random.Random) -> dict[str, object]:
    return {
        "visit_date": _day(chance, 2024),
        "visit_time": f"09:{chance.randint(0, 59):02d}:00.000+07:00",
        "enumerator": _name(chance),
        "region": f"region_{chance.randint(1, 20):02d}",
        "consent": "yes",
        "location": (chance.uniform(20, 22), chance.uniform(106, 108), chance.uniform(0, 900), chance.uniform(3, 20)),
        "cluster": chance.randint(1, 999),
    }


def _household(chance: random.Random, size: int) -> dict[str, object]:
    return {
        "hh_head": _name(chance),
        "hh_size": size,
        "hh_head_sex": chance.choice(("female", "male")),
        "hh_head_dob": _day(chance, chance.randint(1930, 2000)),
        "phone": f"09{chance.randint(0, 99999999):08d}",
        "dwelling": chance.choice(("house", "flat", "hut", "tent", "other")),
        "rooms": chance.randint(1, 6),
        "rent": round(chance.uniform(10, 900), 2),
    }


def _water(chance: random.Random) -> dict[str, object]:
    sources = ("piped", "borehole", "well", "spring", "river", "rain", "tanker", "bottled")
    return {
        "source": chance.choice(sources),
        "treat": _some(chance, ("boil", "chlorine", "filter", "settle", "solar")),
        "minutes_to_water": chance.randint(0, 120),
        "liters_per_day": round(chance.uniform(5, 400), 1),
        "chlorine": round(chance.uniform(0, 2), 2),
        "ph": round(chance.uniform(5, 9), 2),
        "turbidity": round(chance.uniform(0, 50), 1),
        "toilet": chance.choice(("yes", "no")),
        "problems": _some(chance, ("drought", "flood", "breakage", "salinity", "colour", "cost", "queue")),
    }


def _member(chance: random.Random) -> dict[str, object]:
    return {
        "m_name": _name(chance),
        "m_age": chance.randint(0, 90),
        "m_sex": chance.choice(("female", "male", "other")),
        "m_symptoms": _some(chance, ("fever", "cough", "diarrhoea", "rash", "headache", "vomiting")),
        "m_weight": round(chance.uniform(3, 95), 1),
        "m_height": round(chance.uniform(45, 190), 1),
        "m_vaccinated": _day(chance, chance.randint(2005, 2023)),
    }


def _closing(chance: random.Random) -> dict[str, object]:
    return {
        "income": round(chance.uniform(20, 4000), 2),
        "assets": _some(chance, ("radio", "phone", "bicycle", "motorbike", "car", "fridge", "tv", "cattle")),
        "remarks": " ".join(chance.choices(_WORDS, k=chance.randint(3, 25))),
        "revisit": chance.choice(("yes", "no")),
    }


def _name(chance: random.Random) -> str:
    return f"{chance.choice(_NAMES)} {chance.choice(_NAMES)}"


def _some(chance: random.Random, names: tuple[str, ...]) -> list[str]:
    return chance.sample(names, chance.randint(0, 3))


def _day(chance: random.Random, year: int) -> str:
    return (date(year, 1, 1) + timedelta(days=chance.randint(0, 364))).isoformat()
