"""From what was typed, stood in a settings file or in the environment, to checked values for a workflow."""

from __future__ import annotations

import math
import os
import reprlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from drugresponse.errors import InputError, nearest
from drugresponse.parameters.commands import COMMANDS
from drugresponse.parameters.parameter import Command, Parameter

__all__ = ["collect_settings", "convert"]

_NO_NAMES = ("", "none")

_SHORTENED = reprlib.Repr()
_SHORTENED.maxlevel = 2


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
        return [_convert_one(parameter, each, where) for each in values]
    return _convert_one(parameter, value, where)


def _convert_one(parameter: Parameter, value: object, where: str) -> Any:
    if parameter.type == "switch":
        if not isinstance(value, bool):
            raise InputError(f"{where}: found {_show(value)} (expected true or false). Correct the value.")
        return value
    if parameter.type == "names" and isinstance(value, list):
        return [_as_text(each, where) for each in value]
    text = _as_text(value, where)
    if parameter.type in ("integer", "number"):
        return _as_number(parameter, text, where)
    if parameter.type == "choice":
        if text not in parameter.choices:
            raise InputError(f'{where}: "{text}" is none of the choices. {nearest(text, parameter.choices)}')
        return text
    if parameter.type == "names":
        return [] if text.strip() in _NO_NAMES else [each.strip() for each in text.split(",") if each.strip()]
    if text == "" and (parameter.type != "text" or parameter.default is not None):
        raise InputError(f"{where}: found nothing (expected a value). Give one or leave the option out.")
    return text if parameter.type == "text" else Path(text)


def _as_text(value: object, where: str) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float | date):
        raise InputError(f"{where}: found {_show(value)} (expected one value). Correct the value.")
    return str(value)


def _as_number(parameter: Parameter, text: str, where: str) -> int | float:
    whole = parameter.type == "integer"
    wanted = "a whole number" if whole else "a number"
    limits = f"{wanted} from {parameter.minimum} to {parameter.maximum}"
    try:
        number = int(text) if whole else float(text)
    except ValueError:
        raise InputError(f'{where}: "{text}" is not {wanted} (expected {limits}). Correct the value.') from None
    low = -math.inf if parameter.minimum is None else parameter.minimum
    high = math.inf if parameter.maximum is None else parameter.maximum
    if not low <= number <= high:
        raise InputError(f"{where}: found {text} (expected {limits}). Choose a number within these limits.")
    return number


def _show(value: object) -> str:
    if isinstance(value, str):
        return f'"{value}"'
    # a few lines of YAML can stand for a list without end
    if isinstance(value, list | dict):
        return _SHORTENED.repr(value)
    return type(value).__name__ if value is None else str(value)


def collect_settings(command: Command, given: Mapping[str, Any]) -> dict[str, Any]:
    """Complete what the command line gave: then the settings file, the environment and the defaults.

    Parameters
    ----------
    command
        Whose options they are.
    given
        Converted values by parameter name, only of options that were typed.

    Returns
    -------
    settings
        A value for each parameter of the command but `config`; None where an option has none.

    Raises
    ------
    InputError
        A required option is missing, or the settings file or the environment holds something wrong.

    Examples
    --------
    >>> collect_settings(COMMANDS["describe"], {"model": Path("m.safetensors")})["json"]
    False
    """
    typed = dict(given)
    config = typed.pop("config", None)
    from_file = _read_config(command, config) if config is not None else {}
    settings: dict[str, Any] = {}
    for parameter in command.parameters:
        if parameter.name == "config":
            continue
        sources = (typed, from_file)
        found = [source[parameter.name] for source in sources if parameter.name in source]
        settings[parameter.name] = found[0] if found else _default(parameter)
    missing = [each.option for each in command.parameters if each.required and settings[each.name] in (None, [])]
    if missing:
        raise InputError(
            f"{' and '.join(missing)} must be given. See drugresponse {command.name} --help for what each of them is."
        )
    return settings


def _default(parameter: Parameter) -> Any:
    text = os.environ.get(parameter.environment, "").strip() if parameter.environment else ""
    if text:
        return convert(parameter, text, f"the environment's {parameter.environment}")
    if parameter.name == "threads":
        return _count_cores()
    if parameter.name == "device":
        return "auto"
    if parameter.repeatable:
        return list(parameter.default) if isinstance(parameter.default, tuple) else []
    return parameter.default


def _count_cores() -> int:
    """Cores that this process may use: under a batch system fewer than the machine has."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _read_config(command: Command, path: Path) -> dict[str, Any]:
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: {error.strerror}. Name a settings file that can be read.") from error
    except RecursionError as error:
        raise InputError(
            f"{path}: is nested too deeply (expected lines such as `learner: ridge`). Correct the file."
        ) from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: is not YAML ({' '.join(str(error).split())}). Correct the file.") from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise InputError(f"{path}: found no option names (expected lines such as `learner: ridge`). Correct the file.")
    settings: dict[str, Any] = {}
    for key, value in content.items():
        parameter = _find_key(command, str(key), path)
        if parameter.name in settings:
            raise InputError(f'{path}: "{key}" stands there twice. Keep one of the two.')
        if value is not None:
            settings[parameter.name] = convert(parameter, value, f'{path}, "{key}"')
    return settings


def _find_key(command: Command, key: str, path: Path) -> Parameter:
    known = {each.name.replace("_", "-"): each for each in command.parameters if each.name != "config"}
    dashed = key.replace("_", "-")
    if dashed in known:
        return known[dashed]
    others = [name for name, other in COMMANDS.items() if dashed in {each.option[2:] for each in other.parameters}]
    if others and dashed != "config":
        hint = f"It belongs to drugresponse {' and '.join(others)}. Take it out."
    else:
        hint = nearest(dashed, known)
    raise InputError(f'{path}: "{key}" is no option of drugresponse {command.name}. {hint}')
