"""Fields and outputs of a Galaxy tool, built with galaxyxml from the table of parameters."""

from __future__ import annotations

from typing import Any

from drugresponse.galaxy._blocks import SECTION, add_block_choice
from drugresponse.galaxy._columns import column_picker, columns_choice
from drugresponse.galaxy._command import LEFT_OUT, OF_DATASETS, RENAMED, dataset_name, file_name
from drugresponse.galaxy._installed import add_installed
from drugresponse.galaxy._sample_sheets import add_choice
from drugresponse.galaxy._story import Story
from drugresponse.galaxy._xml import gx, selection
from drugresponse.settings import SECTIONS, Command, Parameter

__all__ = ["add_inputs", "add_outputs"]

_MEASURED = ("genotypes", "responses", "drugs", "samples", "doses", "features")
"""Inputs that are never results of these tools; Galaxy chooses the newest dataset first, which often is one."""
_LONGEST_SLIDER = 1_000_000
_SIGNS = {"classes": "class_signs"}
"""Fields for text whose signs are not the usual ones."""


def add_inputs(inputs: Any, command: Command, story: Story) -> None:
    """Add the fields of a command: the visible ones first, then the sections in their order."""
    shown = [parameter for parameter in command.parameters if _is_field(parameter)]
    for parameter in shown:
        if parameter.name in story.offered_by_server:
            add_installed(inputs, _field(parameter))
        elif parameter.name == "genotypes" and story.takes_sample_sheets:
            add_choice(inputs, _field(parameter))
        elif not parameter.section:
            inputs.append(_field(parameter))
    if story.optional_outputs:
        inputs.append(_choice_of_outputs(story))
    for name, title in SECTIONS.items():
        fields = [parameter for parameter in shown if parameter.section == name]
        if fields:
            section = gx.Section(name, _title(title, fields), expanded=False)
            if name == SECTION:
                add_block_choice(section)
            for parameter in fields:
                section.append(_field(parameter))
            inputs.append(section)


def _title(title: str, fields: list[Parameter]) -> str:
    """The title of a section; the measure stands in that of the columns only where it is asked for."""
    measured = any(parameter.name == "measure" for parameter in fields)
    return title if measured else title.removesuffix(" and measure")


def add_outputs(outputs: Any, command: Command, story: Story) -> None:
    """Add the datasets that a tool leaves behind, those not asked for filtered away."""
    start = _start_of_labels(command, story)
    for parameter in command.parameters:
        if parameter.type == "output":
            name = dataset_name(parameter)
            chosen = name if name in story.optional_outputs else ""
            data = _dataset(name, parameter.formats[0], file_name(parameter), start + parameter.label, chosen)
            if len(parameter.formats) > 1:
                _add_other_format(data, parameter)
            outputs.append(data)
        elif parameter.type == "folder" and parameter.name in story.optional_outputs:
            outputs.append(_pictures(parameter, start + parameter.label))
    for file in story.files:
        outputs.append(_dataset(file.name, file.format, f"{story.folder}/{file.file}", start + file.label, file.group))


def _start_of_labels(command: Command, story: Story) -> str:
    """The start of the names of all datasets; a tool may run on no dataset at all."""
    inputs = [
        parameter for parameter in command.parameters if parameter.type == "input" and parameter.name not in LEFT_OUT
    ]
    if not inputs:
        return "${tool.name}: "
    if any(parameter.required and parameter.name not in story.offered_by_server for parameter in inputs):
        return "${tool.name} on ${on_string}: "
    return "${tool.name}#if $on_string# on ${on_string}#end if#: "


def _is_field(parameter: Parameter) -> bool:
    written = parameter.type in ("output", "folder")
    return parameter.section is not None and not written and parameter.name not in (*LEFT_OUT, *OF_DATASETS)


def _field(parameter: Parameter) -> Any:
    if parameter.column_of:
        return columns_choice(parameter) if parameter.type == "names" else column_picker(parameter)
    words: dict[str, Any] = {
        "name": RENAMED.get(parameter.name),
        "argument": parameter.option,
        "label": parameter.label,
        "help": parameter.form_help,
    }
    if parameter.type == "input":
        optional = None if parameter.required else True
        several = True if parameter.repeatable else None
        data = gx.DataParam(format=",".join(parameter.formats), multiple=several, optional=optional, **words)
        if parameter.name in _MEASURED:
            data.append(gx.Expand("measured_data"))
        return data
    if parameter.type == "switch":
        return gx.BooleanParam(truevalue=parameter.option, falsevalue="", checked=False, **words)
    if parameter.type == "choice" and parameter.repeatable:
        return _choice_of_several(parameter, words)
    if parameter.type == "choice":
        options = dict(parameter.choices)
        if parameter.default is None:
            options = {"": parameter.unset} | options
        return gx.SelectParam(options=options, default=parameter.default or "", **words)
    if parameter.type in ("integer", "number"):
        kind = gx.IntegerParam if parameter.type == "integer" else gx.FloatParam
        optional = True if parameter.default is None else None
        words |= {"min": _short(parameter.minimum), "max": _upper_limit(parameter), "optional": optional}
        return kind(value=parameter.default, **words)
    return _text_field(parameter, words)


def _upper_limit(parameter: Parameter) -> str | None:
    """Galaxy draws a slider between two limits; the program itself checks the upper one where a slider is of no use.

    One to two billion cannot be set, and one that shows a number where none is chosen misleads.
    """
    endless = parameter.maximum is not None and parameter.maximum > _LONGEST_SLIDER
    return None if endless or parameter.default is None else _short(parameter.maximum)


def _short(number: float | None) -> str | None:
    return None if number is None else f"{number:.12g}"


def _text_field(parameter: Parameter, words: dict[str, Any]) -> Any:
    """A field for text; macros.xml says which signs it takes."""
    text = gx.TextParam(value=str(parameter.default or ""), **words)
    usual = "text_signs" if parameter.default is not None else "optional_text_signs"
    text.append(gx.Expand(_SIGNS.get(parameter.name, usual)))
    return text


def _choice_of_several(parameter: Parameter, words: dict[str, Any]) -> Any:
    """A field for one or more of the choices."""
    first = parameter.default if isinstance(parameter.default, tuple) else ()
    return selection(gx.SelectParam(multiple=True, optional=False, **words), parameter.choices, first)


def _choice_of_outputs(story: Story) -> Any:
    select = gx.SelectParam("outputs", multiple=True, optional=True, display="checkboxes", label="Outputs")
    return selection(select, story.optional_outputs, story.chosen_outputs)


def _dataset(name: str, format_name: str, file: str, label: str, choice: str) -> Any:
    data = gx.OutputData(name, format_name, label=label, from_work_dir=file)
    del data.node.attrib["hidden"]
    if choice:
        data.append(_if_chosen(choice))
    return data


def _pictures(parameter: Parameter, label: str) -> Any:
    """A list of what a command writes into a folder of figures; the same as SVG is left in the folder."""
    collection = gx.OutputCollection(parameter.name, type="list", label=label)
    directory = file_name(parameter)
    collection.append(gx.DiscoverDatasets(r"(?P<designation>.+)\.png", directory=directory, format="png"))
    collection.append(_if_chosen(parameter.name))
    return collection


def _if_chosen(choice: str) -> Any:
    return gx.OutputFilter(f"outputs and '{choice}' in outputs")


def _add_other_format(data: Any, parameter: Parameter) -> None:
    change = gx.ChangeFormat()
    other = parameter.formats[1]
    change.append(gx.ChangeFormatWhen(input=RENAMED.get(other, other), value=f"--{other}", format=other))
    data.append(change)
