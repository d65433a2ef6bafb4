"""How an option is declared: a field of a settings class, with all that is known of it."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin, get_type_hints

__all__ = [
    "SECTIONS",
    "Command",
    "Folder",
    "InputFile",
    "OutputFile",
    "Parameter",
    "Settings",
    "SomeSettings",
    "changed",
    "option",
    "parameters_of",
]

ParameterType = Literal["input", "output", "folder", "text", "names", "integer", "number", "choice", "switch"]
InputFile = Annotated[Path, "input"]
OutputFile = Annotated[Path, "output"]
Folder = Annotated[Path, "folder"]

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
_TYPES: Mapping[type, ParameterType] = {int: "integer", float: "number", bool: "switch", str: "text"}
_NO_CHOICES: Mapping[str, str] = MappingProxyType({})


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
    repeatable: bool = False
    formats: tuple[str, ...] = ()
    section: str | None = ""
    column_of: tuple[str, ...] = ()
    belongs_to: tuple[str, ...] = ()
    environment: str = ""

    @property
    def option(self) -> str:
        """The spelling on the command line."""
        return "--" + self.name.replace("_", "-")

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
        return f"{self.full_help} Unless chosen: {self.default}." if looked_for else self.full_help


def option(
    label: str,
    help: str,
    *,
    default: str | int | float | bool | tuple[str, ...] | None = None,
    required: bool = False,
    limits: tuple[float | None, float | None] = (None, None),
    choices: Mapping[str, str] = _NO_CHOICES,
    unset: str = "",
    formats: tuple[str, ...] = (),
    section: str | None = "",
    column_of: tuple[str, ...] = (),
    belongs_to: tuple[str, ...] = (),
    environment: str = "",
) -> Any:
    """A field of a settings class that is an option; its name and annotation give the option its name and type.

    The annotation is `InputFile`, `OutputFile`, `Folder`, `int`, `float`, `bool` or `str`, or a list of one: a list of
    text without choices is names separated by commas, any other is an option that takes several values.

    Parameters
    ----------
    label, help, default, required, choices, unset, formats, section, column_of, belongs_to, environment
        As in `Parameter`.
    limits
        Least and largest number.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Growing(Settings):
    ...     trees: int = option("Trees", "How many are grown.", default=400, limits=(1, 5000))
    >>> [(each.option, each.type) for each in parameters_of(Growing)]
    [('--trees', 'integer'), ('--config', 'input')]
    >>> Growing().trees
    400
    """
    declared = Parameter(
        "", "text", label, help, default, *limits, choices, unset, required, False, formats, section, column_of,
        belongs_to, environment,
    )  # fmt: skip
    return _as_field(declared)


def changed(
    settings: type,
    name: str,
    *,
    label: str = "",
    help: str = "",
    also: str = "",
    default: tuple[str, ...] | None = None,
    section: str = "",
    column_of: tuple[str, ...] = (),
) -> Any:
    """The option that another settings class declares, where a command says it in other words.

    Parameters
    ----------
    settings, name
        Where it is declared.
    label, help, section, column_of
        As in `Parameter`; what is empty stays as it is.
    also
        What the help says besides.
    default
        With one, the option need not be given.

    Examples
    --------
    >>> @dataclass(frozen=True, kw_only=True)
    ... class Hurried(Settings):
    ...     config: InputFile | None = changed(Settings, "config", help="What was saved.")
    >>> parameters_of(Hurried)[0].help
    'What was saved.'
    """
    declared: Parameter = settings.__dataclass_fields__[name].metadata["option"]  # type: ignore[attr-defined]
    return _as_field(
        replace(
            declared,
            label=label or declared.label,
            help=f"{help or declared.help} {also}".strip(),
            default=declared.default if default is None else default,
            required=declared.required and default is None,
            section=section or declared.section,
            column_of=column_of or declared.column_of,
        )
    )


def _as_field(declared: Parameter) -> Any:
    metadata, default = {"option": declared}, declared.default
    if declared.required:
        return field(metadata=metadata)
    if isinstance(default, tuple):
        return field(default_factory=lambda: list(default), metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What a command is told; each command has a class of its own, put together from one for each concern."""

    config: InputFile | None = option(
        "Settings file", "YAML with the names of options as keys; what the command line gives wins.", section=None
    )

    def outputs(self) -> dict[str, Path | None]:
        """Where each output goes, by name; None where it was not asked for."""
        return {each.name: getattr(self, each.name) for each in parameters_of(type(self)) if each.type == "output"}


SomeSettings = TypeVar("SomeSettings", bound=Settings)


def parameters_of(settings: type[Settings]) -> tuple[Parameter, ...]:
    """The options of a settings class, section by section; in a section those of its bases come first."""
    hints = get_type_hints(settings, include_extras=True)
    declared = {each.name: each.metadata["option"] for each in fields(settings)}
    parameters = [_as_annotated(declared[name], name, hints[name]) for name in _names(settings)]
    sections = ("", *SECTIONS, None)
    return tuple(sorted(parameters, key=lambda parameter: sections.index(parameter.section)))


def _names(settings: type) -> list[str]:
    of_bases = [name for base in settings.__bases__ for name in _names(base)]
    return list(dict.fromkeys([*of_bases, *inspect.get_annotations(settings)]))


def _as_annotated(declared: Parameter, name: str, annotation: Any) -> Parameter:
    if get_origin(annotation) not in (None, list, Annotated):
        annotation = get_args(annotation)[0]  # of what may be None
    several = get_origin(annotation) is list
    one = get_args(annotation)[0] if several else annotation
    kind: ParameterType = one.__metadata__[0] if get_origin(one) is Annotated else _TYPES.get(one, "choice")
    if declared.choices:
        kind = "choice"
    elif several and kind == "text":
        kind, several = "names", False
    default = None if declared.default == () else declared.default
    return replace(declared, name=name, type=kind, repeatable=several, default=default)


@dataclass(frozen=True)
class Command:
    """One command and its settings.

    Examples
    --------
    >>> Command("describe", "Say what a model file holds.", Settings).parameter("config").required
    False
    """

    name: str
    summary: str
    settings: type[Settings]

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its options, in the order shown."""
        return parameters_of(self.settings)

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name; KeyError when there is none."""
        return {each.name: each for each in self.parameters}[name]
