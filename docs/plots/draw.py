"""Draws the pictures of the gallery by the lines of code beside them, into this folder."""

from __future__ import annotations

import logging
import os
import re
import sys
import tempfile
from pathlib import Path

import matplotlib as mpl

HERE = Path(__file__).parent
PAGE = HERE.parent / "plots.md"
BLOCK = re.compile(r"```python\n(.*?)```|!\[[^\]]*\]\(plots/([a-z_-]+\.png)\)", re.DOTALL)
DPI = 100


def blocks() -> list[tuple[str, str]]:
    """The page's code in its order, each with the picture that it draws, or with ""."""
    made: list[tuple[str, str]] = []
    for code, picture in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if picture:
            made[-1] = (made[-1][0], picture)
        else:
            made.append((code, ""))
    return made


def draw() -> None:
    """Run the blocks in one name space and save the figure that each leaves."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt

    from drugresponse import plots

    logging.getLogger("drugresponse").setLevel(logging.ERROR)
    names: dict[str, object] = {}
    for code, picture in blocks():
        exec(compile(code, PAGE.name, "exec"), names)
        if picture:
            (HERE / picture).write_bytes(plots.png(plt.gcf(), dpi=DPI))
            sys.stdout.write(f"{picture}\n")
        plt.close("all")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        draw()
