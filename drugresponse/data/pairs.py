"""Pairs: which sample meets which drug, without ever writing the two side by side."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import clean_ids
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.errors import InputError, count, show_ids
from drugresponse.shown import Shown

__all__ = ["Pairs"]


@dataclass(frozen=True, eq=False, repr=False)
class Pairs(Shown):
    """Two tables and two index vectors; scikit-learn can cut it like any `X`.

    Attributes
    ----------
    genotypes
        One row for each distinct sample.
    covariates
        Same rows, index `sample_id`; float64 columns (NaN missing) and text columns ("" missing).
    subjects
        `(n_samples,)` text: samples of one subject (patient, cell line of one donor) stand on one side of a split.
    drugs
        Index `drug_id`, column `smiles` ("" without a structure) and what else is known of each drug.
    sample_index, drug_index
        `(n_pairs,)` row numbers into the samples and the drugs.
    censor
        `(n_pairs,)` int8, of responses that stop at a limit: 1 (right) where the true one is at or above what is
        written, -1 (left) where at or below, 0 where it is itself; None is 0 for all.
    arm
        The covariate that is a treatment arm, whose interaction with genotype is to be learned, or None.
    observed
        What was observed of each pair of an outcome that is not continuous; None where it is, and where nothing was.
    lineages
        `(n_samples,)` number of each sample's lineage (clone, cluster of relatives); None where they are not known.
    studies
        `(n_pairs,)` text, the study that each response comes from, so that a sample and a drug may stand in several
        rows; None where studies are not told apart, and pairs are distinct.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0]], ["s1", "s2"], ["TP53"])
    >>> pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    >>> len(pairs), pairs[(np.array([1]), ...)].sample_ids.tolist()
    (2, ['s2'])
    """

    genotypes: Genotypes
    covariates: pd.DataFrame
    subjects: NDArray[np.object_]
    drugs: pd.DataFrame
    sample_index: NDArray[np.intp]
    drug_index: NDArray[np.intp]
    censor: NDArray[np.int8] | None = None
    arm: str | None = None
    observed: Observed | None = None
    lineages: NDArray[np.intp] | None = None
    studies: NDArray[np.object_] | None = None

    def _headline(self) -> str:
        n_samples, n_drugs = len(self.genotypes.sample_ids), len(self.drugs)
        return f"Pairs: {count(len(self), 'pair')} of {count(n_samples, 'sample')} and {count(n_drugs, 'drug')}"

    @classmethod
    def build(
        cls,
        genotypes: Genotypes,
        covariates: pd.DataFrame,
        drugs: pd.DataFrame,
        rows: pd.DataFrame,
        subjects: pd.Series | None = None,
    ) -> Pairs:
        """Pairs from rows of `sample_id, drug_id`, joined by id.

        Raises
        ------
        InputError
            A row names a sample or a drug that the tables lack.
        """
        sample_index = genotypes.sample_ids.get_indexer(pd.Index(rows["sample_id"]))
        drug_index = drugs.index.get_indexer(pd.Index(rows["drug_id"]))
        for at, ids, what in ((sample_index, rows["sample_id"], "genotypes"), (drug_index, rows["drug_id"], "drugs")):
            if (at < 0).any():
                raise InputError(
                    f"pairs: {show_ids(pd.unique(ids[at < 0]))} is not among the {what}. Add or remove it."
                )
        groups = genotypes.sample_ids.to_series() if subjects is None else subjects.reindex(genotypes.sample_ids)
        groups = clean_ids(groups, "subjects")
        groups = groups.where(groups != "", genotypes.sample_ids.to_series())
        return cls(
            genotypes,
            _of_samples(covariates, genotypes.sample_ids),
            groups.astype(str).to_numpy(dtype=object),
            _with_smiles(drugs),
            sample_index.astype(np.intp),
            drug_index.astype(np.intp),
        )

    @classmethod
    def grid(cls, genotypes: Genotypes, covariates: pd.DataFrame, drugs: pd.DataFrame) -> Pairs:
        """Every sample with every drug, sample by sample."""
        n_samples, n_drugs = genotypes.shape[0], len(drugs)
        return cls(
            genotypes,
            _of_samples(covariates, genotypes.sample_ids),
            genotypes.sample_ids.to_numpy(dtype=object),
            _with_smiles(drugs),
            np.repeat(np.arange(n_samples), n_drugs),
            np.tile(np.arange(n_drugs), n_samples),
        )

    def __len__(self) -> int:
        return len(self.sample_index)

    @property
    def shape(self) -> tuple[int, int]:
        """`(n_pairs, 2)`: what scikit-learn asks before it cuts."""
        return len(self), 2

    def __getitem__(self, key: Any) -> Pairs:
        """The pairs at these rows; tables stay whole, so that nothing is copied."""
        rows = key[0] if isinstance(key, tuple) else key
        return replace(
            self,
            sample_index=self.sample_index[rows],
            drug_index=self.drug_index[rows],
            censor=None if self.censor is None else self.censor[rows],
            observed=None if self.observed is None else self.observed[rows],
            studies=None if self.studies is None else self.studies[rows],
        )

    @property
    def outcome(self) -> Outcome:
        """What a response is."""
        return CONTINUOUS if self.observed is None else self.observed.outcome

    @property
    def sample_ids(self) -> NDArray[np.object_]:
        """`(n_pairs,)` sample id of each pair."""
        return self.genotypes.sample_ids.to_numpy(dtype=object)[self.sample_index]

    @property
    def drug_ids(self) -> NDArray[np.object_]:
        """`(n_pairs,)` drug id of each pair."""
        return self.drugs.index.to_numpy(dtype=object)[self.drug_index]

    def used_samples(self) -> NDArray[np.intp]:
        """Row numbers of the samples that occur in a pair, ascending."""
        return np.unique(self.sample_index)

    def used_drugs(self) -> NDArray[np.intp]:
        """Row numbers of the drugs that occur in a pair, ascending."""
        return np.unique(self.drug_index)

    def compact(self) -> Pairs:
        """The same pairs over tables that hold only the samples and drugs that occur."""
        samples, drugs = self.used_samples(), self.used_drugs()
        if len(samples) == self.genotypes.shape[0] and len(drugs) == len(self.drugs):
            return self
        return Pairs(
            self.genotypes.take(samples),
            self.covariates.iloc[samples],
            self.subjects[samples],
            self.drugs.iloc[drugs],
            np.searchsorted(samples, self.sample_index).astype(np.intp),
            np.searchsorted(drugs, self.drug_index).astype(np.intp),
            self.censor,
            self.arm,
            self.observed,
            None if self.lineages is None else self.lineages[samples],
            self.studies,
        )


def _of_samples(covariates: pd.DataFrame, sample_ids: pd.Index) -> pd.DataFrame:
    """The covariates of these samples; one that is not in the table has every covariate missing."""
    table = covariates.reindex(sample_ids)
    text = [
        name
        for name, kind in table.dtypes.items()
        if pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.StringDtype)
    ]
    return table.assign(**{name: table[name].astype(object).where(table[name].notna(), "") for name in text})


def _with_smiles(drugs: pd.DataFrame) -> pd.DataFrame:
    smiles = drugs["smiles"] if "smiles" in drugs.columns else pd.Series("", index=drugs.index)
    return drugs.assign(smiles=smiles.astype(object).where(smiles.notna(), "").astype(str))
