"""What completes commands, options, choices and files in bash and zsh, made from the parser."""

from __future__ import annotations

import argparse
from pathlib import Path

from drugresponse.command_line.parser import Convert, build_parser

__all__ = ["completion_script"]


def completion_script(shell: str) -> str:
    """The text that a shell reads to complete `drugresponse`.

    Parameters
    ----------
    shell
        `bash` or `zsh`.

    Examples
    --------
    >>> "--genotypes" in completion_script("bash")
    True
    """
    import shtab

    parser = build_parser()
    of_paths = {"FILE": shtab.FILE, "FOLDER": shtab.DIRECTORY}
    kinds = {"input": shtab.FILE, "output": shtab.FILE, "folder": shtab.DIRECTORY}
    for part in _parts(parser):
        for action in part._actions:
            if action.type is Path and isinstance(action.metavar, str):
                action.complete = of_paths[action.metavar]  # type: ignore[attr-defined]
            if isinstance(action, Convert):
                # the parser checks choices itself, so that it can propose the nearest
                action.choices = list(action.parameter.choices) or None
                if action.parameter.type in kinds:
                    action.complete = kinds[action.parameter.type]  # type: ignore[attr-defined]
                if isinstance(action.metavar, tuple):
                    action.metavar = action.metavar[0]
    return str(shtab.complete(parser, shell=shell))


def _parts(parser: argparse.ArgumentParser) -> list[argparse.ArgumentParser]:
    """The parsers of all commands."""
    subparsers = [action for action in parser._actions if isinstance(action, argparse._SubParsersAction)]
    return [part for action in subparsers for part in action.choices.values()]
