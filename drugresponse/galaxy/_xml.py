"""galaxyxml, imported without its settings of the root logger and without its warnings, and what it lacks; lxml."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from lxml import etree

__all__ = ["conditional", "etree", "gx", "gxt", "selection"]

_root = logging.getLogger()
_level, _handlers = _root.level, list(_root.handlers)
with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import galaxyxml.tool as gxt
    import galaxyxml.tool.parameters as gx
_root.setLevel(_level)
_root.handlers = _handlers


def conditional(name: str, options: Mapping[str, str], label: str, help_text: str, fields: Mapping[str, Any]) -> Any:
    """A choice by the field `source`, at first the first of the options; an option may bring a field of its own.

    All options are seen, and one click chooses: a list that folds out takes two.
    """
    choice = gx.Conditional(name)
    words = {"label": label, "help": help_text, "display": "radio"}
    choice.append(gx.SelectParam("source", options=options, default=next(iter(options)), **words))
    for value in options:
        when = gx.When(value)
        if value in fields:
            when.append(fields[value])
        choice.append(when)
    return choice


def selection(select: Any, options: Mapping[str, str], chosen: Iterable[str]) -> Any:
    """A field for several of the options, with those that are chosen at first."""
    for value, text in options.items():
        select.append(gx.SelectOption(value, text, selected=value in chosen))
    return select
