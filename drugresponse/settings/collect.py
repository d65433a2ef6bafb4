"""From what was typed, stood in a settings file or in the environment, to the checked settings of a command."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drugresponse.errors import InputError, nearest, show_ids
from drugresponse.plugins import LEARNER_GROUP, READER_GROUP, plugin_names
from drugresponse.settings.commands import COMMANDS
from drugresponse.settings.option import Command, Settings
from drugresponse.settings.parameter import Parameter
from drugresponse.settings.settings_file import read_settings_file

__all__ = ["collect_settings", "convert"]

_NO_NAMES = ("", "none")
_PLUGGED = {"learner": LEARNER_GROUP, "refit_learner": LEARNER_GROUP, "genotype_format": READER_GROUP}
"""Options whose value may also be a name that another installed distribution gives."""
_LONGEST = 80
_SHORTENED = reprlib.Repr()

_SWITCH = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
"""What YAML 1.1 reads as a truth value."""


def convert(parameter: Parameter, value: object, where: str) -> Any:
    """Check one value of an option, and give it its Python type.

    Parameters
    ----------
    parameter
        Whose value it is.
    value
        Text from a command line, or what a settings file holds.
    where
        Names the source in errors, such as `--seed`.

    Returns
    -------
    converted
        A `Path`, text, a list of text, an int, a float or a bool; a list of those for a repeatable parameter.

    Raises
    ------
    InputError
        The value is of another type, out of limits, or none of the choices.

    Examples
    --------
    >>> convert(COMMANDS["train"].parameter("folds"), "3", "--folds")
    3
    >>> convert(COMMANDS["train"].parameter("covariates"), "tissue, age", "--covariates")
    ['tissue', 'age']
    """
    if parameter.repeatable:
        values = value if isinstance(value, list) else [value]
        if not values and parameter.default is not None:
            raise InputError(f"{where}: found nothing (expected a value). Give one or leave the option out.")
        return [_convert_one(parameter, one, where) for one in values]
    return _convert_one(parameter, value, where)


def _convert_one(parameter: Parameter, value: object, where: str) -> Any:
    if parameter.type == "switch":
        switched = value if isinstance(value, bool) else _SWITCH.get(str(value).lower())
        if switched is None:
            raise InputError(f"{where}: found {_show(value)} (expected true or false). Correct the value.")
        return switched
    if parameter.type == "names" and isinstance(value, list):
        return [_as_text(name, where) for name in value]
    text = _as_text(value, where, is_path=parameter.type in ("input", "output", "folder"))
    if parameter.type in ("integer", "number"):
        return _as_number(parameter, text, where)
    if parameter.type == "choice":
        group = _PLUGGED.get(parameter.name)
        if text not in parameter.choices and not (group and text in plugin_names(group)):
            choices = [*parameter.choices, *(plugin_names(group) if group else ())]
            raise InputError(f"{where}: {_show(text)} is none of the choices. {nearest(text, choices)}")
        return text
    if parameter.type == "names":
        return [] if text.strip() in _NO_NAMES else [name.strip() for name in text.split(",") if name.strip()]
    if text == "" and (parameter.type != "text" or parameter.default is not None):
        raise InputError(f"{where}: found nothing (expected a value). Give one or leave the option out.")
    return text if parameter.type == "text" else Path(text)


def _as_text(value: object, where: str, *, is_path: bool = False) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InputError(f"{where}: found {_show(value)} (expected one value). Correct the value.")
    text = str(value)
    try:
        # names of files may hold any byte but this one
        unreadable = b"\0" in (os.fsencode(text) if is_path else text.encode())
    except UnicodeEncodeError:
        unreadable = True
    if unreadable:
        raise InputError(f"{where}: found {_show(text)}, with a sign that no text has. Correct the value.")
    return text


def _as_number(parameter: Parameter, text: str, where: str) -> int | float:
    whole = parameter.type == "integer"
    wanted = "a whole number" if whole else "a number"
    limits = f"{wanted} from {parameter.minimum} to {parameter.maximum}"
    try:
        if "_" in text:
            raise ValueError
        number = int(text) if whole else float(text)
    except ValueError:
        raise InputError(f"{where}: {_show(text)} is not {wanted} (expected {limits}). Correct the value.") from None
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    if not low <= number <= high:
        raise InputError(f"{where}: found {text[:_LONGEST]} (expected {limits}). Choose a number within these limits.")
    return number


def _show(value: object) -> str:
    if isinstance(value, str):
        return show_ids([value.encode("unicode_escape").decode() if not value.isprintable() else value])
    if isinstance(value, list):
        return _SHORTENED.repr(value)
    return type(value).__name__ if value is None else str(value)


def collect_settings(command: Command, typed: Mapping[str, Any]) -> Settings:
    """The settings of a command: what was typed, then the settings file, the environment and the defaults.

    Parameters
    ----------
    command
        Whose options they are.
    typed
        Converted values by parameter name, only of options that were typed.

    Returns
    -------
    settings
        An object of the command's settings class.

    Raises
    ------
    InputError
        A required option is missing, or the settings file or the environment holds something wrong.

    Examples
    --------
    >>> collect_settings(COMMANDS["describe"], {"model": Path("m.safetensors")}).json
    False
    """
    config = typed.get("config")
    values = {**({} if config is None else _read_config(command, config)), **typed}
    for parameter in command.parameters:
        text = os.environ.get(parameter.environment, "").strip() if parameter.environment else ""
        if text and parameter.name not in values:
            values[parameter.name] = convert(parameter, text, f"the environment's {parameter.environment}")
    needed = [each for each in command.parameters if each.required and each.unless not in values]
    missing = [each.option for each in needed if not values.get(each.name)]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} must be given. See drugresponse {command.name} --help for what each of them is."
        )
    return command.settings(**values)


def _read_config(command: Command, path: Path) -> dict[str, Any]:
    settings: dict[str, Any] = {}
    for key, value in read_settings_file(path).items():
        parameter = _find_key(command, key, path)
        if parameter.name in settings:
            raise InputError(f'{path}: "{key}" stands there twice. Keep one of the two.')
        settings[parameter.name] = convert(parameter, value, f'{path}, "{key}"')
    return settings


def _find_key(command: Command, key: str, path: Path) -> Parameter:
    known = {option.name.replace("_", "-"): option for option in command.parameters if option.name != "config"}
    dashed = key.replace("_", "-")
    if dashed in known:
        return known[dashed]
    others = [
        name for name, other in COMMANDS.items() if f"--{dashed}" in {option.option for option in other.parameters}
    ]
    if others and dashed != "config":
        hint = f"It belongs to drugresponse {' and '.join(others)}. Take it out."
    else:
        hint = nearest(dashed, known)
    raise InputError(f'{path}: "{key}" is no option of drugresponse {command.name}. {hint}')
