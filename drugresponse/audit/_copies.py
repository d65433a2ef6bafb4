"""Features and covariates that are the response itself: in another unit, another sign, as its logarithm or its rank."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.audit.findings import Finding
from drugresponse.data.covariate_names import is_usual_covariate
from drugresponse.data.joining import TrainingRows
from drugresponse.data.responses.same_order import FEWEST, MANY_LEVELS, copies, is_cut, levels_of, means_of
from drugresponse.errors import count, show_ids

__all__ = ["copies_of_response", "response_columns"]

_AT_ONCE = 2000


def copies_of_response(rows: TrainingRows) -> list[Finding]:
    """Continuous features and covariates that order the samples as the response of a drug does, or its mean.

    Features of two or three values, such as a mutation that decides, are never named; those of more values, and
    covariates, are where they are the response cut into parts. Responses of a drug are also compared without the mean
    of the tissue, and as the mean over drugs, raw and without the means of the drugs.

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
    covariates = rows.pairs.covariates.drop(columns=[] if rows.pairs.arm is None else [rows.pairs.arm])
    numbers = covariates.select_dtypes("number")
    features = rows.pairs.genotypes.features.index
    n_comparisons = responses.shape[1] * (len(features) + covariates.shape[1])
    blocks = _continuous_features(rows.pairs.genotypes.values)
    of_features = [
        (str(features[columns[at]]), names[drug])
        for columns, values in blocks
        for at, drug in copies(values, responses, n_comparisons)
    ]
    of_covariates = [
        (str(numbers.columns[at]), names[drug])
        for at, drug in copies(numbers.to_numpy(np.float64), responses, n_comparisons)
    ]
    for name, column in covariates.items():
        levels = levels_of(column)
        if levels.max() + 1 < MANY_LEVELS and is_usual_covariate(name):
            continue  # two tissues can part a response
        cut = (drug for drug in range(responses.shape[1]) if is_cut(levels, responses[:, drug], n_comparisons))
        of_covariates += [(str(name), f"{names[drug]}, cut into parts,") for drug in cut]
    found = {"feature": dict(reversed(of_features)), "covariate": dict(reversed(of_covariates))}
    return [_finding(kind, columns) for kind, columns in found.items() if columns]


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
        columns.append((means_of(table), ["the mean response of the samples"] * 2))
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
    odd = np.isfinite(data) & ((data != np.rint(data)) | (np.abs(data) > 2))
    columns = np.flatnonzero(np.bincount(values.indices[odd], minlength=values.shape[1]) >= FEWEST // 2)
    by_column = sparse.csc_array(values[:, columns]) if len(columns) else None
    for start in range(0, len(columns), _AT_ONCE):
        cut = slice(start, start + _AT_ONCE)
        yield columns[cut], by_column[:, cut].toarray().astype(np.float64)  # type: ignore[index]
