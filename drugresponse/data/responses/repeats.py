"""Pairs that were measured more than once: their mean, and how far their measurements differ."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from drugresponse.errors import count, show_ids

__all__ = ["RESPONSE_COLUMNS", "average_repeats", "no_replicates", "warn_of_repeats"]

logger = logging.getLogger(__name__)

RESPONSE_COLUMNS = ("sample_id", "drug_id", "response", "censor", "weight", "study")
REPLICATE_COLUMNS = ("sample_id", "drug_id", "n", "variance", "weight")
_APART, _BEYOND = 0.5, 5.0
"""Share of the standard deviation of all responses, and times that of the usual repeats, that are far apart."""


def no_replicates() -> pd.DataFrame:
    """The table of replicates where no pair was measured more than once."""
    kinds = {"sample_id": object, "drug_id": object, "n": np.int64, "variance": np.float64, "weight": np.float64}
    return pd.DataFrame(columns=list(REPLICATE_COLUMNS)).astype(kinds)


def average_repeats(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row for each pair, and what the repeated ones tell of the noise."""
    table = table.sort_values(["sample_id", "drug_id"], kind="stable").reset_index(drop=True)
    keys = ["sample_id", "drug_id"]
    repeated = table.duplicated(keys, keep=False)
    if not repeated.any():
        return table, no_replicates()
    some = table[repeated].assign(product=lambda rows: rows["response"] * rows["weight"])
    grouped = some.groupby(keys, sort=False)
    means = grouped.agg(
        product=("product", "sum"),
        weight=("weight", "sum"),
        censor=("censor", "first"),
        n_censors=("censor", "nunique"),
        study=("study", "first"),
        n=("response", "size"),
        variance=("response", "var"),
    ).reset_index()
    means["response"] = means["product"] / means["weight"]
    means.loc[means["n_censors"] > 1, "censor"] = "none"
    merged = pd.concat([table[~repeated], means[list(RESPONSE_COLUMNS)]])
    return merged.sort_values(keys, kind="stable").reset_index(drop=True), means[list(REPLICATE_COLUMNS)]


def warn_of_repeats(table: pd.DataFrame, replicates: pd.DataFrame, n_repeated: int, where: str) -> None:
    """How far repeats differ, and which as much as if they were of different pairs."""
    spread = np.sqrt(replicates["variance"].to_numpy(dtype=np.float64))
    usual, of_all = float(np.median(spread)), float(table["response"].std())
    logger.warning(
        f"{where}: {n_repeated} rows repeat a (sample, drug) pair; each such pair is the weighted mean of its rows. "
        f"Within pairs they differ by a standard deviation of {usual:.3g} (median), all responses by {of_all:.3g}."
    )
    apart = replicates[(spread > _APART * of_all) & (spread > _BEYOND * usual) | (spread > of_all)]
    if len(apart):
        shown = show_ids(f"{row.sample_id} / {row.drug_id}" for row in apart.itertuples())
        logger.warning(
            f"{where}: the rows of {count(len(apart), 'repeated pair')} differ as much as those of different pairs do "
            f"({shown}); their mean may be the response of none of them."
        )
