"""How the pages look: light, dark, on paper, on a phone."""

from __future__ import annotations

from importlib.resources import files

from drugresponse.plots.palettes import DARK, LIGHT, Palette

__all__ = ["STYLE"]


def _variables(palette: Palette) -> str:
    return f":root {{ {' '.join(f'--{name}: {colour};' for name, colour in palette.by_name().items())} }}"


_RULES = files("drugresponse.report").joinpath("templates/style.css").read_text(encoding="utf-8")
STYLE = f"{_variables(LIGHT)}\n@media screen and (prefers-color-scheme: dark) {{ {_variables(DARK)} }}\n{_RULES}"
