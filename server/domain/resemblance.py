"""How much a name or an address is like what somebody typed: by trigrams, without regard to case and tone marks."""

from __future__ import annotations

import re
import unicodedata

LEAST = 0.4
"""Below this the two have nothing to do with each other."""
_WORD = re.compile(r"[^\W_]+")


def resemblance(wanted: str, *texts: str) -> float:
    """How much the texts hold of what is wanted, word by word: 0 (nothing to speak of) to 1 (every word)."""
    asked = [_trigrams(word) for word in _WORD.findall(fold(wanted))]
    has = [_trigrams(word) for text in texts for word in _WORD.findall(fold(text))]
    if not asked or not has:
        return 0.0
    found = sum(max(_likeness(word, other) for other in has) for word in asked) / len(asked)
    return found if found >= LEAST else 0.0


def fold(text: str) -> str:
    """Lower case without tone marks: "Đạp Thanh" is "dap thanh"."""
    apart = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(each for each in apart if not unicodedata.combining(each))


def _likeness(asked: frozenset[str], has: frozenset[str]) -> float:
    # how much of what is asked is there, and how much of both together is the same
    both = len(asked & has)
    return (both / len(asked) + both / len(asked | has)) / 2


def _trigrams(word: str) -> frozenset[str]:
    padded = f"  {word} "
    return frozenset(padded[at : at + 3] for at in range(len(padded) - 2))
