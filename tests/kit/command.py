"""The `thonban` command as its own help tells it: which subcommands there are, and which options each takes."""

import contextlib
import importlib
import importlib.util
import io
import re

import pytest


def help_of(*arguments: str) -> str:
    """What the command prints when asked for help; skips the test while there is no command."""
    if importlib.util.find_spec("server.cli") is None:
        pytest.skip("server/cli.py is not here")
    main = importlib.import_module("server.cli").main
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    return printed.getvalue() if ended.value.code in (0, None) else ""


def subcommands() -> set[str]:
    """The names of all subcommands."""
    return set(re.findall(r"^ {4}([a-z]+)\b", help_of(), re.MULTILINE))


def accepts(arguments: list[str]) -> bool:
    """Whether the command line names a subcommand, and only options that it has. A command of a group is the second
    word."""
    options = {argument.partition("=")[0] for argument in arguments if argument.startswith("--")}
    if not arguments or arguments[0] not in subcommands():
        return False
    known = help_of(arguments[0])
    inside = re.findall(r"^ {4}([a-z]+)\b", known, re.MULTILINE)
    if len(arguments) > 1 and arguments[1] in inside:
        known = help_of(*arguments[:2])
    return options <= set(known.split())
