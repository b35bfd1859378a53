"""Texts for people: catalogues of message ids in Vietnamese and English, compiled when that has not been done yet."""

from __future__ import annotations

import os
import tempfile
from functools import cache
from gettext import NullTranslations, translation
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

FOLDER = Path(__file__).resolve().parent / "translations"


def translation_folders() -> list[Path]:
    """The folder of each part (desk, errors) that is there."""
    return sorted(path for path in FOLDER.iterdir() if path.is_dir() and not path.name.startswith((".", "_")))


@cache
def read_catalogue(part: str, locale: str) -> NullTranslations:
    """The texts of a part in one language, for a program that answers nobody over HTTP: `.gettext(message id)`."""
    compile_catalogues()
    return translation("messages", FOLDER / part, [locale])


def compile_catalogues() -> None:
    """Compiles each catalogue that has no newer compiled form; an installed package brings them compiled, and
    what cannot be written is left as it is."""
    for source in FOLDER.glob("*/*/LC_MESSAGES/*.po"):
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime >= source.stat().st_mtime:
            continue
        if not os.access(source.parent, os.W_OK):
            continue
        with source.open("rb") as file:
            catalogue = read_po(file, locale=source.parent.parent.name)
        # written aside and renamed: several processes start at once
        with tempfile.NamedTemporaryFile(dir=source.parent, suffix=".mo.new", delete=False) as made:
            write_mo(made, catalogue)
        Path(made.name).chmod(0o644)
        Path(made.name).replace(target)
