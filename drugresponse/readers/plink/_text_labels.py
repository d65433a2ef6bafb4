"""What the headers of .raw and .traw files say of variants and samples."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection
from functools import partial
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
"""The name of a variant that gives its place and alleles, such as `1:1000:A:G`."""
_COLUMN = re.compile(r"(.+)_([^_()]+)(?:\(/([^()]*)\))?")
"""Variant, counted allele, and the others where PLINK was told to write them: `rs7_A`, `rs7_A(/G)`."""
_DESCRIBED = ("chromosome", "position", "gene")


def variants_of_columns(
    columns: list[str], features: pd.DataFrame | None, where: str
) -> tuple[pd.DataFrame, NDArray[np.bool_]]:
    """Rows `name, chromosome, position, ref, alt` of the columns, and whether their copies are of the reference."""
    rows = []
    known = {} if features is None else features.to_dict("index")
    turned = np.zeros(len(columns), dtype=bool)
    for at, column in enumerate(columns):
        parts = _COLUMN.fullmatch(column)
        name, counted, other = parts.groups() if parts else (column, "", None)
        row = {"name": name, "chromosome": "", "position": pd.NA, "ref": "", "alt": counted, "gene": ""}
        if other and "," not in other:
            row["ref"] = other
        ref = alt = ""
        if described := known.get(name, known.get(column)):
            row |= {key: described[key] for key in _DESCRIBED if key in described}
            ref, alt = (str(described.get(key, "")) for key in ("ref", "alt"))
        elif (place := PLACE.fullmatch(name)) and counted in place.group(3, 4):
            row |= {"chromosome": place[1], "position": int(place[2])}
            ref, alt = place.group(3, 4)
        if ref and alt and counted:
            if counted not in (ref, alt):
                raise InputError(
                    f'{where}, column "{column}": its counted allele is neither the reference nor the alternate of the '
                    f"features table ({ref} and {alt}). Correct the table."
                )
            turned[at] = counted == ref
            row |= {"ref": ref, "alt": alt}
        rows.append(row)
    table = pd.DataFrame(rows)
    chromosomes = table["chromosome"].astype(str)
    table["chromosome"] = chromosomes.map(partial(plain_chromosome, human=are_human(chromosomes.unique())))
    table.loc[table["name"].duplicated(keep=False), "name"] = pd.Series(columns)
    return table, turned


def sample_names(columns: list[str], known_samples: Collection[str] | None, path: Path) -> list[str]:
    """IID of columns that are named FID_IID, as far as it is clear where the one ends and the other begins."""
    pairs = [_family_and_own(column) for column in columns]
    known_pairs = [pair for pair in pairs if pair is not None]
    if len(known_pairs) < len(columns):
        logger.warning(
            f"{path.name}: it is not clear where FID ends and IID begins in {show_ids([columns[pairs.index(None)]])}; "
            "samples are named as in the header."
        )
        return columns
    own = unique_samples([name for _, name in known_pairs], [family for family, _ in known_pairs], path)
    known = {str(sample) for sample in known_samples or ()}
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
