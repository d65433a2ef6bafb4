"""A model from the history or from the server: the choice in a form, and the line of the command that follows it."""

from __future__ import annotations

from typing import Any

from drugresponse.galaxy._xml import conditional, gx
from drugresponse.model.file import FORMAT
from drugresponse.settings import Parameter

__all__ = ["CHOICE", "TABLE", "add_installed", "link_either", "linked_name"]

CHOICE = "model_source"
"""Name of the choice in the form."""
TABLE = "drugresponse_models"
"""Galaxy data table of the models that an administrator has installed."""
_NONE_INSTALLED = "No model is installed on this server. Take one from your history."


def add_installed(place: Any, field: Any) -> None:
    """Add to a form the choice between a dataset and what the server offers.

    Parameters
    ----------
    place
        The inputs of the form.
    field
        The field for a dataset of the history.
    """
    options = {"history": "In my history", "server": "Installed on this server"}
    help_text = "Administrators can install models for everybody."
    place.append(conditional(CHOICE, options, "The model is", help_text, {"history": field, "server": _installed()}))


def link_either(parameter: Parameter) -> list[str]:
    """The lines that link the chosen model, whichever it is, under one name."""
    name = linked_name(parameter)
    return [
        f"#if ${CHOICE}.source == 'server'",
        f"    link_input '${CHOICE}.installed.fields.path' '{name}' &&",
        "#else",
        f"    link_input '${CHOICE}.{parameter.name}' '{name}' &&",
        "#end if",
    ]


def linked_name(parameter: Parameter) -> str:
    """The name of the link in the working folder."""
    return f"{parameter.name}.{parameter.formats[0]}"


def _installed() -> Any:
    """A field that lists the installed models which this version can read."""
    label, help_text = "Installed model", "Drug response: describe a model tells what it holds."
    select = gx.SelectParam("installed", label=label, help=help_text)
    rows = gx.Options(from_data_table=TABLE)
    rows.append(gx.Filter("static_value", column="format", value=str(FORMAT)))
    select.append(rows)
    select.append(gx.ValidatorParam("no_options", message=_NONE_INSTALLED))
    return select
