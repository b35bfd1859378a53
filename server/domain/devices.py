"""Which phone a key is used from, and what follows when it is another than the first one."""

ALERT, REFUSE = "alert", "refuse"
RULES = (ALERT, REFUSE)
"""What a project does about a second phone: says so at the desk, or refuses it as well."""

FIRST, SECOND, REFUSED, FORMER = "first", "second", "refused", "former"
"""Where a phone stands: the one the key is pinned to; another, let in; another, refused; one that was let go."""
STANDINGS = (FIRST, SECOND, REFUSED, FORMER)
ALARMING = (SECOND, REFUSED)
"""Those that somebody should look at."""


def standing_of(pinned: str | None, device: str | None, rule: str) -> str:
    """Where a phone stands with a key that is pinned to `pinned`. A key that is pinned to none takes any phone, which
    is then its first. A caller that names no phone counts as another where second ones are refused: else to leave the
    name out would be the way round."""
    if pinned is None or device == pinned or (device is None and rule != REFUSE):
        return FIRST
    return REFUSED if rule == REFUSE else SECOND
