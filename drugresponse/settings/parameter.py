"""What is known of one option."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

__all__ = ["GROUPS", "SECTIONS", "Parameter", "ParameterType"]

ParameterType = Literal["input", "output", "folder", "text", "names", "integer", "number", "choice", "switch"]

SECTIONS: Mapping[str, str] = MappingProxyType(
    {
        "columns": "Columns and measure",
        "genotype_options": "Genotype options",
        "held_out": "Folds and checks",
        "learner_settings": "Learner settings",
        "advanced": "Advanced",
    }
)
"""Sections of the Galaxy forms, by name; fields outside them are always visible."""
_INPUT, _CHOICES, _OUTPUT, _RUNNING = "Input", "Main choices", "Output", "Running"
GROUPS = (_INPUT, _CHOICES, _OUTPUT, *SECTIONS.values(), _RUNNING)
"""Titles of options in `--help`, in this order: the sections, and what forms always show or never."""


@dataclass(frozen=True)
class Parameter:
    """One option of one or several commands.

    Attributes
    ----------
    name
        As Python's keyword; `option` is its spelling on the command line.
    type
        What a value is: a file to read or to write, a folder, text, names separated by commas, a number, one of
        `choices`, or a switch that is off unless given.
    label, help
        What a form shows above and below the field; the command line shows `help`.
    short_help
        What a form shows in place of `help`, where its page says more below.
    default
        None when the option may be left out without a value of its own; a tuple for a repeatable one.
    minimum, maximum
        Limits of a number; both ends are allowed.
    choices
        Label by value, in the order shown.
    unset
        What a form shows for none of the choices, where `default` is None.
    column_of
        For an option that names columns: the inputs whose columns they are. A number is counted in the first of them
        that is given.
    required, repeatable
        Whether it must be given, and whether it takes several values.
    unless
        Name of the option with which it need not be given.
    formats
        Galaxy datatypes of a file.
    section
        A key of `SECTIONS`; empty for a field that is always visible, None for an option that forms leave out.
    belongs_to
        The learners, or the formats in words, that look at it; empty for all.
    environment
        Variable that supplies the default.

    Examples
    --------
    >>> Parameter("sample_column", "text", "Column of sample ids", "Its name.").option
    '--sample-column'
    """

    name: str
    type: ParameterType
    label: str
    help: str
    default: str | int | float | bool | tuple[str, ...] | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: Mapping[str, str] = field(default_factory=dict)
    unset: str = ""
    required: bool = False
    unless: str = ""
    repeatable: bool = False
    formats: tuple[str, ...] = ()
    section: str | None = ""
    column_of: tuple[str, ...] = ()
    belongs_to: tuple[str, ...] = ()
    environment: str = ""
    short_help: str = ""

    @property
    def option(self) -> str:
        """The spelling on the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def group(self) -> str:
        """One of `GROUPS`: its section; what forms always show is parted by type, the rest is how the work runs."""
        if self.section is None:
            return _RUNNING
        if self.section:
            return SECTIONS[self.section]
        return {"input": _INPUT, "output": _OUTPUT, "folder": _OUTPUT}.get(self.type, _CHOICES)

    @property
    def unless_option(self) -> str:
        """The spelling of the option with which it need not be given."""
        return "--" + self.unless.replace("_", "-")

    @property
    def full_help(self) -> str:
        """The help, and for which learners or formats the option is."""
        return f"{self.help} Only for {' and '.join(self.belongs_to)}." if self.belongs_to else self.help

    @property
    def typed_help(self) -> str:
        """The full help for who types the value: of a column its name or its number."""
        if not self.column_of:
            return self.full_help
        counted = f"counted in the {' or else the '.join(self.column_of)}"
        if self.type == "names":
            usual = f"Unless given: {self.unset[:1].lower()}{self.unset[1:]}."
            return f"{self.full_help} {usual} Names separated by commas, or numbers such as #3,#4, {counted}; or none."
        return f"{self.full_help} Its name, or its number such as #3, {counted}."

    @property
    def form_help(self) -> str:
        """The full help for who fills in a form: of a column also what is taken when none is chosen."""
        if self.column_of and self.type == "names":
            return f"{self.full_help} Where none is chosen, none is used."
        looked_for = self.column_of and self.default is not None
        return f"{self.full_help} Unless chosen: {self.default}." if looked_for else self.short_help or self.full_help
