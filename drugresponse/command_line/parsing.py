"""From words to a command and what was typed for it; what is misspelt is answered with what was probably meant."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import Any

from drugresponse.command_line.parser import ALL_COMMANDS, build_parser
from drugresponse.errors import InputError, nearest
from drugresponse.settings import COMMANDS

__all__ = ["command_named", "loudness", "parse", "typed_options"]

_WITHOUT_COMMAND = ("--help", "--version", "-h")
_OF_EVERY_COMMAND = ("--help", "--version", "--verbose", "--quiet")
_WITHOUT_SETTINGS: dict[str, list[str]] = {"doctor": ["--json"], "completion": [], "import": ["--directory"]}
_GENERAL = ("command", "verbose", "quiet")


def parse(words: Sequence[str]) -> argparse.Namespace | None:
    """What was typed, under `command` its command; None when only help or the version was asked for.

    Raises
    ------
    InputError
        There is no such command or option, or a value is none of what the option takes.

    Examples
    --------
    >>> parse(["train", "--folds", "3"]).folds
    3
    """
    if not words:
        raise InputError(f"no command was given. {nearest('', ALL_COMMANDS)} See drugresponse help.")
    words = _asked_for_help(words) if words[0] == "help" else list(words)
    if words[0].startswith("-") and words[0] not in _WITHOUT_COMMAND:
        hint = _nearest_option(words[0], _WITHOUT_COMMAND) or "Begin with the command."
        raise InputError(f'"{words[0]}" stands where a command belongs. {hint} See drugresponse help.')
    if not words[0].startswith("-") and words[0] not in ALL_COMMANDS:
        raise InputError(f'"{words[0]}" is no command. {nearest(words[0], ALL_COMMANDS)}')
    try:
        namespace, unknown = build_parser().parse_known_args(words)
    except SystemExit as ended:  # --help and --version
        if ended.code:
            raise
        return None
    if unknown:
        raise InputError(_unknown_words(namespace.command, unknown))
    return namespace


def typed_options(namespace: argparse.Namespace) -> dict[str, Any]:
    """Converted values by the name of their option."""
    return {name: value for name, value in vars(namespace).items() if name not in _GENERAL}


def command_named(words: Sequence[str]) -> str:
    """The command with which the words begin; empty where they begin with none."""
    return words[0] if words and words[0] in ALL_COMMANDS else ""


def loudness(words: Sequence[str]) -> tuple[int, bool]:
    """How often -v stands there, and whether -q does: needed before the rest can be parsed.

    Examples
    --------
    >>> loudness(["train", "-vv"]), loudness(["train", "--quiet"])
    ((2, False), (0, True))
    """
    short = [word for word in words if word.startswith("-") and not word.startswith("--")]
    verbose = sum(word.count("v") for word in short if set(word[1:]) <= {"v", "q"}) + list(words).count("--verbose")
    return verbose, "--quiet" in words or any("q" in word for word in short if set(word[1:]) <= {"v", "q"})


def _asked_for_help(words: Sequence[str]) -> list[str]:
    """`help` and `help train` as the parser knows them; what is no command is left for the caller to refuse."""
    if list(words[1:]) in ([], ["help"]):
        return ["--help"]
    return [words[1], "--help"] if words[1] in ALL_COMMANDS else list(words[1:])


def _unknown_words(name: str, unknown: list[str]) -> str:
    wrong = next((word for word in unknown if word.startswith("-")), unknown[0])
    see = f"See drugresponse {name} --help."
    if not wrong.startswith("-"):
        return f'"{wrong}" belongs to no option. {see}'
    own = [parameter.option for parameter in COMMANDS[name].parameters] if name in COMMANDS else _WITHOUT_SETTINGS[name]
    hint = _nearest_option(wrong, [*own, *_OF_EVERY_COMMAND])
    return f'"{wrong}" is no option of {name}. {hint} {see}'.replace("  ", " ")


def _nearest_option(word: str, options: Sequence[str]) -> str:
    """The option that was probably meant, or the commands that have it."""
    plain = "--" + word.partition("=")[0].lstrip("-").replace("_", "-").lower()
    others = [
        name for name, command in COMMANDS.items() if plain in (parameter.option for parameter in command.parameters)
    ]
    if others and plain not in options:
        return f"It belongs to {' and '.join(others)}."
    begun = [option for option in options if option.startswith(plain)]
    close = difflib.get_close_matches(plain, options, n=1, cutoff=0.6) or begun
    return f'Did you mean "{close[0]}"?' if close else ""
