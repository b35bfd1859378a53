"""Parts of a sentence that are said in the language of who reads it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Told:
    """A part of an error's sentence that has words of its own in each language: `word` is a message id of the catalogue
    `desk`, `about` the name that stands before it. As text: the name and the last part of the id, for programs."""

    word: str
    about: str = ""

    def __str__(self) -> str:
        last = self.word.rpartition(".")[2]
        return f"{self.about}: {last}" if self.about else last
