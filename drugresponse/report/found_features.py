"""How much of a model's genotype new samples have: shares, what is absent, and how alleles were brought together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.model.feature_weights import FeatureMatch
from drugresponse.plots.canvas import drawing_on, head
from drugresponse.plots.rows import Row, draw_bars, height_of
from drugresponse.report.blocks import Block, Cell, Columns, Figure, Items, Part, Table, Words
from drugresponse.report.page import count, joined, number, percent
from drugresponse.report.pictures import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["MOST_ABSENT", "features_part"]

MOST_ABSENT = 10
_FOUND = ((1.0, "all"), (0.9, "90% or more"), (0.75, "75% to 90%"), (0.5, "50% to 75%"), (0.0, "less than 50%"))
_WHY = {
    "absent": "not in the genotypes",
    "conflict": "alleles, strand or place in doubt",
    "never called": "missing in every sample",
}


def features_part(predictions: pd.DataFrame, manifest: Mapping[str, Any], match: FeatureMatch | None = None) -> Part:
    """The part of a page of predictions about the features that the samples have.

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
        return Part(title, [Words("The model uses no genotype, so nothing can be missing.")])
    shares = predictions.groupby("sample_id", sort=True)["features_found"].first().to_numpy(dtype=np.float64)
    complete = bool((shares >= 1).all())
    words = Words("Every feature that the model uses is known in every sample.")
    more = [] if match is None else [Items(_facts(match)), *_absent(match)]
    return Part(title, [*([words] if complete else _shares(shares)), *more])


def _shares(shares: NDArray[np.float64]) -> list[Block]:
    rows, above = [], np.inf
    for least, words in _FOUND:
        n = int(((shares >= least) & (shares < above)).sum())
        rows.append(Row(words, float(n), words=count(n, "sample")))
        above = least
    words = (
        f"Share of the model's weight on features that are known in a sample: lowest {number(shares.min())}, median "
        f"{number(float(np.median(shares)))}, highest {number(shares.max())}. What is not known is taken as the mean "
        "of the training samples, so that the prediction moves towards the average; trees may take the branch that "
        "they learned for missing values."
    )

    def draw() -> Axes:
        with drawing_on(None, height_of(len(rows))) as (ax, colours):
            draw_bars(ax, rows, colours, 0.55)
            head(ax, "", "samples by share of features found")
        return ax

    return [Figure({"features": Picture("Samples by share of features found", draw)}, words)]


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


def _absent(match: FeatureMatch) -> list[Block]:
    if match.absent.empty:
        return []
    columns: Columns = {
        "Feature that no sample has": lambda row: Cell(str(row.feature_id), kind="id"),
        "Why": lambda row: _WHY[row.why],
        "Share of the weight": lambda row: percent(row.share),
    }
    left = len(match.absent) - MOST_ABSENT
    return [
        Table.of(match.absent.head(MOST_ABSENT), columns, caption="By falling weight", words=2),
        Words(f"{count(left, 'feature')} of less weight not shown." if left > 0 else "", quiet=True),
    ]
