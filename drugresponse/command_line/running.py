"""One command from what was typed to its outputs: settings collected, inputs protected, the work done."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from drugresponse.command_line.parsing import typed_options
from drugresponse.command_line.streams import say
from drugresponse.errors import InputError
from drugresponse.progress import doing
from drugresponse.settings import COMMANDS, collect_settings, input_files, name_columns, pipes_as_files

__all__ = ["run_command"]

Work = Callable[[Any], "str | list[str]"]


def run_command(typed: argparse.Namespace, work: Work | None = None) -> None:
    """Do what was typed, and print what the work says of it.

    Parameters
    ----------
    typed
        As `parse` gives it, of a command that has settings.
    work
        What is done with the settings; None takes the workflow that bears the command's name.
    """
    command = COMMANDS[typed.command]
    if sys.stdout is None:
        raise InputError("standard output: is closed (expected to be open). Send it somewhere, such as to /dev/null.")
    settings = collect_settings(command, typed_options(typed))
    from drugresponse.outputs import output_files, protected_inputs

    doing("opening the inputs")
    with pipes_as_files(settings) as settings, protected_inputs(input_files(settings)):
        settings = name_columns(settings)
        with output_files({"output": getattr(settings, "output", None)}) as temporary:
            text = (work or _workflow(command.name))(settings)
            summary = (text if isinstance(text, str) else "\n".join(text)).rstrip("\n") + "\n"
            if temporary:
                temporary["output"].write_text(summary, encoding="utf-8")
            elif text:
                say(summary)


def _workflow(name: str) -> Work:
    doing("loading the libraries")
    from drugresponse import workflows  # heavy: only when something is to be done

    work: Work = getattr(workflows, name)
    return work
