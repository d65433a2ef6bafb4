"""Which pictures of forms and of workflows' pages in the documentation are older than what they show."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

__all__ = [
    "CHECKSUMS",
    "PARTS",
    "checksum_of",
    "checksums_text",
    "pages_of_workflows",
    "picture_of",
    "with_older_pictures",
]

CHECKSUMS = Path("docs", "screenshots", "forms.json")
"""Checksum of each form and page when its picture was taken, by the name of the picture; from the project's root."""
PARTS = {"forms": "form-", "workflows": "workflow-"}
"""What is taken together, and how the names of its pictures begin."""
_START = "Older than what they show: "
_NONE = "none of these pictures."


def picture_of(tool: str) -> str:
    """The name of the picture of a tool's form.

    Parameters
    ----------
    tool
        Name of the tool's file.
    """
    return f"form-{Path(tool).stem.removeprefix('drugresponse_')}.png"


def checksum_of(inputs: Any) -> str:
    """Of what a form shows at first: labels, helps and options of the fields that are open, and titles of the sections.

    Parameters
    ----------
    inputs
        The inputs of a tool's XML, without macros that stand for fields.
    """
    words: list[Any] = []
    for each in inputs:
        if each.tag == "section":
            words.append(each.get("title"))
        else:
            # of a choice the first branch is open
            closed = [branch for when in each.findall("when")[1:] for branch in when.iter()]
            shown = [field for field in each.iter("param", "option") if field not in closed]
            words += [(field.get("label"), field.get("help"), (field.text or "").strip()) for field in shown]
    return _checksum(words)


def pages_of_workflows(root: Path) -> dict[str, str]:
    """Checksum of what each workflow's page says, by the name of its picture.

    Parameters
    ----------
    root
        Of the project.
    """
    files = sorted((root / "tools" / "workflows").glob("*/*.gxwf.yml"))
    pages = {path.parent.name: yaml.safe_load(path.read_text("utf-8"))["report"]["markdown"] for path in files}
    return {f"workflow-{name}.png": _checksum(page) for name, page in pages.items()}


def _checksum(words: object) -> str:
    return hashlib.sha256(json.dumps(words).encode()).hexdigest()[:16]


def checksums_text(checksums: Mapping[str, str]) -> str:
    """The file of checksums, when the pictures have been taken."""
    return json.dumps(dict(checksums), indent=2) + "\n"


def with_older_pictures(page: str, checksums: Mapping[str, str], taken: Mapping[str, str]) -> str:
    r"""The page of pictures, with its line on those that are older than what they show.

    Parameters
    ----------
    page
        Its text, in which one line begins with the words of this one.
    checksums, taken
        Of forms and pages as they are, and as they were when their pictures were taken; by the names of the pictures.

    Examples
    --------
    >>> with_older_pictures("Older than what they show: ?\n", {"a.png": "1", "b.png": "2"}, {"a.png": "1"})
    'Older than what they show: b.png. `make screenshots` takes them anew.\n'
    """
    older = [name for name in sorted(checksums) if taken.get(name) != checksums[name]]
    told = f"{', '.join(older)}. `make screenshots` takes them anew." if older else _NONE
    return "".join(f"{_START}{told}\n" if line.startswith(_START) else line for line in page.splitlines(keepends=True))
