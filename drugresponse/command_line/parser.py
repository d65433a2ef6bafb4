"""The parser of all commands, made from the options of each, and the pages of help that it prints."""

from __future__ import annotations

import argparse
import os
import shlex
import sys
import textwrap
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn

from drugresponse.command_line.examples import EXAMPLES
from drugresponse.command_line.streams import say
from drugresponse.errors import InputError
from drugresponse.settings import COMMANDS, GROUPS, Command, Parameter, convert
from drugresponse.version import __version__

__all__ = ["ALL_COMMANDS", "WITHOUT_SETTINGS", "build_parser"]

SHELLS = ("bash", "zsh")
WITHOUT_SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "import": "Make the tables of a training of files as publishers of drug screens give them out.",
        "doctor": "Say what is installed here, what this machine gives, and what would go wrong.",
        "completion": "Print what completes commands, options and files in a shell.",
    }
)
"""Commands that are for the command line alone, and what each does."""
PUBLISHERS = ("beataml", "cbioportal", "ccle", "cellminer", "depmap", "gdsc", "hivdb", "pharmacodb")
ALL_COMMANDS = (*COMMANDS, *WITHOUT_SETTINGS)
_IN_ORDER = ("simulate", "import", *(name for name in COMMANDS if name != "simulate"), "doctor", "completion")

_WIDTH = 100
_DESCRIPTION = """\
Predict how samples respond to drugs from their genotypes, and say whether genotype helped.

The order of work is that of the commands below. What you need not, leave out: import is for files of publishers,
curves for raw doses, prepare for genotypes that are large or come in several files, adapt for samples of which a few
drugs were measured. A first try needs no data: begin with simulate."""
_EPILOG = """\
drugresponse COMMAND --help tells the options of one command, with examples. The page docs/options.md has all of them.

begin with:
  drugresponse simulate --directory cohort
  drugresponse train --genotypes cohort/genotypes.tsv --responses cohort/responses.tsv --model model.safetensors"""
_KINDS = {"input": "FILE", "output": "OUT", "folder": "DIR", "integer": "N", "number": "X", "names": "A,B"}


class _Parser(argparse.ArgumentParser):
    """A parser that reports what is wrong as an `InputError`, so that all errors leave by one door."""

    def error(self, message: str) -> NoReturn:
        raise InputError(f"{message}. See {self.prog} --help.")

    def _print_message(self, message: str, file: object = None) -> None:  # noqa: ARG002 - argparse hands it over
        say(message)

    def _get_formatter(self) -> argparse.HelpFormatter:
        kind = _coloured_formatter() if _shows_colours() else argparse.RawDescriptionHelpFormatter
        columns = os.get_terminal_size().columns if sys.stdout and sys.stdout.isatty() else _WIDTH
        columns = int(os.environ.get("COLUMNS", "")) if os.environ.get("COLUMNS", "").isdigit() else columns
        return kind(self.prog, max_help_position=30, width=max(40, min(columns, _WIDTH) - 2))


