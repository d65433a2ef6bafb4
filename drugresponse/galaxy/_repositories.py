"""What each repository of the Tool Shed holds: a tool, its macros, and the test data that its cases name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from drugresponse.galaxy._installed import CHOICE

__all__ = ["DESCRIPTION", "with_repositories"]

DESCRIPTION = ".shed.yml"
"""Name of the file that describes the repositories, beside the tools."""
_MARK = "# Below: written by python -m drugresponse.galaxy.\n"
_MODELS = "drugresponse_models.loc"
_TABLE = ("tool_data_table_conf.xml.sample", "tool-data/drugresponse_models.loc.sample")
_TABLE_OF_TESTS = """\
      # the table of the cases, where a repository keeps its test data
      - source: ../packaging/tool_data_table_conf.xml.test
        destination: tool_data_table_conf.xml.test
"""


def with_repositories(text: str, tools: Mapping[str, Any], test_data: Path) -> str:
    """The description of the suite for the Tool Shed, with a repository for each tool.

    Parameters
    ----------
    text
        The description; what stands below the mark is replaced.
    tools
        Root of each tool's XML, by the name of its file.
    test_data
        Folder of the test data of all tools, which stands beside the tools' folder.

    Returns
    -------
    text
        The description, complete.
    """
    repositories = [_repository(name, tool, test_data) for name, tool in sorted(tools.items())]
    return text.partition(_MARK)[0] + _MARK + "repositories:\n" + "".join(repositories)


def _repository(name: str, tool: Any, test_data: Path) -> str:
    offers_models = f"${CHOICE}." in tool.findtext("command")
    macros = [each.text for each in tool.iterfind("macros/import")]
    files = _named_files(tool, test_data)
    chosen = tool.find(f"tests/test/conditional[@name='{CHOICE}']/param[@name='installed']") is not None
    if chosen:
        files |= _installed_models(test_data)
    lines = [
        f"  {name.removesuffix('.xml')}:",
        f'    description: "{tool.get("name")} {tool.findtext("description")}"',
        "    include:",
        *(f"      - {each}" for each in (name, *macros, *(_TABLE if offers_models else ()))),
    ]
    if files:
        sources = (f"          - ../test-data/{each}" for each in sorted(files))
        lines += ["      - source:", *sources, "        strip_components: 2", "        destination: test-data/"]
    return "\n".join(lines) + "\n" + (_TABLE_OF_TESTS if chosen else "")


def _named_files(tool: Any, test_data: Path) -> set[str]:
    """Files below the folder of test data that the cases of a tool name, as inputs or as what is expected."""
    words = [each.get(key, "") for each in tool.iterfind("tests//*") for key in ("value", "file")]
    named = {part for word in words for part in word.split(",") if part}
    return {each for each in named if (test_data / each).is_file()}


def _installed_models(test_data: Path) -> set[str]:
    """The table of installed models that the cases use, and the models that it lists."""
    rows = (test_data / _MODELS).read_text(encoding="utf-8")
    return {_MODELS, *re.findall(r"\$\{__HERE__\}/(\S+)", rows)}
