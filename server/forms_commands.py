"""The commands `thonban forms …`: for those who write forms, and for scripts."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from server.check_command import add_check_command
from server.judge_command import add_judge_command
from server.paper_command import add_print_command
from server.rehearse_command import add_rehearse_command


def add_forms_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Adds each command of the group; `add(name, command, text)` gives the parser for its options."""
    add_judge_command(add)
    add_rehearse_command(add)
    add_check_command(add)
    add_print_command(add)
