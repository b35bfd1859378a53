"""What is wrong with a rule set that somebody hands in, in sentences of the reader's language."""

from __future__ import annotations

from server.criteria.ruleset import RuleSetError
from server.domain.errors import Invalid
from server.web.errors import say


def complaints_of(error: RuleSetError) -> list[dict[str, str]]:
    """Every complaint: `key`, the place in the file; `message`; `remedy`, what may stand there in the words of the
    file."""
    return [
        {"key": each.key or "(file)", "message": say(each.code, each.params), "remedy": each.remedy}
        for each in error.all
    ]


def refuse(error: RuleSetError) -> Invalid:
    """The same as an error of ours, which names the first and carries all."""
    problems = complaints_of(error)
    first = problems[0]
    return Invalid("rule_set.refused", count=len(problems), key=first["key"], said=first["message"], problems=problems)
