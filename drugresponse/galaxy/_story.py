"""What is written by hand for one Galaxy tool: its name, its help, its test cases; a YAML file beside the tool."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

__all__ = ["FolderOutput", "Story", "read_story"]


@dataclass(frozen=True)
class FolderOutput:
    """A file that a command writes into its folder, and the Galaxy dataset that it becomes.

    Attributes
    ----------
    file
        Its name in the folder.
    format
        Galaxy datatype.
    label
        Ends the name of the dataset.
    group
        The choice of optional outputs that brings it; empty when it is always there.
    """

    file: str
    format: str
    label: str
    group: str = ""

    @property
    def name(self) -> str:
        """The dataset's name inside Galaxy."""
        return self.file.replace(".tsv", "").replace(".", "_")


@dataclass(frozen=True)
class Story:
    """The hand-written part of one tool.

    Attributes
    ----------
    command
        Which command it wraps.
    name, description, help
        As Galaxy shows them; the help is Markdown.
    edam
        Terms of the EDAM ontology: of what it is, and what it does.
    cites
        DOIs of the methods that it uses, each named as the source of a method in the package.
    tests
        Test cases as in the YAML file.
    optional_outputs
        Text of each choice by output or group name, in the order shown.
    chosen_outputs
        Those chosen at first.
    offered_by_server
        Names of the inputs that users may also choose among what is installed on the server.
    takes_sample_sheets
        Whether genotypes may also come as a sample sheet, with covariates beside each file.
    folder, files
        For a command that writes a folder: its name, and what becomes a dataset.
    """

    command: str
    name: str
    description: str
    help: str
    edam: tuple[str, ...]
    cites: tuple[str, ...] = ()
    tests: tuple[Mapping[str, Any], ...] = ()
    optional_outputs: Mapping[str, str] = field(default_factory=dict)
    chosen_outputs: tuple[str, ...] = ()
    offered_by_server: tuple[str, ...] = ()
    takes_sample_sheets: bool = False
    folder: str = ""
    files: tuple[FolderOutput, ...] = ()


def read_story(path: Path) -> Story:
    """Read the hand-written part of one tool."""
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    files = tuple(FolderOutput(**file) for file in content.pop("files", ()))
    tests, edam = tuple(content.pop("tests")), tuple(content.pop("edam"))
    chosen = tuple(content.pop("chosen_outputs", ()))
    offered = tuple(content.pop("offered_by_server", ()))
    content["cites"] = tuple(content.get("cites", ()))
    return Story(**content, edam=edam, tests=tests, files=files, chosen_outputs=chosen, offered_by_server=offered)
