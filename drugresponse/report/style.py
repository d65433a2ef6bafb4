"""How the pages look: light, dark, on paper, on a phone; and a drawing in a file of its own."""

from __future__ import annotations

import re
from importlib.resources import files

__all__ = ["STYLE", "drawing_style"]

STYLE = files("drugresponse.report").joinpath("templates/style.css").read_text(encoding="utf-8")


def drawing_style() -> str:
    """Of a drawing in a file of its own: light, and without variables, which few drawing programs know."""
    colours = dict(re.findall(r"--(\w+): (#\w+);", STYLE.partition("@media")[0]))
    rules = "\n".join(line for line in STYLE.splitlines() if line.startswith("svg"))
    own = f"svg {{ color: {colours['ink']}; font-family: system-ui, Arial, sans-serif; }}\n{rules}\n"
    return re.sub(r"var\(--(\w+)\)", lambda variable: colours[variable[1]], own)
