"""The figures of a report as files, whole or not at all."""

from __future__ import annotations

from pathlib import Path

from drugresponse.errors import InputError
from drugresponse.outputs import output_files
from drugresponse.report.html import Page

__all__ = ["refuse_bad_folder", "write_report"]


def refuse_bad_folder(folder: Path | None) -> None:
    """Refuse a folder that cannot be made, before any work is done.

    Raises
    ------
    InputError
        It is a file, or its parent does not exist.
    """
    if folder is not None and (not folder.parent.is_dir() or folder.is_file()):
        raise InputError(f"{folder}: is no folder and cannot be made one. Name a folder whose parent exists.")


def write_report(page: Page, out: dict[str, Path], folder: Path | None) -> None:
    """Write a page where one is wanted, and its figures into a folder where one is named.

    Parameters
    ----------
    page
        Of the report.
    out
        The files to write, by option.
    folder
        For the figures.
    """
    if "report" in out:
        out["report"].write_text(page, encoding="utf-8")
    if folder is not None:
        folder.mkdir(exist_ok=True)
        drawn = page.report.files()
        with output_files({name: folder / name for name in drawn}) as files:
            for name, content in drawn.items():
                files[name].write_bytes(content)