class Convert(argparse.Action):
    """Check values by the table of parameters, and keep them under the parameter's name."""

    parameter: Parameter

    def __call__(self, _parser: object, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        where = option or self.dest
        if self.parameter.type == "switch":
            setattr(namespace, self.dest, True)
        elif self.parameter.repeatable:
            before = getattr(namespace, self.dest, [])
            setattr(namespace, self.dest, before + convert(self.parameter, values, where))
        else:
            setattr(namespace, self.dest, convert(self.parameter, values, where))


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands; what was not typed is left out of its namespace.

    Examples
    --------
    >>> build_parser().parse_args(["describe", "--model", "m.safetensors", "--json"]).json
    True
    """
    parser = _Parser(
        prog="drugresponse",
        usage="drugresponse COMMAND [option ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"drugresponse {__version__}", help="Name the version.")
    subparsers = parser.add_subparsers(
        title="commands, in the order of work", dest="command", metavar="COMMAND", required=True
    )
    for name in _IN_ORDER:
        if name in COMMANDS:
            _add_command(subparsers, COMMANDS[name])
        else:
            _add_without_settings(subparsers, name)
    return parser


def _add_without_settings(subparsers: Any, name: str) -> None:
    usages = {
        "import": "PUBLISHER FILE ... --directory FOLDER",
        "doctor": "[option ...]",
        "completion": f"{{{','.join(SHELLS)}}}",
    }
    part = _add_part(subparsers, name, WITHOUT_SETTINGS[name], usages[name])
    if name == "completion":
        part.add_argument("shell", choices=SHELLS, help="The shell that is to complete.")
    elif name == "doctor":
        group = part.add_argument_group("Output")
        group.add_argument("--json", action="store_true", default=False, help="For programs to read, instead of text.")
    else:
        part.add_argument("publisher", choices=PUBLISHERS, help="Who gave the files out.")
        part.add_argument("files", nargs="+", type=Path, metavar="FILE", help="The files, told by their columns.")
        group = part.add_argument_group("Output")
        group.add_argument(
            "--directory", type=Path, required=True, metavar="FOLDER", help="Folder to write the tables to."
        )
    _add_general(part)


def _add_part(subparsers: Any, name: str, summary: str, usage: str) -> argparse.ArgumentParser:
    examples = "\n".join(f"  {_folded(example)}" for example in EXAMPLES[name])
    part: argparse.ArgumentParser = subparsers.add_parser(
        name,
        help=summary,
        usage=f"drugresponse {name} {usage}",
        description=textwrap.fill(summary, _WIDTH - 2),
        epilog=f"examples:\n{examples}",
        allow_abbrev=False,
        argument_default=argparse.SUPPRESS,
        add_help=False,
    )
    return part


def _add_command(subparsers: Any, command: Command) -> None:
    needed = [parameter for parameter in command.parameters if parameter.required]
    words = [f"{parameter.option} {_metavar(parameter)}{' ...' * parameter.repeatable}" for parameter in needed]
    part = _add_part(subparsers, command.name, command.summary, " ".join([*words, "[option ...]"]))
    for title in GROUPS:
        of_group = [parameter for parameter in command.parameters if parameter.group == title]
        group = part.add_argument_group(title)
        for parameter in of_group:
            action = group.add_argument(parameter.option, action=Convert, dest=parameter.name, **_looks(parameter))
            action.parameter = parameter  # type: ignore[attr-defined]
    _add_general(part)


def _add_general(part: argparse.ArgumentParser) -> None:
    group = part.add_argument_group("Help and messages")
    group.add_argument("-h", "--help", action="help", help="Show this page.")
    group.add_argument("-v", "--verbose", action="count", default=0, help="Say more; twice: everything.")
    group.add_argument("-q", "--quiet", action="store_true", default=False, help="Errors only.")
    group.add_argument("--version", action="version", version=f"drugresponse {__version__}", help="Name the version.")


def _looks(parameter: Parameter) -> dict[str, Any]:
    """How argparse shows an option, and how many values it takes."""
    switch = parameter.type == "switch"
    several = parameter.default if isinstance(parameter.default, tuple) else (parameter.default,)
    words = " ".join(str(value) for value in several if value is not None)
    default = f" Default: {words}." if words and not switch and not parameter.environment else ""
    needed = (
        f"(required{f' without {parameter.unless_option}' * bool(parameter.unless)}) " if parameter.required else ""
    )
    shown: dict[str, Any] = {"help": (needed + parameter.typed_help + default).replace("%", "%%")}
    if switch:
        return shown | {"nargs": 0}
    metavar = _metavar(parameter)
    if parameter.repeatable:
        return shown | {"nargs": "+", "metavar": (metavar, parameter.name.upper() if parameter.choices else metavar)}
    return shown | {"metavar": metavar}


def _metavar(parameter: Parameter) -> str:
    if parameter.choices:
        return "{" + ",".join(parameter.choices) + "}"
    columns = {"text": "COLUMN", "names": "COLUMNS"} if parameter.column_of else {}
    return (_KINDS | columns).get(parameter.type, "TEXT")


def _folded(example: str) -> str:
    """A long line of a shell on several that are one for the shell, an option and its values never parted."""
    words = shlex.split(example)
    parts = [" ".join(words[:2])]
    for word in words[2:]:
        if word.startswith("-"):
            parts.append(word)
        else:
            parts[-1] += f" {word}"
    lines = [""]
    for part in parts:
        if lines[-1] and len(lines[-1]) + len(part) > _WIDTH - 8:
            lines.append("")
        lines[-1] = f"{lines[-1]} {part}".strip()
    return " \\\n      ".join(lines)


def _shows_colours() -> bool:
    """On a terminal that has them, unless nobody wants them (https://no-color.org)."""
    on_terminal = sys.stdout is not None and sys.stdout.isatty()
    return on_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM", "dumb") != "dumb"


def _coloured_formatter() -> type[argparse.HelpFormatter]:
    """Imported for help on a terminal alone."""
    from rich_argparse import RawDescriptionRichHelpFormatter

    class Coloured(RawDescriptionRichHelpFormatter):
        # what stands in brackets, such as [option ...], is text and no markup
        usage_markup = help_markup = text_markup = False
        group_name_formatter = str
        styles = {**RawDescriptionRichHelpFormatter.styles, "argparse.required": "bold red"}  # noqa: RUF012
        highlights = [*RawDescriptionRichHelpFormatter.highlights, r"(?P<required>\(required[^)]*\))"]  # noqa: RUF012

    return Coloured
