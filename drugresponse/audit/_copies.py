"""Features and covariates that are the response itself: in another unit, another sign, as its logarithm or its rank."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.audit.findings import CHANCE, Finding, caution
from drugresponse.data.covariate_names import is_usual_covariate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.responses.same_order import BETTER_THAN_REPEATS, FEWEST, ResponseOrders, means_of
from drugresponse.data.surveys.survey import survey_of
from drugresponse.errors import count, show_ids

__all__ = ["copies_of_response"]

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
    >>> [(finding.check, finding.severity, finding.count) for finding in copies_of_response(rows)]
    [('covariates that are the response', 'leak', 1)]
    """
    orders, names = _response_columns(rows)
    covariates = rows.pairs.covariates.drop(columns=[] if rows.pairs.arm is None else [rows.pairs.arm])
    features = rows.pairs.genotypes.features.index
    n_comparisons = len(names) * (len(features) + covariates.shape[1])
    of_features: list[tuple[str, str]] = []
    near: list[tuple[str, str, str]] = []
    chance = CHANCE / max(n_comparisons, 1)
    for columns, values in _continuous_features(rows.pairs.genotypes):
        here = [str(name) for name in features[columns]]
        of_features += [(here[at], names[response]) for at, response in orders.copies(values, n_comparisons)]
        near += [("feature", here[at], names[response]) for at, response in orders.near_copies(values, chance)]
    numbers = covariates.select_dtypes("number")
    for at, response in orders.near_copies(numbers.to_numpy(np.float64), chance) if numbers.shape[1] else ():
        near.append(("covariate", str(numbers.columns[at]), names[response]))
    of_covariates = [
        (is_cut, str(name), f"{names[response]}, cut into parts," if is_cut else names[response])
        for name, column in covariates.items()
        for response, is_cut in orders.copied_by(column, n_comparisons, may_part=is_usual_covariate(name))
    ]
    of_covariates.sort(key=lambda copy: copy[0])
    # the first response that a column copies is named
    copies = {
        "feature": dict(reversed(of_features)),
        "covariate": {name: copy for _, name, copy in of_covariates[::-1]},
    }
    named = {name for columns in copies.values() for name in columns}
    near = [copy for copy in near if copy[1] not in named]
    return [_finding(kind, columns) for kind, columns in copies.items() if columns] + _near_findings(near)


def _near_findings(near: list[tuple[str, str, str]]) -> list[Finding]:
    """Kind and name of each column that agrees with a response better than that agrees with itself, and with which."""
    if not near:
        return []
    kind, column, response = near[0]
    n = len({name for _, name, _ in near})
    more = f" (and {count(n - 1, 'more column')} likewise)" if n > 1 else ""
    way = "take it out of the genotypes" if kind == "feature" else "leave it out of --covariates"
    message = (
        f"The {kind} {show_ids([column])} agrees with {response}{more} better than two measurements of one drug do "
        f"(rank correlation surely above {BETTER_THAN_REPEATS:g}): it may be made from the response. Unless it was "
        f"known before the drug was given, {way}."
    )
    return [caution("near copies of the response", message, n)]


def _response_columns(rows: TrainingRows) -> tuple[ResponseOrders, list[str]]:
    """Responses that a column could be a copy of, and their names."""
    pairs = rows.pairs
    drugs = [str(drug) for drug in pairs.drugs.index]
    table = np.full((pairs.genotypes.shape[0], len(drugs)), np.nan)
    table[pairs.sample_index, pairs.drug_index] = rows.y
    columns = [(table, [f"the response to {drug}" if len(drugs) > 1 else "the response" for drug in drugs])]
    if "tissue" in pairs.covariates:
        usual = pd.DataFrame(table).groupby(pairs.covariates["tissue"].to_numpy(), dropna=False).transform("mean")
        columns.append((table - usual.to_numpy(), [f"{name} beside that of its tissue" for name in columns[0][1]]))
    if len(drugs) > 1:
        columns.append((means_of(table), ["the mean response of the samples"] * 2))
    happened = None if pairs.observed is None else pairs.observed.happened
    if happened is not None:
        events = np.full(table.shape, np.nan)
        events[pairs.sample_index, pairs.drug_index] = happened
        columns.insert(0, (events, [f"the event of {drug}" if len(drugs) > 1 else "the event" for drug in drugs]))
    values = np.concatenate([table for table, _ in columns], axis=1)
    n_classes = len(drugs) if happened is not None or pairs.outcome.has_classes else 0
    return ResponseOrders(values, n_classes), [name for _, names in columns for name in names]


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


def _continuous_features(genotypes: Genotypes) -> Iterator[tuple[NDArray[np.intp], NDArray[np.float64]]]:
    """Columns with numbers that are no count of alleles, some at a time."""
    if genotypes.is_stored:
        wanted = np.flatnonzero(survey_of(genotypes).n_fine >= FEWEST // 2)
        for some, block in genotypes.blocks(wanted):
            yield some, block.astype(np.float64)
        return
    values = genotypes.values
    data = values.data
    odd = np.isfinite(data) & ((data != np.rint(data)) | (np.abs(data) > 2))
    columns = np.flatnonzero(np.bincount(values.indices[odd], minlength=values.shape[1]) >= FEWEST // 2)
    by_column = sparse.csc_array(values[:, columns]) if len(columns) else None
    for start in range(0, len(columns), _AT_ONCE):
        cut = slice(start, start + _AT_ONCE)
        yield columns[cut], by_column[:, cut].toarray().astype(np.float64)  # type: ignore[index]
