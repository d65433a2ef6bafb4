"""How an option is declared: as a field of a settings class, whose annotation says what a value is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import Field, dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from drugresponse.settings.parameter import SECTIONS, Parameter, ParameterType

__all__ = [
    "TABLE_FORMATS",
    "Command",
    "Folder",
    "InputFile",
    "InputTable",
    "OutputFile",
    "OutputTable",
    "Settings",
    "SomeSettings",
    "changed",
    "option",
    "options",
    "parameters_of",
    "shorter_in_forms",
    "values_of",
]

InputFile = Annotated[Path, "input"]
InputTable = Annotated[Path, "input", "tabular", "csv", "txt", "xlsx", "excel.xls"]
"""Galaxy takes a table whose columns are separated by semicolons for plain text."""
TABLE_FORMATS: tuple[str, ...] = get_args(InputTable)[2:]
OutputFile = Annotated[Path, "output"]
OutputTable = Annotated[Path, "output", "tabular"]
Folder = Annotated[Path, "folder"]

_TYPES: Mapping[type, ParameterType] = {int: "integer", float: "number", bool: "switch", str: "text"}
_NO_CHOICES: Mapping[str, str] = MappingProxyType({})
_OF_ITS_CLASS = "of its class"
Kind = TypeVar("Kind")

if TYPE_CHECKING:
    from typing_extensions import dataclass_transform
else:  # Python 3.10 has none

    def dataclass_transform(**_fields: object) -> Callable[[Kind], Kind]:
        return lambda function: function


def option(
    label: str,
    help: str,
    *,
    default: str | int | float | bool | tuple[str, ...] | None = None,
    limits: tuple[float | None, float | None] = (None, None),
    choices: Mapping[str, str] = _NO_CHOICES,
    unset: str = "",
    formats: tuple[str, ...] = (),
    section: str | None = _OF_ITS_CLASS,
    column_of: tuple[str, ...] = (),
    belongs_to: tuple[str, ...] = (),
    environment: str = "",
    unless: str = "",
) -> Any:
    """A field of a class of `options`; its name and its annotation are those of the option.

    Parameters
    ----------
    label, help, default, choices, unset, column_of, belongs_to, environment, unless
        As in `Parameter`. Without a default, what cannot be None, or only with another option, is required.
    limits
        Least and largest number.
    formats
        As in `Parameter`; unless given, those of the annotation.
    section
        As in `Parameter`; unless given, that of the class.
    """
    return Parameter(
        "", "text", label, help, default, *limits, choices, unset, False, unless, False, formats, section, column_of,
        belongs_to, environment,
    )  # fmt: skip


def shorter_in_forms(declared: Any, short_help: str) -> Any:
    """An option with fewer words below its field in a form, whose page says the rest; the command line says all."""
    return replace(declared, short_help=short_help)


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
    """The option that another class declares, where a command says it in other words.

    Parameters
    ----------
    settings, name
        Where it is declared.
    label, help, default, section, column_of
        As in `Parameter`; what is empty stays as it is.
    also
        What the help says besides.

    Examples
    --------
    >>> @options()
    ... class Hurried(Settings):
    ...     config: InputFile | None = changed(Settings, "config", help="What was saved.")
    >>> parameters_of(Hurried)[0].help
    'What was saved.'
    """
    declared = next(parameter for parameter in parameters_of(settings) if parameter.name == name)
    return replace(
        declared,
        label=label or declared.label,
        help=f"{help or declared.help} {also}".strip(),
        short_help=f"{declared.short_help} {also}".strip() if declared.short_help and not help else "",
        default=declared.default if default is None else default,
        section=section or declared.section,
        column_of=column_of or declared.column_of,
    )


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(option, changed))
def options(section: str | None = "") -> Callable[[type[Kind]], type[Kind]]:
    """Make a frozen dataclass of a class whose fields are options.

    Annotations are `InputFile`, `InputTable`, `OutputFile`, `OutputTable`, `Folder`, `int`, `float`, `bool` or `str`,
    perhaps with None, or a list of one: a list of text without choices is names separated by commas, any other is an
    option that takes several values.

    Parameters
    ----------
    section
        Of all its options that do not say another.

    Examples
    --------
    >>> @options(section="learner_settings")
    ... class Growing:
    ...     trees: int = option("Trees", "How many are grown.", default=400, limits=(1, 5000))
    >>> [(option.option, option.type, option.section) for option in parameters_of(Growing)]
    [('--trees', 'integer', 'learner_settings')]
    >>> Growing().trees
    400
    """

    def declare(settings: type[Kind]) -> type[Kind]:
        annotations = get_type_hints(settings, include_extras=True)
        for name in inspect.get_annotations(settings):
            declared = settings.__dict__.get(name)
            if isinstance(declared, Parameter):
                setattr(settings, name, _field(_as_annotated(declared, name, annotations[name], section)))
        return dataclass(frozen=True, kw_only=True)(settings)

    return declare


def _as_annotated(declared: Parameter, name: str, annotation: Any, section: str | None) -> Parameter:
    may_be_none = type(None) in get_args(annotation)
    value = get_args(annotation)[0] if may_be_none else annotation
    several = get_origin(value) is list
    one = get_args(value)[0] if several else value
    kind, *formats = one.__metadata__ if get_origin(one) is Annotated else (_TYPES.get(one, "choice"),)
    if declared.choices:
        kind = "choice"
    elif several and kind == "text":
        kind, several = "names", False
    return replace(
        declared,
        name=name,
        type=kind,
        repeatable=several,
        required=declared.default is None and (not may_be_none or bool(declared.unless)),
        formats=declared.formats or tuple(formats),
        section=section if declared.section == _OF_ITS_CLASS else declared.section,
    )


def _field(parameter: Parameter) -> Any:
    default = parameter.default
    if parameter.required and not parameter.unless:
        return field(metadata={"option": parameter})
    if isinstance(default, tuple):
        return field(
            default_factory=lambda: list(default), metadata={"option": replace(parameter, default=default or None)}
        )
    return field(default=default, metadata={"option": parameter})


def parameters_of(settings: type) -> tuple[Parameter, ...]:
    """The options of a settings class, section by section; in a section those of its bases come first."""
    options_by_name: dict[str, Parameter] = {
        declared.name: declared.metadata["option"] for declared in fields(settings)
    }
    sections = ("", *SECTIONS, None)
    parameters = [options_by_name[name] for name in _names(settings)]
    return tuple(sorted(parameters, key=lambda parameter: sections.index(parameter.section)))


def values_of(settings: object, concern: type) -> dict[str, Any]:
    """What the settings of a command say of one concern, by name: arguments of the function that the concern is for.

    Examples
    --------
    >>> values_of(Settings(config=Path("run.yml")), Settings)
    {'config': PosixPath('run.yml')}
    """
    return {name: getattr(settings, name) for name in _declared_by(concern)}


def _names(settings: type) -> list[str]:
    of_bases = [name for base in settings.__bases__ for name in _names(base)]
    return list(dict.fromkeys([*of_bases, *_declared_by(settings)]))


def _declared_by(settings: type) -> list[str]:
    return [name for name in inspect.get_annotations(settings) if name != "__dataclass_fields__"]


@options(section=None)
class Settings:
    """The settings of a command; each command has a class of its own, put together from one for each concern."""

    __dataclass_fields__: ClassVar[dict[str, Field[Any]]]
    config: InputFile | None = option(
        "Settings file", "YAML with the names of options as keys; what the command line gives wins."
    )

    def outputs(self) -> dict[str, Path | None]:
        """Where each output goes, by name; None where it was not asked for."""
        outputs = [parameter.name for parameter in parameters_of(type(self)) if parameter.type == "output"]
        return {name: getattr(self, name) for name in outputs}

    def folders(self) -> dict[str, Path | None]:
        """Where the folders of outputs go, by name, as for `outputs`."""
        return {"figures": getattr(self, "figures", None)}


SomeSettings = TypeVar("SomeSettings", bound=Settings)


@dataclass(frozen=True)
class Command:
    """One command and its settings; `has_tool` where there is a Galaxy tool of it.

    Examples
    --------
    >>> Command("describe", "Say what a model file holds.", Settings).parameter("config").required
    False
    """

    name: str
    summary: str
    settings: type[Settings]
    has_tool: bool = True

    @cached_property
    def parameters(self) -> tuple[Parameter, ...]:
        """Its options, in the order shown."""
        return parameters_of(self.settings)

    def parameter(self, name: str) -> Parameter:
        """The parameter of this name; KeyError when there is none."""
        return {parameter.name: parameter for parameter in self.parameters}[name]
