"""Columns of a dataset: pickers in a form, and the lines of the command that follow them."""

from __future__ import annotations

from typing import Any

from drugresponse.galaxy._xml import conditional, gx
from drugresponse.settings import Parameter

__all__ = ["column_lines", "column_picker", "columns_choice"]

_USUAL, _CHOSEN = "usual", "chosen"


class _DataColumn(gx.Param):
    type = "data_column"


def column_picker(parameter: Parameter) -> Any:
    """A field that lists the columns of a dataset by their names in its first line.

    Parameters
    ----------
    parameter
        A parameter with `column_of`; the dataset is the first of these. Nothing needs to be chosen: a browser would
        choose the first column at once where something must be.
    """
    return _DataColumn(
        argument=parameter.option,
        data_ref=parameter.column_of[0],
        use_header_names=True,
        multiple=True if parameter.type == "names" else None,
        optional=True,
        label=parameter.label,
        help=parameter.form_help,
    )


def columns_choice(parameter: Parameter) -> Any:
    """The choice between the usual columns and those that are picked, perhaps none; an empty picker says neither."""
    options = {_USUAL: parameter.unset, _CHOSEN: "Columns that I choose, or none"}
    help_text = "Of the samples; without that table there are none."
    picker = {_CHOSEN: column_picker(parameter)}
    return conditional(_source_name(parameter), options, f"{parameter.label} to use", help_text, picker)


def column_lines(parameter: Parameter) -> list[str]:
    """The lines of the command: Galaxy knows columns by their numbers, and they are handed on as such."""
    if parameter.type != "names":
        field = f"${parameter.section}.{parameter.name}"
        return [f"#if {field}", f"    {parameter.option}='#{field}'", "#end if"]
    source = f"${parameter.section}.{_source_name(parameter)}"
    field = f"{source}.{parameter.name}"
    return [
        f"#if {source}.source == '{_CHOSEN}' and {field}",
        f"    #set $numbers = str({field}).replace(',', ',#')",
        f"    {parameter.option}='#$numbers'",
        f"#elif {source}.source == '{_CHOSEN}'",
        f"    {parameter.option}=none",
        "#end if",
    ]


def _source_name(parameter: Parameter) -> str:
    """Name of the choice before a picker of several columns."""
    return f"{parameter.name}_source"
