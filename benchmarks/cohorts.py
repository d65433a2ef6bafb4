"""A cohort of the data folder as rows to learn from, and which questions it can answer."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, compound_of_pair
from drugresponse.errors import InputError, nearest
from drugresponse.readers import read_drugs, read_genotypes, read_responses, read_samples, read_table

__all__ = ["PUBLISHED", "Cohort", "cohort_names", "hash_of", "read_cohort"]

PUBLISHED = "published"
"""The scheme of a cohort whose responses bear their authors' own split."""
_FEWEST = {"new-samples": 50, "random-pairs": 10, "new-drugs": 20, "new-tissues": 10}
"""Fewest samples, drugs, drug structures and tissues with which a scheme is asked without being named."""


@dataclass(frozen=True, eq=False)
class Cohort:
    """The measured pairs of drugs with a structure: what is learned from and scored.

    Attributes
    ----------
    name, folder
        The folder, and its last part.
    rows
        The pairs, their responses and weights.
    split
        `(n_pairs,)` train, validation or test, where the authors split their responses, else "". A pair that stands
        on two sides is left out of the cohort.
    """

    name: str
    folder: Path
    rows: TrainingRows
    split: NDArray[np.object_]

    @property
    def pairs(self) -> Pairs:
        return self.rows.pairs

    @cached_property
    def content_hash(self) -> str:
        """Of all that a learner is given; another folder with the same content has the same."""
        pairs, values = self.pairs, self.pairs.genotypes.values
        features, covariates = pairs.genotypes.features[["block", "kind"]], pairs.covariates
        tables = [features.reset_index(), covariates.reset_index(), pairs.drugs[["smiles"]].reset_index()]
        words = [table.to_csv(index=False) for table in tables]
        arrays = [values.data, values.indices.astype(np.int64), values.indptr.astype(np.int64)]
        arrays += [pairs.sample_index, pairs.drug_index, self.rows.y, self.rows.weights]
        return hash_of([*words, "\t".join(pairs.subjects), *arrays])

    def schemes(self) -> list[str]:
        """The schemes that are run when none is named: the authors' split alone where there is one."""
        if (self.split == "test").any():
            return [PUBLISHED]
        tissues = self.pairs.covariates["tissue"] if "tissue" in self.pairs.covariates else pd.Series(dtype=object)
        counts = {
            "new-samples": len(np.unique(self.pairs.subjects)),
            "random-pairs": len(self.pairs.drugs),
            "new-drugs": len(np.unique(compound_of_pair(self.pairs))),
            "new-tissues": tissues.nunique(),
        }
        return [name for name, fewest in _FEWEST.items() if counts[name] >= fewest]

    def find_scheme(self, name: str) -> str:
        """The scheme whose means and tests the rows of this benchmark scheme have.

        Raises
        ------
        InputError
            No such scheme, or the authors' split is asked for where there is none.
        """
        if name == PUBLISHED:
            if not (self.split == "test").any():
                raise InputError(f'{self.name}: found no published split (a column "split"). Leave {PUBLISHED} out.')
            return "random-pairs"
        if name not in SCHEMES:
            raise InputError(f'scheme: "{name}" is unknown. {nearest(name, [*SCHEMES, PUBLISHED])}')
        return name


def cohort_names(data: Path) -> list[str]:
    """The folders that hold responses and genotypes, by name.

    Raises
    ------
    InputError
        There are none.
    """
    found = sorted(each.parent.name for each in data.glob("*/responses.tsv") if _genotypes(each.parent))
    if not found:
        raise InputError(
            f"--data {data}: found no cohort (expected folders with responses.tsv and genotypes.parquet, or a "
            "Parquet file of each block). Check the path."
        )
    return found


def read_cohort(folder: Path) -> Cohort:
    """Read a cohort folder; `samples.tsv`, `drugs.tsv` and `features.tsv` may be absent, drugs then have no structure
    and all pairs are kept."""
    drugs, samples, features = (folder / f"{name}.tsv" for name in ("drugs", "samples", "features"))
    genotypes = _genotypes(folder)
    described = not isinstance(genotypes, dict) and features.is_file()
    rows = join_training_rows(
        read_genotypes(genotypes, features=features if described else None),
        read_responses(folder / "responses.tsv"),
        read_drugs(drugs) if drugs.is_file() else None,
        read_samples(samples) if samples.is_file() else None,
    )
    split = _published_split(folder, rows.pairs)
    structured = (rows.pairs.drugs["smiles"] != "").to_numpy()[rows.pairs.drug_index]
    kept = np.flatnonzero((structured | ~structured.any()) & (split != "both"))
    cut = replace(rows, pairs=rows.pairs[kept].compact(), y=rows.y[kept], weights=rows.weights[kept])
    return Cohort(folder.name, folder, cut, split[kept])


def hash_of(parts: Iterable[str | NDArray[Any]]) -> str:
    """A short name for texts and arrays of numbers."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part.encode() if isinstance(part, str) else np.ascontiguousarray(part).tobytes())
        digest.update(b"\0")
    return digest.hexdigest()[:16]


def _genotypes(folder: Path) -> Path | dict[str, Path]:
    """The table of genotypes, else those of the blocks by their names; nothing where there are none."""
    whole = folder / "genotypes.parquet"
    return whole if whole.is_file() else {each.stem: each for each in sorted(folder.glob("*.parquet"))}


def _published_split(folder: Path, pairs: Pairs) -> NDArray[np.object_]:
    table = read_table(folder / "responses.tsv")
    if "split" not in table.columns:
        return np.full(len(pairs), "", dtype=object)
    sides = table.groupby([table["sample_id"], table["drug_id"]])["split"].agg(["min", "max"])
    side = sides["min"].where(sides["min"] == sides["max"], "both")
    return side.reindex(pd.MultiIndex.from_arrays([pairs.sample_ids, pairs.drug_ids])).to_numpy(dtype=object)
