"""Columns that were given by number, such as #3, under their names before the work begins."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drugresponse.errors import InputError
from drugresponse.settings.parameter import Command, Parameter

__all__ = ["name_columns"]


def name_columns(command: Command, settings: Mapping[str, Any]) -> dict[str, Any]:
    r"""Settings in which each column has its name.

    A number is counted in one table, the first of the option's `column_of` that is given; the name found there is then
    looked up in every other table.

    Parameters
    ----------
    command
        Whose settings they are.
    settings
        A value for each parameter, as `collect_settings` returns them.

    Raises
    ------
    InputError
        There is no column of that number, or no table to count in; or the table cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from drugresponse.settings import COMMANDS
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "samples.tsv")
    ...     _ = file.write_text("cell line\ttissue\nL1\tlung\n")
    ...     name_columns(COMMANDS["prepare"], {"samples": file, "sample_column": "#1"})["sample_column"]
    'cell line'
    """
    headers: dict[Path, list[str]] = {}
    named = dict(settings)
    for parameter in command.parameters:
        given = settings.get(parameter.name)
        if not parameter.column_of or not given:
            continue
        if isinstance(given, list):
            named[parameter.name] = [_name(parameter, each, settings, headers) for each in given]
        else:
            named[parameter.name] = _name(parameter, given, settings, headers)
    return named


def _name(parameter: Parameter, column: str, settings: Mapping[str, Any], headers: dict[Path, list[str]]) -> str:
    from drugresponse.readers.tables.text_tables import read_table
    from drugresponse.readers.text.column_numbers import column_named, is_column_number

    if not is_column_number(column):
        return column
    table = next((settings[each] for each in parameter.column_of if settings.get(each) is not None), None)
    if table is None:
        options = " or ".join(f"--{each}" for each in parameter.column_of)
        raise InputError(
            f"{parameter.option}: found {column}, the number of a column, and no table to count in "
            f"(expected {options}). Give the table, or the column's name."
        )
    path = Path(table)
    if path not in headers:
        headers[path] = [str(each) for each in read_table(path).columns]
    return column_named(headers[path], column, path.name)
