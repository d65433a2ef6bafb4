"""What the headers of .raw and .traw files say of variants and samples."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.plink._labels import unique_samples

__all__ = ["PLACE", "sample_names", "variants_of_columns"]

logger = logging.getLogger(__name__)

PLACE = re.compile(r"(?:chr)?([^:_\s]+)[:_](\d+)[:_]([ACGTN]+)[:_]([ACGTN]+)", re.IGNORECASE)
"""The name of a variant that tells its place and alleles, such as `1:1000:A:G`."""
_COLUMN = re.compile(r"(.+)_([^_()]+)(?:\(/([^()]*)\))?")
"""Variant, counted allele, and the others where they were asked for: `rs7_A`, `rs7_A(/G)`."""
_TOLD = ("chromosome", "position", "gene")


def variants_of_columns(
    columns: list[str], told: pd.DataFrame | None, where: str
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Rows `name, chromosome, position, ref, alt` of the columns, and whether their copies are of the reference."""
    rows = []
    known = {} if told is None else told.to_dict("index")
    turned = np.zeros(len(columns), dtype=bool)
    for at, column in enumerate(columns):
        parts = _COLUMN.fullmatch(column)
        name, counted, other = parts.groups() if parts else (column, "", None)
        row = {"name": name, "chromosome": "", "position": pd.NA, "ref": "", "alt": counted, "gene": ""}
        if other and "," not in other:
            row["ref"] = other
        if described := known.get(name, known.get(column)):
            row |= {key: described[key] for key in _TOLD if key in described}
            ref, alt = (str(described.get(key, "")) for key in ("ref", "alt"))
        else:
            found = PLACE.fullmatch(name)
            ref, alt = found.group(3, 4) if found and counted in found.group(3, 4) else ("", "")
            if ref and found:
                row |= {"chromosome": found[1], "position": int(found[2]), "ref": ref}
        if ref and alt and counted:
            turned[at] = counted == ref
            if counted not in (ref, alt):
                raise InputError(
                    f'{where}, column "{column}": its counted allele is neither the reference nor the alternate of the '
                    f"features table ({ref} and {alt}). Correct the table."
                )
            row |= {"ref": ref, "alt": alt}
        rows.append(row)
    table = pd.DataFrame(rows)
    human = are_human(table["chromosome"].astype(str).unique())
    table["chromosome"] = [plain_chromosome(str(each), human=human) for each in table["chromosome"]]
    table.loc[table["name"].duplicated(keep=False), "name"] = pd.Series(columns)
    return table, turned


def sample_names(columns: list[str], known_samples: Collection[str] | None, path: Path) -> list[str]:
    """IID of columns that are named FID_IID, as far as it is clear where the one ends and the other begins."""
    parts = [_family_and_own(each) for each in columns]
    if None in parts:
        logger.warning(
            "%s: it is not clear where FID ends and IID begins in %s; samples are named as in the header.",
            path.name,
            show_ids([columns[parts.index(None)]]),
        )
        return columns
    pairs = [each for each in parts if each is not None]
    own = unique_samples([each for _, each in pairs], [family for family, _ in pairs], path)
    known = {str(each) for each in known_samples or ()}
    return columns if len(known.intersection(columns)) > len(known.intersection(own)) else own


def _family_and_own(name: str) -> tuple[str, str] | None:
    half = len(name) // 2
    if name.startswith("0_"):
        return "0", name[2:]
    if len(name) % 2 and name[half] == "_" and name[:half] == name[half + 1 :]:
        return name[:half], name[:half]
    if name.count("_") == 1:
        family, own = name.split("_")
        return (family, own) if own else None
    return ("0", name) if "_" not in name else None
