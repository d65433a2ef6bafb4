"""Columns that were given by number, such as #3, under their names before the work begins."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from drugresponse.errors import InputError
from drugresponse.settings.option import Settings, SomeSettings, parameters_of
from drugresponse.settings.parameter import Parameter

__all__ = ["name_columns"]


def name_columns(settings: SomeSettings) -> SomeSettings:
    r"""Settings in which each column has its name.

    A number is counted in one table, the first of the option's `column_of` that is given; the name found there is then
    looked up in every other table.

    Raises
    ------
    InputError
        There is no column of that number, or no table to count in; or the table cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from drugresponse.settings import PrepareSettings
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "samples.tsv")
    ...     _ = file.write_text("cell line\ttissue\nL1\tlung\n")
    ...     settings = PrepareSettings(genotypes=[file], dataset=file, samples=file, sample_column="#1")
    ...     name_columns(settings).sample_column
    'cell line'
    """
    headers: dict[Path, list[str]] = {}
    named: dict[str, Any] = {}
    for parameter in parameters_of(type(settings)):
        columns = getattr(settings, parameter.name) if parameter.column_of else None
        if isinstance(columns, list):
            named[parameter.name] = [_name(parameter, column, settings, headers) for column in columns]
        elif columns:
            named[parameter.name] = _name(parameter, columns, settings, headers)
    return replace(settings, **named)


def _name(parameter: Parameter, column: str, settings: Settings, headers: dict[Path, list[str]]) -> str:
    from drugresponse.readers.tables.text_tables import read_table
    from drugresponse.readers.text.column_numbers import column_named, is_column_number

    if not is_column_number(column):
        return column
    tables = [getattr(settings, name) for name in parameter.column_of]
    path = next((table for table in tables if table is not None), None)
    if path is None:
        options = " or ".join(f"--{name}" for name in parameter.column_of)
        raise InputError(
            f"{parameter.option}: found {column}, the number of a column, and no table to count in "
            f"(expected {options}). Give the table, or the column's name."
        )
    if path not in headers:
        headers[path] = [str(name) for name in read_table(path).columns]
    return column_named(headers[path], column, path.name)
