"""`thonban rounds …`: review rounds, and the holidays that their deadlines are counted by.

Each command is added by one function of `GROUP`, in a file of its own; what they share is in rounds_parts.py.
"""

from __future__ import annotations

from collections.abc import Callable

from server.holidays_command import add_holidays_command
from server.rounds_lock_command import add_lock_commands
from server.rounds_parts import Add

GROUP: tuple[Callable[[Add], None], ...] = (add_lock_commands, add_holidays_command)
"""What adds the commands, in the order in which help lists them."""


def add_rounds_commands(add: Add) -> None:
    """Adds the commands; `add(name, command, text)` gives the parser for its options."""
    for register in GROUP:
        register(add)
