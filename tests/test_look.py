"""The tokens of the pages: every colour of text can be read on every ground it stands on, light and dark."""

import re

import pytest

from tests.kit.source import ROOT

TOKENS = (ROOT / "server/web/desk/assets/src/tokens.css").read_text()
COLOUR = re.compile(r"--([\w-]+): (#[0-9a-f]{6});")
LIGHT, DARK = (
    dict(COLOUR.findall(part)) for part in TOKENS.partition("@media print")[0].split("@media (prefers-color")
)
PAIRS = [
    ("ink", "paper", 7.0),
    ("ink", "surface", 7.0),
    ("ink", "sunken", 7.0),
    ("ink", "warn-wash", 7.0),
    ("ink", "not-met-wash", 7.0),
    ("accent", "paper", 7.0),
    ("accent-ink", "accent", 4.5),
    ("ink-soft", "sunken", 4.5),
    ("met", "surface", 4.5),
    ("not-met", "surface", 4.5),
    ("not-met", "not-met-wash", 4.5),
    ("unknown", "accent-wash", 4.5),
    ("warn", "warn-wash", 4.5),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground", "least"), PAIRS)
def test_text_can_be_read(theme: dict[str, str], text: str, ground: str, least: float) -> None:
    assert contrast(theme[text], theme[ground]) >= least


def test_both_themes_set_the_same_colours() -> None:
    assert set(LIGHT) == set(DARK)
