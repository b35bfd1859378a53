"""Draws QR codes; the only module that names segno."""

from __future__ import annotations

import io

import segno

INK, DRAFT_INK = "#000000", "#a33a00"
"""What a code is drawn in; that of a draft is not taken for one of work."""


def draw_for_terminal(text: str) -> str:
    """The code as lines of half blocks, for a screen that shows text."""
    drawn = io.StringIO()
    segno.make(text, error="l", micro=False).terminal(drawn, compact=True, border=2)
    return drawn.getvalue()


def draw_svg(text: str, ink: str = INK) -> str:
    """The code as an `<svg>` element without a size, so that a page or a sheet of paper gives it one."""
    drawn: str = segno.make(text, error="l", micro=False).svg_inline(omitsize=True, border=2, dark=ink)
    return drawn


def draw_png(text: str, scale: int = 6, ink: str = INK) -> bytes:
    """The code as a PNG picture, `scale` pixels to a module, with the quiet zone that scanners ask for."""
    drawn = io.BytesIO()
    segno.make(text, error="l", micro=False).save(drawn, kind="png", scale=scale, border=4, dark=ink)
    return drawn.getvalue()


def draw_svg_file(text: str, title: str | None = None, ink: str = INK) -> bytes:
    """The code as an SVG file of its own."""
    drawn = io.BytesIO()
    code = segno.make(text, error="l", micro=False)
    code.save(drawn, kind="svg", scale=6, border=4, dark=ink, title=title)
    return drawn.getvalue()
