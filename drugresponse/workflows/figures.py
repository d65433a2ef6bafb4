"""What is made of a report: the page, its headline figure, and its figures as files."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from drugresponse.report.headline import headline_png
from drugresponse.report.html import Page

__all__ = ["write_report"]


def write_report(out: Mapping[str, Path], make: Callable[[], Page]) -> None:
    """Write a page, its headline figure and its figures, as far as they are wanted.

    Parameters
    ----------
    out
        The files to write, and the folder `figures`, by option.
    make
        Makes the page; not called where nothing of it is wanted.
    """
    if not {"report", "headline", "figures"} & out.keys():
        return
    page = make()
    if "report" in out:
        out["report"].write_text(page, encoding="utf-8")
    if "headline" in out:
        out["headline"].write_bytes(headline_png(page.report))
    if "figures" in out:
        for name, content in page.report.files().items():
            (out["figures"] / name).write_bytes(content)
