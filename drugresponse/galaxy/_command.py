"""The command line of a Galaxy tool, in Cheetah: inputs linked under plain names, every value quoted."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from drugresponse.galaxy._blocks import block_lines
from drugresponse.galaxy._columns import column_lines
from drugresponse.galaxy._installed import link_either, linked_name
from drugresponse.galaxy._sample_sheets import (
    FILES,
    configured_list,
    files_of_choice,
    lines_of_list,
    listed_option,
    or_of_variants_only,
)
from drugresponse.galaxy._story import Story
from drugresponse.settings import Command, Parameter

__all__ = ["LEFT_OUT", "OF_DATASETS", "RENAMED", "command_lines", "dataset_name", "file_name", "listed_genotypes"]

LEFT_OUT = ("allow_learner", "config", "dask", "device", "dry_run", "only_fold", "resume")
"""Options that Galaxy's users do not see: a server offers the learners of this package alone, a form is the settings
file, administrators choose the device and Dask through the environment, a job is queued to be run and not tried, and
Galaxy starts a job that was stopped from the beginning, and in one piece."""
_GENOTYPES = "genotypes"
OF_DATASETS = ("genome_build",)
"""Options that the datasets themselves tell, so that no field asks for them."""
RENAMED = {"json": "as_json", "write_splits": "used_splits"}
"""Fields and outputs whose own name would clash with another name inside Galaxy, or say too little there."""
_SUFFIXES = {"tabular": "tsv", "markdown": "md"}
_BUILD_OF_DATASETS = [
    "#set $builds = []",
    "#for $each in {}",
    "    #if $each and str($each.dbkey) not in ('?', '', 'None') and str($each.dbkey) not in $builds",
    "        #silent $builds.append(str($each.dbkey))",
    "    #end if",
    "#end for",
    "#if $builds",
    "    #set $build = re.sub(r'[^\\w.-]', '_', ' '.join($builds))",
    "    --genome-build='$build'",
    "#end if",
]
"""Datasets that are marked as of several builds are of none that a model has, and are refused."""
_SEVERAL_FILES = "pbed"
"""The datatype whose datasets hold several files."""
_PAD = "    "
_LABEL = r"#set $label = re.sub(r'[^\w .:()+-]', '_', str($each.element_identifier)).lstrip('.')[:60] or '_'"
"""One file of several is linked under the name that its owner gave it, in signs that stay within single quotes:
messages name it, and a table of star alleles may tell its sample by nothing else."""


def command_lines(command: Command, story: Story) -> list[str]:
    """The lines of one tool's command, links first.

    Error messages name files as the command line gives them, so inputs are linked under names that a person knows,
    and outputs are written in the working folder, from where Galaxy takes them.
    """
    parameters = [parameter for parameter in command.parameters if parameter.name not in LEFT_OUT]
    inputs = [parameter for parameter in parameters if parameter.type == "input"]
    links = [line for parameter in inputs for line in _link(parameter, story)]
    options = [_PAD + line for parameter in parameters for line in _option(parameter, story)]
    imports = ["#import re"] if any(_LABEL in line for line in links) else []
    uploads = ["export DRUGRESPONSE_UPLOADS=1 &&"] if any(each.name == _GENOTYPES for each in inputs) else []
    chosen = files_of_choice(_GENOTYPES) if story.takes_sample_sheets else []
    functions = ["@LINK_INPUT@"] if links else []
    return [*functions, *imports, *chosen, *links, *uploads, f"drugresponse {command.name}", *options]


def listed_genotypes() -> Any:
    """The element of a tool's XML that writes a sample sheet's list of files, which are linked as all genotypes are."""
    return configured_list(_linked_of_several(_GENOTYPES), _LABEL)


def _files(parameter: Parameter, story: Story) -> str:
    """How a Cheetah template names the datasets of an input."""
    return FILES if _in_sheet(parameter, story) else variable(parameter)


def _in_sheet(parameter: Parameter, story: Story) -> bool:
    return parameter.name == _GENOTYPES and story.takes_sample_sheets


def variable(parameter: Parameter) -> str:
    """How a Cheetah template names the value of a field."""
    name = RENAMED.get(parameter.name, parameter.name)
    return f"${parameter.section}.{name}" if parameter.section else f"${name}"


def file_name(parameter: Parameter) -> str:
    """The name of an output in the working folder; a folder is named like its option."""
    if parameter.type == "folder":
        return parameter.name
    return f"{dataset_name(parameter)}.{_SUFFIXES.get(parameter.formats[0], parameter.formats[0])}"


def dataset_name(parameter: Parameter) -> str:
    """The name of an output inside Galaxy, by which users choose it."""
    return RENAMED.get(parameter.name, parameter.name)


def _link(parameter: Parameter, story: Story) -> list[str]:
    if parameter.name in story.offered_by_server:
        return link_either(parameter)
    value = _files(parameter, story)
    if parameter.repeatable:
        lines = [
            f"#for $number, $each in enumerate({value}, 1)",
            *(_PAD + line for line in _link_of_several(parameter)),
            "#end for",
            *(lines_of_list() if _in_sheet(parameter, story) else ()),
        ]
    else:
        lines = [f"link_input '{value}' '{_linked(parameter)}' &&"]
    return lines if parameter.required else _only_if(value, lines)


def _link_of_several(parameter: Parameter) -> list[str]:
    # a folder for each file: two may bear one name
    name = _linked_of_several(parameter.name)
    folder = f"mkdir '{name.partition('/')[0]}' &&"
    link = f"link_input '$each' '{name}' &&"
    if _SEVERAL_FILES not in parameter.formats:
        return [_LABEL, folder, link]
    # what belongs to such a dataset lies in a folder of its own
    several = f"link_input '$each.extra_files_path' '{name}' &&"
    return [_LABEL, folder, f"#if $each.ext == '{_SEVERAL_FILES}'", _PAD + several, "#else", _PAD + link, "#end if"]


def _linked_of_several(name: str) -> str:
    return f"{name}_$number/$label"


def _linked(parameter: Parameter) -> str:
    return f"{parameter.name}.${{{variable(parameter)[1:]}.ext}}"


def _option(parameter: Parameter, story: Story) -> list[str]:
    if parameter.type == "output" or parameter.name in story.optional_outputs:
        return _output_option(parameter, story)
    if parameter.name in OF_DATASETS:
        return [line.format(FILES if story.takes_sample_sheets else f"${_GENOTYPES}") for line in _BUILD_OF_DATASETS]
    if parameter.name == "threads":
        return ['--threads "\\${GALAXY_SLOTS:-1}"']
    if parameter.type == "folder":
        return [f"{parameter.option} {story.folder}"]
    value = variable(parameter)
    if parameter.type == "input":
        if parameter.name in story.offered_by_server:
            return [f"{parameter.option} '{linked_name(parameter)}'"]
        lines = _input_option(parameter, story)
        return lines if parameter.required else _only_if(_files(parameter, story), lines)
    if parameter.type == "switch":
        return [value]
    if parameter.column_of:
        return column_lines(parameter)
    if parameter.repeatable:
        return [f"#for $each in str({value}).split(',')", f"{_PAD}{parameter.option}='$each'", "#end for"]
    is_number = parameter.type in ("integer", "number")
    line = f"{parameter.option} {value}" if is_number else f"{parameter.option}='{value}'"
    lines = [line] if parameter.default is not None else _only_if(f"str({value})", [line])
    return or_of_variants_only(lines) if parameter.name == "absent_means" and story.takes_sample_sheets else lines


def _input_option(parameter: Parameter, story: Story) -> list[str]:
    if not parameter.repeatable:
        return [f"{parameter.option} '{_linked(parameter)}'"]
    path = _linked_of_several(parameter.name)
    named = [*block_lines(), f"'${{block}}{path}'"] if parameter.name == _GENOTYPES else [f"'{path}'"]
    lines = [
        parameter.option,
        f"#for $number, $each in enumerate({_files(parameter, story)}, 1)",
        *(_PAD + line for line in (_LABEL, *named)),
        "#end for",
    ]
    return listed_option(parameter.option, lines) if _in_sheet(parameter, story) else lines


def _output_option(parameter: Parameter, story: Story) -> list[str]:
    line = f"{parameter.option} {file_name(parameter)}"
    name = dataset_name(parameter)
    if name not in story.optional_outputs:
        return [line]
    return _only_if(f"'{name}' in str($outputs).split(',')", [line])


def _only_if(condition: str, lines: Iterable[str]) -> list[str]:
    return [f"#if {condition}", *(_PAD + line for line in lines), "#end if"]
