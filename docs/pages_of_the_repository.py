"""Makes pages of the site from pages of the repository as they are: turns their links, and the tutorial's marks."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

DOCS = Path(__file__).resolve().parent
ROOT = DOCS.parent
LINK = re.compile(r"(!?)\[([^\]]*)\]\((?!https?:|mailto:|#|/)([^)#\s]+)(#[^)\s]*)?\)")
PAGES = {
    "README.md": "index.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security.md",
    "benchmarks/README.md": "project/measuring.md",
}
"""Files outside the folder of pages, and the page that each is on the site."""
TITLES = {
    "hands-on": "Do it",
    "question": "Question",
    "solution": "Answer",
    "comment": "Note",
    "warning": "Careful",
    "details": "More",
}
"""What is written over a box of the tutorial."""


def with_links_of_the_site(text: str, folder: Path) -> str:
    """The text of a file in this folder, whose links lead to pages of the site; what it lacks is but named."""

    def link(match: re.Match[str]) -> str:
        picture, words, target, place = match.groups(default="")
        path = (folder / target).resolve()
        if not path.is_relative_to(ROOT) or not path.exists():
            return match.group()  # Sphinx says that it leads nowhere
        name = PAGES.get(path.relative_to(ROOT).as_posix()) or os.path.relpath(path, DOCS)
        if path.is_dir() or (path.suffix == ".md" and name.startswith("..")):
            return words
        return f"{picture}[{words}](/{name}{place})"

    return LINK.sub(link, text)


def without_marks(text: str) -> str:
    """A page of the Galaxy Training Network in plain Markdown: its title above, its boxes as quotations."""
    _, front, body = text.split("---\n", 2)
    title = re.search(r"^title: (.*)$", front, re.MULTILINE)
    body = re.sub(r"^> <agenda-title>.*?^\{: \.agenda\}$", "", body, flags=re.DOTALL | re.MULTILINE)
    body = re.sub(r"^((?:> )*)\{: ?\.\w+\}$", r"\1", body, flags=re.MULTILINE)
    body = re.sub(r"\{% tool \[(.*?)\]\(.*?\) %\}", r"**\1**", body)
    body = re.sub(r"\{% cite (\D+)(\d+) %\}", r"\1 \2", body)
    body = re.sub(r" ?\{% icon [\w-]+ %\}", "", body)
    body = re.sub(r"\{% cite (\D+)(\d+) %\}", r"\1 \2", body)
    body = re.sub(
        r"<([\w-]+)-title>(.*?)</\1-title>",
        lambda match: f"**{': '.join(filter(None, (TITLES[match[1]], match[2])))}**",
        body,
    )
    return f"# {title[1]}\n" + re.sub(r"^#", "##", body, flags=re.MULTILINE) if title else body


def read_page(app: Sphinx, name: str, content: list[str]) -> None:
    """What Sphinx has read of a page of its own."""
    if name.startswith("tutorial/"):
        content[0] = without_marks(content[0])
    content[0] = with_links_of_the_site(content[0], Path(app.env.doc2path(name)).parent)


def read_included(_app: Sphinx, path: Path, _name: str, content: list[str]) -> None:
    """What Sphinx has read of a file that a page includes."""
    content[0] = with_links_of_the_site(content[0], (DOCS / path).resolve().parent)


def setup(app: Sphinx) -> dict[str, bool]:
    """Have both called whenever Sphinx reads."""
    app.connect("source-read", read_page)
    app.connect("include-read", read_included)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
