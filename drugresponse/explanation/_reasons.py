"""One prediction after the other as a short sum: means, covariates, the strongest features, and the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.explanation._part_values import PartValues
from drugresponse.learners.contributions import LEADING, Contributions

__all__ = ["REASON_COLUMNS", "part_names", "reasons_of", "sort_reasons"]

REASON_COLUMNS = ("sample_id", "drug_id", "prediction", "place", "kind", "feature_id", "gene", "value", "contribution")
_SUMMED = {**LEADING, "covariate": "covariates"}


def part_names(parts: pd.DataFrame) -> NDArray[np.object_]:
    """`(n_parts,)` what a part is called: its feature, and the treatment arm where it acts in one.

    Examples
    --------
    >>> part_names(pd.DataFrame({"feature_id": ["KRAS", "KRAS"], "arm": ["", "arm=B"]})).tolist()
    ['KRAS', 'KRAS x arm=B']
    """
    ids, arms = parts["feature_id"].astype(object), parts["arm"].astype(object)
    return ids.where(arms == "", ids + " x " + arms).to_numpy(dtype=object)


def reasons_of(
    explained: Contributions,
    parts: pd.DataFrame,
    values: PartValues,
    pairs: Pairs,
    rows: NDArray[np.intp],
    n_strongest: int,
) -> pd.DataFrame:
    """Reasons of some predictions of one drug.

    Parameters
    ----------
    explained
        The parts of the drug's predictions.
    parts, values, pairs
        What the columns of `explained` are, their values, and the pairs that were asked for.
    rows
        Which of the rows of `explained`.
    n_strongest
        Genotype parts told one by one.

    Returns
    -------
    pandas.DataFrame
        Columns `sample_id, drug_id, prediction, place, kind, feature_id, gene, value, contribution`, places from 1.
        Each kind of part other than genotype is one row (its sum), then come the genotype parts that are largest in
        size, the sum of all other genotype parts (kind `other`), and what the learner's method leaves unexplained
        (`gap`). The contributions of a prediction sum to it. `value` is the sample's value of the feature.
    """
    table, gaps = explained.values[rows], explained.gaps[rows]
    kinds = parts["kind"].to_numpy(dtype=object)
    genotype = np.flatnonzero(kinds == "genotype")
    summed = {kind: words for kind, words in _SUMMED.items() if (kinds == kind).any()}
    body = table[:, genotype]
    strongest = np.argsort(-np.abs(body), axis=1, kind="stable")[:, :n_strongest]
    rest = body.copy()
    np.put_along_axis(rest, strongest, 0.0, axis=1)
    at = genotype[strongest]
    sample = pairs.sample_index[explained.rows[rows]]
    n_rows, n_other = len(rows), len(genotype) - at.shape[1]
    before = [table[:, kinds == kind].sum(axis=1) for kind in summed]
    contributions = np.column_stack([*before, np.take_along_axis(body, strongest, axis=1), rest.sum(axis=1), gaps])

    def in_order(first: list[Any], features: NDArray[Any], last: list[Any]) -> NDArray[np.object_]:
        sides = [np.tile(np.array(side, dtype=object), (n_rows, 1)) for side in (first, last)]
        return np.hstack([sides[0], features, sides[1]]).ravel()

    n_places, shown = contributions.shape[1], values.shown[sample[:, None], at]
    return pd.DataFrame(
        {
            "sample_id": np.repeat(pairs.genotypes.sample_ids.to_numpy(dtype=object)[sample], n_places),
            "drug_id": explained.drug_id,
            "prediction": np.repeat(table.sum(axis=1) + gaps, n_places),
            "place": np.tile(np.arange(1, n_places + 1), n_rows),
            "kind": in_order(list(summed), np.full(at.shape, "genotype", dtype=object), ["other", "gap"]),
            "feature_id": in_order(
                list(summed.values()), part_names(parts)[at], [f"{n_other} other features", "not attributed"]
            ),
            "gene": in_order([""] * len(summed), parts["gene"].to_numpy(dtype=object)[at], ["", ""]),
            "value": in_order([np.nan] * len(summed), shown, [np.nan] * 2).astype(np.float64),
            "contribution": contributions.ravel(),
        },
        columns=list(REASON_COLUMNS),
    )


def sort_reasons(tables: list[pd.DataFrame], pairs: Pairs) -> pd.DataFrame:
    """Reasons of all drugs as one table: sample by sample and drug by drug in the order of the pairs."""
    if not tables:
        return pd.DataFrame(columns=list(REASON_COLUMNS))
    together = pd.concat(tables, ignore_index=True)
    sample = pairs.genotypes.sample_ids.get_indexer(pd.Index(together["sample_id"]))
    drug = pairs.drugs.index.get_indexer(pd.Index(together["drug_id"]))
    return together.iloc[np.lexsort((together["place"].to_numpy(), drug, sample))].reset_index(drop=True)
