"""How much of a model's genotype new samples have: shares, what is absent, and how alleles were brought together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.report.figures import Bar, bars
from drugresponse.report.page import (
    Html,
    count,
    identity,
    joined,
    list_items,
    number,
    paragraph,
    percent,
    section,
    table,
)

__all__ = ["MOST_ABSENT", "features_section"]

MOST_ABSENT = 10
_FOUND = ((1.0, "all"), (0.9, "90% or more"), (0.75, "75% to 90%"), (0.5, "50% to 75%"), (0.0, "less than 50%"))
_WHY = {
    "absent": "not in the genotypes",
    "conflict": "alleles, strand or place in doubt",
    "never called": "missing in every sample",
}


def features_section(predictions: pd.DataFrame, manifest: Mapping[str, Any], match: FeatureMatch | None = None) -> Html:
    """The section of a page of predictions about the features that the samples have.

    Parameters
    ----------
    predictions
        Columns `sample_id, features_found`.
    manifest
        `DrugResponseModel.manifest_` of the model.
    found
        What the samples have of the model's features; None leaves out what a table of predictions does not tell.
    """
    title = "How much of the model's genotype the samples have"
    if not manifest["features"]["used"]:
        return section(title, paragraph("The model uses no genotype, so nothing can be missing."))
    shares = predictions.groupby("sample_id", sort=True)["features_found"].first().to_numpy(dtype=np.float64)
    complete = bool((shares >= 1).all())
    parts = [paragraph("Every feature that the model uses is known in every sample.")] if complete else _shares(shares)
    if match is not None:
        parts += [list_items(_facts(match)), _absent(match)]
    return section(title, *parts)


def _shares(shares: NDArray[np.float64]) -> list[Html]:
    rows, above = [], np.inf
    for least, words in _FOUND:
        n = int(((shares >= least) & (shares < above)).sum())
        rows.append(Bar(words, count(n, "sample"), float(n), "model"))
        above = least
    explained = (
        f"Share of the model's weight on features that are known in a sample: lowest {number(shares.min())}, median "
        f"{number(float(np.median(shares)))}, highest {number(shares.max())}. What is not known is taken as the mean "
        "of the training samples, so that the prediction moves towards the average; trees may take the branch that "
        "they learned for missing values."
    )
    figure = Html(f"<figure>{bars(rows, 'Samples by share of features found')}</figure>\n")
    return [figure, paragraph(explained, "quiet")]


def _facts(match: FeatureMatch) -> list[str]:
    alignment, n_absent = match.alignment, len(match.absent)
    ways = [f"{number_of:,} {words}" for words, number_of in alignment.counts().items()]
    lines = [f"Of {count(len(alignment.columns), 'feature')} of the training: {joined(ways)}."]
    if alignment.moved:
        lines.append(
            f"Positions differ for {percent(alignment.moved)} of the variants that have the same id, as in another "
            "genome build; variants were found by id, as far as their alleles agree."
        )
    lines.append(
        f"Of {count(match.n_features, 'feature')} with weight in the model {n_absent:,} are in none of the samples; "
        f"these hold {percent(float(match.absent['share'].sum()))} of the weight."
    )
    if match.n_calls:
        lines.append(
            f"Of {count(match.n_calls, 'call')} of the others {match.n_missing:,} "
            f"({percent(match.n_missing / match.n_calls)}) are missing and taken as the mean of the training samples."
        )
    return lines


def _absent(match: FeatureMatch) -> Html:
    if match.absent.empty:
        return Html()
    first = match.absent.head(MOST_ABSENT)
    shown = zip(first["feature_id"], first["share"], first["why"], strict=True)
    rows = [[identity(name), _WHY[str(why)], percent(float(share))] for name, share, why in shown]
    left = len(match.absent) - MOST_ABSENT
    more = f"{count(left, 'feature')} of less weight not shown." if left > 0 else ""
    columns = ["Feature that no sample has", "Why", "Share of the weight"]
    return Html(table(columns, rows, words=2, caption="By falling weight") + paragraph(more, "quiet"))
