"""The repositories of the Tool Shed as planemo builds them: each holds the test data that its cases name, nothing else.

Runs with planemo's Python: ``.galaxy/planemo/bin/python tests/galaxy/repositories.py [FOLDER ...]``.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree

from server import DATA_MANAGER, ROOT

if TYPE_CHECKING:
    from planemo.shed import RealizedRepository

__all__ = ["FOLDERS", "problems_in", "problems_of_repositories"]

FOLDERS = (ROOT / "tools", DATA_MANAGER)
_TABLE = "drugresponse_models.loc"


def problems_of_repositories(folders: Sequence[Path] = FOLDERS) -> list[str]:
    """Build the repositories that the folders describe, and say what is wrong with them, a line each."""
    from planemo.cli import PlanemoCliContext
    from planemo.shed import for_each_repository

    problems: list[str] = []

    def examine(repository: RealizedRepository) -> int:
        problems.extend(problems_in(repository.name, Path(repository.path)))
        return 0

    code = for_each_repository(PlanemoCliContext(), examine, [str(folder) for folder in folders], fail_fast=True)
    return problems + ["planemo cannot build the repositories"] * bool(code)


def problems_in(name: str, folder: Path) -> list[str]:
    """What is wrong with one repository that lies in a folder."""
    tools = [
        root for path in folder.rglob("*.xml") if (root := ElementTree.parse(path).getroot()).find("tests") is not None
    ]
    if not tools:
        return [] if (folder / "repository_dependencies.xml").is_file() else [f"{name}: it holds no tool"]
    data = folder / "test-data"
    held = {str(path.relative_to(data)) for path in data.rglob("*") if path.is_file()}
    named = {each for root in tools for each in _named_files(root, held)}
    absent = {each for each in named if each not in held}
    if _TABLE in held:
        rows = (data / _TABLE).read_text(encoding="utf-8").split("${__HERE__}/")[1:]
        named |= {_TABLE, *(row.split()[0] for row in rows)}
        absent |= named - held
    macros = {each.text or "" for root in tools for each in root.iterfind("macros/import")}
    absent |= {each for each in macros if not any(folder.rglob(each))}
    problems = [f"{name}: {each} is needed, and not in the repository" for each in sorted(absent)]
    return problems + [
        f"{name}: test-data/{each} is in the repository, and not needed" for each in sorted(held - named)
    ]


def _named_files(root: ElementTree.Element, held: set[str]) -> set[str]:
    """Files that the cases of a tool name; whatever a repository holds, or is of a type, or lies in a folder is one."""
    named = set()
    for each in root.iterfind("tests//*"):
        words = each.get("value", "").split(",") + each.get("file", "").split(",")
        is_file = each.get("ftype") is not None or each.tag == "composite_data"
        named |= {word for word in words if word and (is_file or word in held)}
    return named


def main() -> int:
    """Say what is wrong; 1 where something is."""
    problems = problems_of_repositories([Path(each).resolve() for each in sys.argv[1:]] or FOLDERS)
    sys.stdout.write("".join(f"FAILED {each}\n" for each in problems))
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
