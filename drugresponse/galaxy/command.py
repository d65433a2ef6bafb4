"""The command line of a Galaxy tool, in Cheetah: inputs linked under plain names, every value quoted."""

from __future__ import annotations

from collections.abc import Iterable

from drugresponse.galaxy.story import Story
from drugresponse.parameters import Command, Parameter

__all__ = ["LEFT_OUT", "RENAMED", "command_lines", "file_name"]

LEFT_OUT = ("config", "device")
"""Options that Galaxy's users do not see: administrators choose the device through the environment."""
RENAMED = {"json": "as_json"}
"""Fields whose derived name would clash with a name inside Galaxy."""
_PAD = "    "


def command_lines(command: Command, story: Story) -> list[str]:
    """The lines of one tool's command, links first.

    Error messages name files as the command line gives them, so inputs are linked under names that a person knows,
    and outputs are written in the working folder, from where Galaxy takes them.
    """
    parameters = [each for each in command.parameters if each.name not in LEFT_OUT]
    links = [line for each in parameters if each.type == "input" for line in _link(each)]
    options = [_PAD + line for each in parameters for line in _option(each, story)]
    return [*links, f"drugresponse {command.name}", *options]


def variable(parameter: Parameter) -> str:
    """How a Cheetah template names the value of a field."""
    name = RENAMED.get(parameter.name, parameter.name)
    return f"${parameter.section}.{name}" if parameter.section else f"${name}"


def file_name(parameter: Parameter) -> str:
    """The name of an output in the working folder."""
    return f"{parameter.name}.{'tsv' if parameter.formats[0] == 'tabular' else parameter.formats[0]}"


def _link(parameter: Parameter) -> list[str]:
    value = variable(parameter)
    if parameter.repeatable:
        lines = [
            f"#for $number, $each in enumerate({value}, 1)",
            f"{_PAD}ln -s '$each' '{parameter.name}_${{number}}.${{each.ext}}' &&",
            "#end for",
        ]
    else:
        lines = [f"ln -s '{value}' '{_linked(parameter)}' &&"]
    return lines if parameter.required else _only_if(value, lines)


def _linked(parameter: Parameter) -> str:
    return f"{parameter.name}.${{{variable(parameter)[1:]}.ext}}"


def _option(parameter: Parameter, story: Story) -> list[str]:
    if parameter.type == "output":
        return _output_option(parameter, story)
    if parameter.name == "threads":
        return ['--threads "\\${GALAXY_SLOTS:-1}"']
    if parameter.type == "folder":
        return [f"{parameter.option} {story.folder}"]
    value = variable(parameter)
    if parameter.type == "input":
        lines = _input_option(parameter)
        return lines if parameter.required else _only_if(value, lines)
    if parameter.type == "switch":
        return [value]
    is_number = parameter.type in ("integer", "number")
    line = f"{parameter.option} {value}" if is_number else f"{parameter.option}='{value}'"
    return [line] if parameter.default is not None else _only_if(f"str({value})", [line])


def _input_option(parameter: Parameter) -> list[str]:
    if not parameter.repeatable:
        return [f"{parameter.option} '{_linked(parameter)}'"]
    return [
        parameter.option,
        f"#for $number, $each in enumerate({variable(parameter)}, 1)",
        f"{_PAD}'{parameter.name}_${{number}}.${{each.ext}}'",
        "#end for",
    ]


def _output_option(parameter: Parameter, story: Story) -> list[str]:
    line = f"{parameter.option} {file_name(parameter)}"
    if parameter.name not in story.optional_outputs:
        return [line]
    return _only_if(f"'{parameter.name}' in str($outputs).split(',')", [line])


def _only_if(condition: str, lines: Iterable[str]) -> list[str]:
    return [f"#if {condition}", *(_PAD + line for line in lines), "#end if"]
