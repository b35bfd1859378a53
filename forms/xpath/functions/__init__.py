"""The functions of the expression language, by family: ODK XForms specification, section "XPath Functions"."""

from forms.xpath.functions import booleans, dates, digests, geo, nodes, numbers, repeats, selects, strings
from forms.xpath.functions.registry import REGISTRY

FAMILIES = (strings, numbers, booleans, nodes, selects, dates, repeats, geo, digests)

__all__ = ["FAMILIES", "REGISTRY"]
