"""Names of columns where no two may be the same."""

from __future__ import annotations

from collections.abc import Iterable


def unlike(names: Iterable[str], taken: Iterable[str] = (), *, fold: bool = False) -> list[str]:
    """The names, from the second of the same on with a number (`phone`, `phone~2`). `taken`: names that stand beside
    them; `fold`: names that differ in the case of letters alone are the same."""
    seen = {name.casefold() if fold else name for name in taken}
    found = []
    for name in names:
        made, number = name, 1
        while (made.casefold() if fold else made) in seen:
            number += 1
            made = f"{name}~{number}"
        seen.add(made.casefold() if fold else made)
        found.append(made)
    return found
