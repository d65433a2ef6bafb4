"""Features and covariates that are the response itself: in another unit, another sign, as its logarithm or its rank."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse, stats

from drugresponse.data.findings import Finding
from drugresponse.data.joining import TrainingRows
from drugresponse.errors import count, show_ids

__all__ = ["copies_of_response", "response_columns"]

_COPY = 0.99
"""Rank correlation beyond which a column is a copy: measured twice, no response agrees so well with itself."""
_LIKELY = 0.9
"""Correlation of ranks taken once over all samples, beyond which they are taken anew over the common ones."""
_FEWEST = 10
"""Samples, and distinct values: a marker of few values that decides the response is no copy of it."""
_MANY_VALUES = 20
_CHANCE = 0.01
"""Expected number of columns that agree so well by chance, in all comparisons together."""
_AT_ONCE = 2000


def copies_of_response(rows: TrainingRows) -> list[Finding]:
    """Continuous features and covariates that order the samples as the response of a drug does, or its mean.

    Features with few distinct values, such as a mutation that decides, are never named. Responses of a drug are also
    compared without the mean of the tissue, and as the mean over drugs, raw and without the means of the drugs.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from drugresponse.data.joining import join_training_rows
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=1, n_features=20)
    >>> age = -cohort.responses.table.set_index("sample_id")["response"]
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, None, pd.DataFrame({"age": age}), ["age"])
    >>> [(each.check, each.severity, each.count) for each in copies_of_response(rows)]
    [('covariates that are the response', 'leak', 1)]
    """
    responses, names = response_columns(rows)
    covariates = rows.pairs.covariates.select_dtypes("number")
    covariates = covariates.drop(columns=[rows.pairs.arm] if rows.pairs.arm in covariates else [])
    parts = [
        ("feature", rows.pairs.genotypes.features.index, _continuous_features(rows.pairs.genotypes.values)),
        ("covariate", covariates.columns, iter([(np.arange(covariates.shape[1]), covariates.to_numpy(np.float64))])),
    ]
    n_comparisons = responses.shape[1] * (rows.pairs.genotypes.shape[1] + covariates.shape[1])
    findings = []
    for kind, ids, blocks in parts:
        copies = [
            (str(ids[columns[at]]), names[drug])
            for columns, values in blocks
            for at, drug in _copies(values, responses, n_comparisons)
        ]
        if copies:
            findings.append(_finding(kind, dict(reversed(copies))))
    return findings


def response_columns(rows: TrainingRows) -> tuple[NDArray[np.float64], list[str]]:
    """`(n_samples, n_columns)` responses that a column could be a copy of, NaN where not measured, and their names."""
    pairs = rows.pairs
    drugs = [str(each) for each in pairs.drugs.index]
    table = np.full((pairs.genotypes.shape[0], len(drugs)), np.nan)
    table[pairs.sample_index, pairs.drug_index] = rows.y
    columns = [(table, [f"the response to {each}" if len(drugs) > 1 else "the response" for each in drugs])]
    if "tissue" in pairs.covariates:
        usual = pd.DataFrame(table).groupby(pairs.covariates["tissue"].to_numpy(), dropna=False).transform("mean")
        columns.append((table - usual.to_numpy(), [f"{each} beside that of its tissue" for each in columns[0][1]]))
    if len(drugs) > 1:
        frame = pd.DataFrame(table)
        means = np.column_stack([frame.mean(axis=1), (frame - frame.mean()).mean(axis=1)])
        columns.append((means, ["the mean response of the samples"] * 2))
    return np.concatenate([values for values, _ in columns], axis=1), [each for _, names in columns for each in names]


def _finding(kind: str, copies: dict[str, str]) -> Finding:
    column, response = next(iter(copies.items()))
    n = len(copies)
    more = f" (and {count(n - 1, f'more {kind}')} likewise)" if n > 1 else ""
    way = "Take it out of the genotypes" if kind == "feature" else "Leave it out of --covariates"
    message = (
        f"The {kind} {show_ids([column])} orders the samples as {response} does{more}: it is the response itself, in "
        f"some unit or sign, and scores that rest on it are no prediction. {way}."
    )
    return Finding(f"{kind}s that are the response", "leak", message, n)


def _continuous_features(values: sparse.csr_array) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Columns with numbers that are no count of alleles, some at a time."""
    data = values.data
    odd = np.isfinite(data) & ((data != np.rint(data)) | (np.abs(data) >= _FEWEST))
    columns = np.flatnonzero(np.bincount(values.indices[odd], minlength=values.shape[1]) >= _FEWEST // 2)
    by_column = sparse.csc_array(values[:, columns]) if len(columns) else None
    for start in range(0, len(columns), _AT_ONCE):
        cut = slice(start, start + _AT_ONCE)
        yield columns[cut], by_column[:, cut].toarray().astype(np.float64)  # type: ignore[index]


def _copies(
    columns: NDArray[np.float64], responses: NDArray[np.float64], n_comparisons: int
) -> Iterator[tuple[int, int]]:
    """`(column, response)` numbers of those that order the samples alike, or the other way round."""
    n_values = np.array([len(np.unique(each[np.isfinite(each)])) for each in columns.T], dtype=np.intp)
    enough = np.minimum(_MANY_VALUES, np.maximum(_FEWEST, len(columns) // 2))
    many = np.flatnonzero(n_values >= enough)
    likely = np.abs(_rank_correlations(columns[:, many], responses)) >= _LIKELY
    for at, response in zip(*np.nonzero(likely), strict=True):
        one, other = columns[:, many[at]], responses[:, response]
        both = np.isfinite(one) & np.isfinite(other)
        n = int(both.sum())
        if n < _FEWEST or min(len(np.unique(each[both])) for each in (one, other)) < min(enough, max(_FEWEST, n // 2)):
            continue
        found = abs(float(np.corrcoef(stats.rankdata(one[both]), stats.rankdata(other[both]))[0, 1]))
        t = found * np.sqrt((n - 2) / max(1 - found**2, 1e-12))
        if found > _COPY and 2 * stats.t.sf(t, n - 2) * n_comparisons < _CHANCE:
            yield int(many[at]), int(response)


def _rank_correlations(columns: NDArray[np.float64], responses: NDArray[np.float64]) -> NDArray[np.float64]:
    """`(n_columns, n_responses)` correlations of ranks taken once, each over the samples that have both; else 0."""
    (x, has_x), (y, has_y) = _centred_ranks(columns), _centred_ranks(responses)
    n = has_x.T @ has_y
    with np.errstate(divide="ignore", invalid="ignore"):
        sum_x, sum_y = x.T @ has_y, has_x.T @ y
        covariance = x.T @ y - sum_x * sum_y / n
        spread_x, spread_y = (x**2).T @ has_y - sum_x**2 / n, has_x.T @ y**2 - sum_y**2 / n
        found = covariance / np.sqrt(spread_x * spread_y)
    return np.where(n >= _FEWEST, np.nan_to_num(found), 0.0)


def _centred_ranks(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Ranks within each column around 0 and at most 1, 0 where missing, and 1 where there is one."""
    known = np.isfinite(values)
    # what is missing ranks last, which leaves the others their ranks
    ranks = np.where(known, stats.rankdata(np.where(known, values, np.inf), axis=0), 0.0) / max(len(values), 1)
    means = ranks.sum(axis=0) / np.maximum(known.sum(axis=0), 1)
    return np.where(known, ranks - means, 0.0), known.astype(np.float64)
