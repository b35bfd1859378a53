"""A value of a rule set's file with its place in it, and the questions one can ask it. Every answer that does not fit
is a RuleSetError which names the place and what may stand there."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeVar

from server.criteria.ruleset import VERDICTS, RuleSetError, Text, Verdict

LANGUAGES = ("vi", "en")
_Value = TypeVar("_Value")


def gather(reads: Iterable[Callable[[], _Value]]) -> list[_Value]:
    """What each gives. Raises one RuleSetError with the complaints of all, so that nobody mends a file key by key."""
    found: list[_Value] = []
    wrong: list[RuleSetError] = []
    for read in reads:
        try:
            found.append(read())
        except RuleSetError as error:
            wrong += error.all
    raise_all(wrong)
    return found


def raise_all(wrong: Iterable[RuleSetError]) -> None:
    """Raises the first with the rest beside it, if there is any."""
    listed = list(wrong)
    if listed:
        listed[0].more = tuple(listed[1:])
        raise listed[0]


@dataclass(frozen=True)
class Entry:
    """A value of the file with its place, and the questions one can ask it."""

    file: str
    key: str
    value: object

    def error(self, code: str, remedy: str) -> RuleSetError:
        return RuleSetError(f"ruleset.{code}", self.file, self.key or "(file)", remedy)

    def below(self, key: str, value: object) -> "Entry":
        return Entry(self.file, f"{self.key}.{key}" if self.key else key, value)

    def items(self) -> dict[str, "Entry"]:
        if not isinstance(self.value, dict):
            raise self.error("wrong_type", "key: value")
        return {str(key): self.below(str(key), value) for key, value in self.value.items()}

    def mapping(self, required: str, optional: str = "") -> dict[str, "Entry"]:
        """The entries below, where exactly these keys (names parted by spaces) may stand."""
        entries = self.items()
        known = (*required.split(), *optional.split())
        wrong = [entry.error("unknown_key", " | ".join(known)) for key, entry in entries.items() if key not in known]
        missing = [key for key in required.split() if key not in entries]
        raise_all([*wrong, *(self.below(key, None).error("missing_key", f"{key}: …") for key in missing)])
        return entries

    def list(self) -> list["Entry"]:
        if not isinstance(self.value, list) or not self.value:
            raise self.error("wrong_type", "[…, …]")
        return [Entry(self.file, f"{self.key}[{place}]", value) for place, value in enumerate(self.value)]

    def string(self) -> str:
        if not isinstance(self.value, str) or not self.value.strip():
            raise self.error("wrong_type", "text")
        return self.value.strip()

    def integer(self) -> int:
        if isinstance(self.value, bool) or not isinstance(self.value, int) or self.value < 0:
            raise self.error("wrong_type", "0, 1, 2, …")
        return self.value

    def boolean(self) -> bool:
        if not isinstance(self.value, bool):
            raise self.error("wrong_type", "true | false")
        return self.value

    def date(self) -> date:
        if not isinstance(self.value, date) or isinstance(self.value, datetime):
            raise self.error("wrong_type", "2016-12-20")
        return self.value

    def one_of(self, allowed: Iterable[str]) -> str:
        names = tuple(allowed)
        if self.value not in names:
            raise self.error("not_allowed", " | ".join(names))
        return str(self.value)

    def verdict(self) -> Verdict:
        name = self.one_of(VERDICTS)
        return next(verdict for verdict in VERDICTS if verdict == name)

    def text(self) -> Text:
        return {language: entry.string() for language, entry in self.mapping(" ".join(LANGUAGES)).items()}
