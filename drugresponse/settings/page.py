"""The page of all options, and the table of the page of learners, in Markdown."""

from __future__ import annotations

import re
from collections.abc import Mapping

from drugresponse.learners.registry import AUTO, LEARNERS
from drugresponse.settings.option import Command
from drugresponse.settings.parameter import Parameter

__all__ = ["option_page", "with_learners"]

_OPENING = """\
# Options

Every command also takes `-v` (say more; twice: everything), `-q` (errors only) and `--help`; `drugresponse --version`
names the version, `drugresponse help` the commands. A file given with `--config` holds the same options in YAML, with
the names below as keys and without the dashes; what the command line gives wins. Its values are read as on the command
line, never as YAML's dates, octals or truth values; switches are `true` or `false`, several values stand as `[a, b]`,
and an option left empty is not given. A value that begins with a dash is written with an equals sign:
`--option=-value`.

A column is named, or given by its number: `--response-column '#3'` is the third column. Keep the quotes: in the shell,
and in a settings file (`response-column: "#3"`), `#` may begin a comment. In a table with a column named `#3`, the name
counts.
"""


def option_page(commands: Mapping[str, Command]) -> str:
    """The page of all options.

    Examples
    --------
    >>> from drugresponse.settings import COMMANDS
    >>> option_page(COMMANDS).splitlines()[0]
    '# Options'
    """
    return "\n".join([_OPENING, *map(_command_part, commands.values())])


def with_learners(page: str) -> str:
    r"""The page of learners with the table of learners as the registry has it.

    Examples
    --------
    >>> with_learners("| `--learner` | what it is |\n|---|---|\n| `old` | gone |\n").splitlines()[2][:18]
    '| `auto` (default)'
    """
    rows = [
        f"| `{name}`{' (default)' if name == AUTO else ''} | {learner.description} |\n"
        for name, learner in LEARNERS.items()
    ]
    return re.sub(r"(\| `--learner` \|.*\n\|[-|]+\n)(?:\|.*\n)+", lambda found: found[1] + "".join(rows), page)


def _command_part(command: Command) -> str:
    rows = ["| option | value | default | meaning |", "|---|---|---|---|"]
    for parameter in command.parameters:
        cells = (f"`{parameter.option}`", _value(parameter), _default(parameter), parameter.typed_help)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join([f"## drugresponse {command.name}", "", command.summary, "", *rows, ""])


def _value(parameter: Parameter) -> str:
    several = ", several" if parameter.repeatable else ""
    if parameter.choices:
        return ", ".join(f"`{choice}`" for choice in parameter.choices) + several
    if parameter.column_of:
        return "columns" if parameter.type == "names" else "column"
    if parameter.type in ("integer", "number"):
        return f"{parameter.minimum} to {parameter.maximum}"
    words = {
        "input": "file",
        "output": "file to write",
        "names": "names",
        "switch": "",
        "text": "text",
        "folder": "folder",
    }
    return words[parameter.type] + several


def _default(parameter: Parameter) -> str:
    if parameter.required:
        return "**required**" + (f" without `{parameter.unless_option}`" if parameter.unless else "")
    if parameter.environment:
        return f"`${parameter.environment}`"
    if parameter.default is None or parameter.type == "switch":
        return ""
    defaults = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
    return " ".join(f"`{value}`" for value in defaults)
