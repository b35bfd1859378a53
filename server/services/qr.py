"""Draws QR codes; the only module that names segno."""

from __future__ import annotations

import io

import segno


def draw_for_terminal(text: str) -> str:
    """The code as lines of half blocks, for a screen that shows text."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def draw_svg(text: str) -> str:
    """The code as an `<svg>` element without a size, so that a page or a sheet of paper gives it one."""
    drawn: str = segno.make(text, error="l", micro=False).svg_inline(omitsize=True, border=2)
    return drawn
