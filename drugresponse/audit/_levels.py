"""What moves the level of a sample over all drugs and is no genotype: batches, studies, and which calls are missing."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from drugresponse.audit.findings import CHANCE, Finding, caution
from drugresponse.data.column_names import name_words
from drugresponse.data.joining import TrainingRows
from drugresponse.data.tables import Responses
from drugresponse.errors import count, show_ids
from drugresponse.words import percent

__all__ = ["is_technical", "level_findings"]

_TECHNICAL = frozenset(
    ("batch", "plate", "medium", "media", "center", "centre", "screen", "study", "assay", "run", "lab", "laboratory")
)
"""Words of columns that tell how a sample was measured. A site is left out: it is as often an organ."""
_LEAST_SHARE = 0.1
"""Share of the variance of samples' levels that a batch must exceed: genotype's own gains are hardly larger."""
_FEWEST = 10
"""Samples on each side of a comparison."""


def is_technical(name: object) -> bool:
    """Whether a column's name is that of how a sample was measured.

    Examples
    --------
    >>> is_technical("Plate_ID"), is_technical("tissue"), is_technical("platelets")
    (True, False, False)
    """
    return not _TECHNICAL.isdisjoint(name_words(name))


def level_findings(rows: TrainingRows, responses: Responses) -> Iterator[Finding]:
    """Batches and studies that tell the level of the response, and missing calls that do.

    Parameters
    ----------
    rows
        The pairs that are evaluated.
    responses
        As read, with the study of each row.
    """
    levels = _standardised(rows)
    sample = rows.pairs.sample_index
    of_sample = pd.Series(levels).groupby(sample).mean().reindex(range(rows.pairs.genotypes.shape[0])).to_numpy()
    columns = [(str(name), column) for name, column in rows.pairs.covariates.items() if column.dtype == object]
    technical = [(name, column.to_numpy(object)) for name, column in columns if is_technical(name)]
    for name, groups in technical:
        share = _share_told(of_sample, groups, len(technical))
        if share:
            message = (
                f"{name} tells {percent(share)} of the variance of the samples' responses, which naive predictions do "
                f"not know: a gain may be that of {name}, and none is to be expected for a new one. Correct the "
                f"responses for it first, or hold whole ones out (--splits)."
            )
            yield caution("batches that tell the response", message, len(set(groups) - {""}))
    yield from _studies(rows, responses, levels)
    yield from _missing_calls(rows, of_sample)


def _standardised(rows: TrainingRows) -> NDArray[np.float64]:
    """`(n_pairs,)` responses beside the mean of their drug, in its standard deviations; 0 where these do not differ."""
    table = pd.Series(rows.y).groupby(rows.pairs.drug_index)
    spread = table.transform("std", ddof=0).to_numpy()
    return np.where(spread > 0, (rows.y - table.transform("mean").to_numpy()) / np.where(spread > 0, spread, 1.0), 0.0)


def _share_told(values: NDArray[np.float64], groups: NDArray[np.object_], n_comparisons: int) -> float:
    """Share of the variance that groups ("" is none) tell, 0 unless it is above a tenth beyond chance (F test)."""
    known = (groups != "") & np.isfinite(values)
    table = pd.Series(values[known]).groupby(groups[known])
    n, k = int(known.sum()), table.ngroups
    total = float(np.var(values[known]) * n) if n else 0.0
    if k < 2 or n <= k or total <= 0:
        return 0.0
    share = 1 - min(float((table.var(ddof=0) * table.size()).sum()) / total, 1.0)
    ratio = np.inf if share >= 1 else share / (1 - share) * (n - k) / (k - 1)
    beyond = stats.ncf.sf(ratio, k - 1, n - k, n * _LEAST_SHARE / (1 - _LEAST_SHARE)) if np.isfinite(ratio) else 0.0
    return share if beyond * n_comparisons < CHANCE else 0.0


def _studies(rows: TrainingRows, responses: Responses, levels: NDArray[np.float64]) -> Iterator[Finding]:
    """Levels of studies within drugs, unless they are taken off; a sample of a study counts once."""
    if rows.pairs.studies is not None or not responses.table["study"].ne("").any():
        return
    pairs = pd.DataFrame({"sample_id": rows.pairs.sample_ids, "drug_id": rows.pairs.drug_ids, "level": levels})
    table = pairs.merge(responses.table[["sample_id", "drug_id", "study"]], on=["sample_id", "drug_id"])
    means = table.groupby(["sample_id", "study"])["level"].mean().reset_index()
    share = _share_told(means["level"].to_numpy(), means["study"].to_numpy(object), 1)
    if share:
        n = means["study"].nunique()
        message = (
            f"The column study tells {percent(share)} of the variance of the responses within drugs "
            f"({show_ids(sorted(means['study'].unique()))}): they differ in their level, and a gain may be that of the "
            "study. --scheme new-studies brings them to one scale and holds whole ones out; or evaluate each by itself."
        )
        yield caution("studies that tell the response", message, n)


def _missing_calls(rows: TrainingRows, levels: NDArray[np.float64]) -> Iterator[Finding]:
    """Features whose missing calls stand in samples of another level (Welch's t); of stored genotypes none is asked."""
    genotypes = rows.pairs.genotypes
    if genotypes.is_stored or not genotypes.shape[1]:
        return
    values = genotypes.values
    cells = np.flatnonzero(np.isnan(values.data))
    places = (np.searchsorted(values.indptr, cells, side="right") - 1, values.indices[cells])
    missing = sparse.csc_array((np.ones(len(cells)), places), shape=values.shape)
    n_missing = np.asarray(missing.sum(axis=0)).ravel()
    n = len(levels)
    asked = np.flatnonzero((n_missing >= _FEWEST) & (n_missing <= n - _FEWEST))
    if not len(asked):
        return
    y = np.nan_to_num(levels)
    at, n_1 = missing[:, asked], n_missing[asked]
    sums, squares = at.T @ y, at.T @ y**2
    mean_1, mean_0 = sums / n_1, (y.sum() - sums) / (n - n_1)
    var_1 = squares / n_1 - mean_1**2
    var_0 = ((y**2).sum() - squares) / (n - n_1) - mean_0**2
    error = np.sqrt(np.maximum(var_1 / (n_1 - 1) + var_0 / (n - n_1 - 1), 1e-300))
    p = 2 * stats.t.sf(np.abs(mean_1 - mean_0) / error, np.minimum(n_1, n - n_1) - 1)
    telling = asked[p * len(asked) < CHANCE]
    if len(telling):
        names = genotypes.features.index[telling[np.argsort(p[np.isin(asked, telling)], kind="stable")]]
        message = (
            f"Where calls are missing, the response is another: {len(telling)} of {count(len(asked), 'feature')} with "
            f"missing calls ({show_ids(names)}). What was looked at may tell who was measured where; call the samples "
            "together, or leave these features out."
        )
        yield caution("missing calls that tell the response", message, len(telling))
