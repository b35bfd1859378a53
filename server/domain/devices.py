"""Which phone a key is used from, and what follows when it is another than the first one."""

from dataclasses import dataclass

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


NEVER, NO_FORM, MAY_HOLD, FILES_MISSING, REPORTED, NOT_SAID = (
    "never",
    "no_form",
    "may_hold",
    "files_missing",
    "reported",
    "not_said",
)
RISKS = (NEVER, NO_FORM, MAY_HOLD, FILES_MISSING, REPORTED, NOT_SAID)
"""What a phone may still hold unsent, in the words of `risk_of`."""


@dataclass(frozen=True)
class PhoneFacts:
    """What is known of a phone and the round. `villages`: that its holder is there for; `reported`: of these, with a
    sheet in the round; `files_missing`: named by those sheets and not here."""

    heard_of: bool
    has_form: bool
    villages: int
    reported: int
    files_missing: int


def risk_of(facts: PhoneFacts) -> str:
    """What may still lie on a phone. Known: it was never heard of; files that a sheet names have not come; all its
    villages have reported. Guessed: it fetched the round's form, and a village has not reported, so that a sheet may
    lie on it, begun or finished; it never fetched the form, so that none does. Nothing is said where the holder is
    there for no village."""
    if not facts.heard_of:
        return NEVER
    if facts.files_missing:
        return FILES_MISSING
    if not facts.villages:
        return NOT_SAID
    if facts.reported >= facts.villages:
        return REPORTED
    return MAY_HOLD if facts.has_form else NO_FORM
