"""Invented answers for any form: what a crowd of phones without people behind them sends.

They fit the types and the choice lists, and follow the form's rules only by chance: what breaks a constraint is judged
as such by whoever receives it. Everything invented is to be labelled so.
"""

from __future__ import annotations

import datetime as dt
import random
from collections.abc import Mapping

from forms.definition import Field, FormDefinition
from forms.xpath.values import Node

MOST_ROWS = 3
MOST_CHOICES = 3
_WORDS = ("thôn", "bản", "suối", "ruộng", "đường", "giếng", "trường", "chợ", "rừng", "nhà")


def invent(
    definition: FormDefinition, chance: random.Random, today: dt.date, tables: Mapping[str, Node] | None = None
) -> dict[str, object]:
    """Answers by path, as `forms.calculate.fill` takes them. Files are named `photo-N.jpg`; the caller makes them.

    ``tables``: the external lists by file name; a question whose list is not among them stays empty.
    """
    return _Inventor(chance, today, tables or {}).below(definition.root)


class _Inventor:
    def __init__(self, chance: random.Random, today: dt.date, tables: Mapping[str, Node]) -> None:
        self.chance = chance
        self.today = today
        self.tables = tables
        self.photos = 0

    def below(self, field: Field) -> dict[str, object]:
        """Answers for all that is asked below a field."""
        found: dict[str, object] = {}
        for child in field.children:
            if child.kind == "repeat":
                if child.count is None:
                    found[child.path] = [self.below(child) for _ in range(self.chance.randint(0, MOST_ROWS))]
            elif child.kind == "group":
                found |= self.below(child)
            elif child.control is not None and not child.bind.readonly and child.bind.calculate is None:
                answer = self.answer(child)
                if answer is not None:
                    found[child.path] = answer
        return found

    def answer(self, field: Field) -> object:
        """One answer of the field's type; None where nothing can be said."""
        chance = self.chance
        if field.control in ("select1", "select", "rank"):
            return self.choose(field)
        if field.range is not None:
            steps = int(abs(field.range.end - field.range.start) / (abs(field.range.step) or 1))
            made = min(field.range.start, field.range.end) + chance.randint(0, steps) * (abs(field.range.step) or 1)
            return int(made) if field.type == "int" else made
        made_by_type: dict[str, object] = {
            "int": chance.randint(0, 40),
            "decimal": round(chance.uniform(0, 40), 2),
            "boolean": chance.random() < 0.5,
            "date": self.today - dt.timedelta(days=chance.randint(0, 400)),
            "time": dt.time(chance.randint(0, 23), chance.randint(0, 59)),
            "geopoint": (round(chance.uniform(20.9, 21.6), 6), round(chance.uniform(106.5, 108.0), 6), 0.0, 5.0),
        }
        if field.type in made_by_type:
            return made_by_type[field.type]
        if field.type == "binary":
            return self.photo(field)
        if field.type == "string" and field.control == "input":
            return " ".join(chance.choices(_WORDS, k=chance.randint(1, 4)))
        return None

    def choose(self, field: Field) -> object:
        """Names from the list of a question."""
        names = [choice.name for choice in field.choices]
        listed = field.itemset
        table = self.tables.get(listed.file_name or "") if listed is not None else None
        if not names and listed is not None and table is not None:
            names = [name.text for row in table.children if (name := row.child(listed.value_ref)) is not None]
        if not names:
            return None
        if field.control == "select1":
            return self.chance.choice(names)
        if field.control == "rank":
            return self.chance.sample(names, len(names))
        return self.chance.sample(names, self.chance.randint(1, min(MOST_CHOICES, len(names))))

    def photo(self, field: Field) -> str | None:
        """The name of a picture, for the questions that take one."""
        if not (field.media_type or "").startswith("image"):
            return None
        self.photos += 1
        return f"photo-{self.photos}.jpg"
