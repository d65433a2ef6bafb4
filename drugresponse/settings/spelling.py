"""Parameters in messages: named as Python names them, and shown as they are typed."""

from __future__ import annotations

import re

from drugresponse.settings.commands import COMMANDS

__all__ = ["as_typed"]

_OPTIONS = {parameter.name: parameter.option for command in COMMANDS.values() for parameter in command.parameters}
_OPTIONS |= {"allow": "--allow-learner", "n_jobs": "--threads", "random_state": "--seed"}
_NAMED = re.compile(f"`({'|'.join(sorted(_OPTIONS))})`")


def as_typed(message: str) -> str:
    """A message for who works on the command line.

    Below the command line, a message names a parameter between backticks by its name in Python, such as
    `minimum_features`.

    Examples
    --------
    >>> as_typed("responses: found no direction (expected one). Give `higher_means`.")
    'responses: found no direction (expected one). Give --higher-means.'
    """
    return _NAMED.sub(lambda named: _OPTIONS[named[1]], message)
