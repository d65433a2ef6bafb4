"""How the pages look: light, dark, on paper, on a phone; and a drawing in a file of its own."""

from __future__ import annotations

import re
from importlib.resources import files

from drugresponse.plots.palettes import DARK, LIGHT, Palette

__all__ = ["STYLE", "drawing_style"]


def _variables(palette: Palette) -> str:
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in palette.by_name().items())} }}"


_RULES = files("drugresponse.report").joinpath("templates/style.css").read_text(encoding="utf-8")
STYLE = f"{_variables(LIGHT)}\n@media screen and (prefers-color-scheme: dark) {{ {_variables(DARK)} }}\n{_RULES}"


def drawing_style() -> str:
    """Of a drawing in a file of its own: light, and without variables, which few drawing programs know."""
    rules = "\n".join(line for line in STYLE.splitlines() if line.startswith("svg"))
    own = f"svg {{ color: {LIGHT.ink}; font-family: system-ui, Arial, sans-serif; }}\n{rules}\n"
    return re.sub(r"var\(--([\w-]+)\)", lambda variable: LIGHT.by_name()[variable[1]], own)
