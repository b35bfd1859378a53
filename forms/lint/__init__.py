"""What will go wrong on a phone or in a browser with a form, told before it is published.

Each rule is a decorated function in the module of its subject; RULES holds all of them by code.
"""

from forms.lint import answers, browsers, lists, phones, texts
from forms.lint.examine import Examined, examine, examine_source
from forms.lint.rules import RULES, Remark, Rule

__all__ = [
    "RULES",
    "Examined",
    "Remark",
    "Rule",
    "answers",
    "browsers",
    "examine",
    "examine_source",
    "lists",
    "phones",
    "texts",
]
