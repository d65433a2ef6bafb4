"""Counts that describe genotypes: what is missing, what is altered, how frequent alleles are."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.shown import Shown

__all__ = ["FREQUENCY_BINS", "GenotypeSummary", "summarise_genotypes"]

FREQUENCY_BINS = (0.0, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5)
"""Edges of the frequency spectrum; a bin holds its upper edge, and features without a minor allele stand apart."""
_COUNTED = ("dosage", "altered")


@dataclass(frozen=True, eq=False, repr=False)
class GenotypeSummary(Shown):
    """What genotypes hold.

    Attributes
    ----------
    blocks
        Index `block`; `kind` (several separated by `;`), `n_features`, `missing` (share of calls, 0 to 1) and
        `constant` (features with one value among their called samples, or without any call).
    samples
        Index `sample_id`; `missing` (share of features), `n_altered` (dosages and alterations above 0) and
        `heterozygosity` (share of called dosages that are one copy; NaN without dosages).
    feature_missing
        `(n_features,)` share of samples without a call.
    frequency
        `(n_features,)` minor allele frequency of a dosage, share of carriers of an alteration; NaN for other kinds and
        where nothing is called.
    spectrum
        Columns `block, kind, above, to, n_features`: features by frequency. The first row of a block, with 0 in both,
        has those without a minor allele (without carriers).
    """

    blocks: pd.DataFrame
    samples: pd.DataFrame
    feature_missing: NDArray[np.float64]
    frequency: NDArray[np.float64]
    spectrum: pd.DataFrame


def summarise_genotypes(genotypes: Genotypes) -> GenotypeSummary:
    """Describe genotypes; time and memory grow with the calls that are stored.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 2], [1, float("nan")]], ["s1", "s2"], ["rs1", "rs2"], kind="dosage")
    >>> summary = summarise_genotypes(genotypes)
    >>> summary.frequency.tolist(), summary.samples["missing"].tolist(), summary.samples["n_altered"].tolist()
    ([0.25, 0.0], [0.0, 0.5], [1, 1])
    """
    n_samples = genotypes.shape[0]
    counts = _counts_of_stored(genotypes) if genotypes.is_stored else _counts(genotypes)
    n_missing = genotypes.n_missing()
    frequency = _frequency(genotypes, counts.copies, n_samples - n_missing)
    feature_missing = n_missing / max(n_samples, 1)
    return GenotypeSummary(
        _blocks(genotypes, feature_missing, genotypes.constant()),
        _samples(genotypes, counts),
        feature_missing,
        frequency,
        _spectrum(genotypes.features, frequency),
    )


@dataclass(frozen=True, eq=False)
class _Counts:
    """Of each feature the sum of its `copies`; of each sample how many calls are missing, altered, dosages, single."""

    copies: NDArray[np.float64]
    n_missing: NDArray[np.intp]
    n_altered: NDArray[np.intp]
    n_missing_dosages: NDArray[np.intp]
    n_single: NDArray[np.intp]


def _counts(genotypes: Genotypes) -> _Counts:
    n_samples, n_features = genotypes.shape
    values, kinds = genotypes.values, genotypes.features["kind"].to_numpy()
    row_of = np.repeat(np.arange(n_samples), np.diff(values.indptr))
    missing = np.isnan(values.data)
    copies = np.bincount(values.indices[~missing], weights=values.data[~missing], minlength=n_features)
    altered = ~missing & np.isin(kinds, _COUNTED)[values.indices] & (values.data > 0)
    is_dosage = (kinds == "dosage")[values.indices]
    single = ~missing & is_dosage & _is_single(values.data)
    cells = (missing, altered, missing & is_dosage, single)
    return _Counts(
        np.asarray(copies, dtype=np.float64), *(np.bincount(row_of[which], minlength=n_samples) for which in cells)
    )


def _counts_of_stored(genotypes: Genotypes) -> _Counts:
    """The same in one pass over what is stored."""
    n_samples, n_features = genotypes.shape
    kinds = genotypes.features["kind"].to_numpy()
    is_dosage, is_counted = kinds == "dosage", np.isin(kinds, _COUNTED)
    counts = _Counts(np.zeros(n_features), *np.zeros((4, n_samples), dtype=np.intp))
    for columns, values in genotypes.blocks():
        missing = np.isnan(values)
        counts.copies[columns] = np.nansum(values, axis=0, dtype=np.float64)
        # what is missing is neither above 0 nor near 1
        cells = (missing, values > 0, missing, _is_single(values))
        among = (True, is_counted[columns], is_dosage[columns], is_dosage[columns])
        totals = (counts.n_missing, counts.n_altered, counts.n_missing_dosages, counts.n_single)
        for which, wanted, total in zip(cells, among, totals, strict=True):
            total += np.count_nonzero(which & wanted, axis=1)
    return counts


def _is_single(values: NDArray[np.float32]) -> NDArray[np.bool_]:
    # fractional dosages count as the nearest whole number
    return np.asarray(np.abs(values - 1) < 0.5)


def _frequency(
    genotypes: Genotypes, copies: NDArray[np.floating], n_called: NDArray[np.integer]
) -> NDArray[np.float64]:
    kinds = genotypes.features["kind"].to_numpy()
    share = copies / np.where(n_called > 0, n_called, np.nan)
    allele = share / 2
    return np.select([kinds == "dosage", kinds == "altered"], [np.minimum(allele, 1 - allele), share], np.nan)


def _blocks(genotypes: Genotypes, missing: NDArray[np.float64], constant: NDArray[np.bool_]) -> pd.DataFrame:
    table = genotypes.features[["block", "kind"]].assign(missing=missing, constant=constant)
    return table.groupby("block", sort=True).agg(
        kind=("kind", lambda kinds: ";".join(sorted(set(kinds)))),
        n_features=("missing", "size"),
        missing=("missing", "mean"),
        constant=("constant", "sum"),
    )


def _samples(genotypes: Genotypes, counts: _Counts) -> pd.DataFrame:
    n_features = genotypes.shape[1]
    n_called = (genotypes.features["kind"] == "dosage").sum() - counts.n_missing_dosages
    return pd.DataFrame(
        {
            "missing": counts.n_missing / max(n_features, 1),
            "n_altered": counts.n_altered,
            "heterozygosity": counts.n_single / np.where(n_called > 0, n_called, np.nan),
        },
        index=genotypes.sample_ids,
    )


def _spectrum(features: pd.DataFrame, frequency: NDArray[np.float64]) -> pd.DataFrame:
    """Alterations can be in more than half of the samples: their last bin reaches to 1."""
    rows = []
    known = np.isfinite(frequency)
    for name, at in features.groupby(["block", "kind"], sort=True).indices.items():
        block, kind = cast("tuple[str, str]", name)
        if kind not in _COUNTED:
            continue
        edges = [*FREQUENCY_BINS, *((1.0,) if kind == "altered" else ())]
        frequencies = frequency[at][known[at]]
        rows.append((block, kind, 0.0, 0.0, int((frequencies == 0).sum())))
        for above, to in pairwise(edges):
            rows.append((block, kind, above, to, int(((frequencies > above) & (frequencies <= to)).sum())))
    return pd.DataFrame(rows, columns=["block", "kind", "above", "to", "n_features"])
