"""Whatever the program writes into the audit is in the list of actions, and nothing is there that it never writes."""

import ast
import re
from collections.abc import Iterator

from server.domain.audit_actions import ACTIONS, GROUPS
from tests.kit.source import modules

WRITERS = {
    "entry",
    "AuditEntry",
    "_line",
    "_mark",
    "tell_export",
    "record_own",
    "write_own",
    "write_of_areas",
    "_tell",
}
ACTION = re.compile(rf"({'|'.join(GROUPS)})(\.[a-z_]+)+")
MADE = {
    "user.assignment.create": 'f"{kind}.assignment.{verb}"',
    "user.assignment.delete": 'f"{kind}.assignment.{verb}"',
    "user.assignment.update": 'f"{kind}.assignment.{verb}"',
    "field_key.assignment.delete": 'f"{kind}.assignment.{verb}"',
    "field_key.assignment.update": 'f"{kind}.assignment.{verb}"',
    "user.preference.update": 'f"user.preference.{verb}"',
    "user.preference.delete": 'f"user.preference.{verb}"',
    "user.session.end": "chosen by the kind of the token",
    "field_key.session.end": "chosen by the kind of the token",
    "submission.delete": "the verb that is asked for",
    "submission.restore": "the verb that is asked for",
    "submission.attachment.update": "in a helper of its own",
}
"""Those that do not stand in a call as they are."""


def written() -> Iterator[str]:
    """Every action that stands in a call which writes a line."""
    for module in modules("server"):
        for node in ast.walk(module.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in WRITERS:
                for each in node.args:
                    if isinstance(each, ast.Constant) and isinstance(each.value, str) and ACTION.fullmatch(each.value):
                        yield each.value


def test_what_is_written_is_in_the_list_and_what_is_in_the_list_is_written() -> None:
    found = set(written())
    assert len(found) > 40
    assert found - set(ACTIONS) == set()
    assert set(ACTIONS) - found - MADE.keys() == set()


def test_each_has_a_group_and_each_group_an_action() -> None:
    assert {action.partition(".")[0] for action in ACTIONS} == set(GROUPS)
    assert len(set(ACTIONS)) == len(ACTIONS)
    assert max(len(action) for action in ACTIONS) <= 64
