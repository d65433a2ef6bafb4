"""Import: files as publishers give them out, as the tables of a training and its settings."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from drugresponse.errors import InputError, count, show_ids
from drugresponse.outputs import output_files, write_table
from drugresponse.readers.published.reader import read_published
from drugresponse.readers.published.tables import PublishedTables

__all__ = ["import_published"]

_SETTINGS = "train.yml"


def import_published(publisher: str, files: Sequence[Path], directory: Path) -> list[str]:
    """Write the tables of a study into a folder, all of them or none; the lines say what was taken from where.

    Parameters
    ----------
    publisher, files
        As for `read_published`.
    directory
        Made where there is none; nothing in it is overwritten.

    Raises
    ------
    InputError
        As `read_published`; or a file is there already.
    """
    tables = read_published(publisher, files)
    written = {f"{role}.tsv": table for role, table in _by_role(tables).items()}
    there = [name for name in (*written, _SETTINGS) if (directory / name).exists()]
    if there:
        raise InputError(
            f'`--directory`: "{directory}" already holds {show_ids(there)} (nothing is overwritten). Choose another '
            "folder."
        )
    directory.parent.mkdir(parents=True, exist_ok=True)
    # a folder that is new appears with all its files at once, so that a killed run leaves none to be in the way
    with output_files({}, folders={"directory": directory}) as temporary:
        made = temporary["directory"]
        for name, table in written.items():
            write_table(table, made / name)
        (made / _SETTINGS).write_text(_settings(tables, directory), encoding="utf-8")
        return _summary(tables, list(written), directory)


def _summary(tables: PublishedTables, written: Sequence[str], directory: Path) -> list[str]:
    lines = [*tables.notes, f"Wrote {', '.join(written)} and {_SETTINGS} to {directory}."]
    if tables.responses is None or tables.genotypes is None:
        lacking = "responses" if tables.responses is None else "genotypes"
        return [*lines, f"No file has {lacking}: give them too, or name those of your own in {directory / _SETTINGS}."]
    shared = set(tables.responses["sample_id"]) & set(tables.genotypes.index)
    lines.append(f"{count(len(shared), 'sample')} with both genotype and response.")
    return [*lines, f"Train with: drugresponse train --config {directory / _SETTINGS} --model model.safetensors"]


def _by_role(tables: PublishedTables) -> dict[str, pd.DataFrame]:
    roles = ("genotypes", "features", "responses", "drugs", "samples")
    return {role: table for role in roles if (table := getattr(tables, role)) is not None}


def _settings(tables: PublishedTables, directory: Path) -> str:
    measure = {"measure": tables.measure.name, "unit": tables.measure.unit, "higher_means": tables.measure.higher_means}
    options: dict[str, Any] = {role: str(directory / f"{role}.tsv") for role in _by_role(tables)}
    options |= {name.replace("_", "-"): value for name, value in measure.items() if value}
    return yaml.safe_dump(options, sort_keys=False, allow_unicode=True)
