"""Pairs that were measured more than once: what they become, and how far their measurements differ."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from drugresponse.data.outcomes.limits import place_between
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.errors import InputError, count, show_ids

__all__ = ["RESPONSE_COLUMNS", "merge_and_warn", "merge_repeats", "merge_within_studies", "no_replicates"]

logger = logging.getLogger(__name__)

RESPONSE_COLUMNS = ("sample_id", "drug_id", "response", "censor", "weight", "study")
REPLICATE_COLUMNS = ("sample_id", "drug_id", "n", "variance", "weight")
_KEYS = ["sample_id", "drug_id"]
_WAYS = {
    "binary": "has the class of most of its rows, the event where they are halves",
    "ordinal": "has the class of most of its rows, the higher where they are halves",
    "interval": "has the limits that its rows share, or all that they span; exact values become their mean",
    "time-to-event": "counts once",
}
_APART, _BEYOND = 0.5, 5.0
"""Share of the standard deviation of all responses, and times that of the usual repeats, that are far apart."""


def no_replicates() -> pd.DataFrame:
    """The table of replicates where no pair was measured more than once."""
    kinds = {"sample_id": object, "drug_id": object, "n": np.int64, "variance": np.float64, "weight": np.float64}
    return pd.DataFrame(columns=list(REPLICATE_COLUMNS)).astype(kinds)


def merge_and_warn(
    table: pd.DataFrame, outcome: Outcome, where: str
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame | None]:
    """What `merge_repeats` gives, with a warning of repeats; and of numbers of several studies a row for each study."""
    merged, replicates = merge_repeats(table, outcome, where)
    if len(merged) < len(table):
        _warn_of_repeats(table, replicates, len(table) - len(merged), outcome, where)
    in_several = outcome.kind == "continuous" and table["study"].nunique() > 1
    return merged, replicates, merge_within_studies(table) if in_several else None


def merge_repeats(
    table: pd.DataFrame, outcome: Outcome = CONTINUOUS, where: str = "responses"
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """One row for each pair, and what the repeated ones tell of the noise.

    Measured numbers become their weighted mean, classes the one of most weight, the highest of several, limits those
    that all agree with, else those that hold all; equal times count once.

    Raises
    ------
    InputError
        Times to the event of one sample and drug differ.

    Examples
    --------
    >>> rows = pd.DataFrame({"sample_id": "s", "drug_id": "d", "response": [0.0, 1.0], "censor": "none", "weight": 1.0})
    >>> merge_repeats(rows.assign(study=""), Outcome("binary", ("S", "R")))[0]["response"].tolist()
    [1.0]
    """
    table = table.sort_values(_KEYS, kind="stable").reset_index(drop=True)
    repeated = table.duplicated(_KEYS, keep=False)
    if not repeated.any():
        return table, no_replicates()
    some = table[repeated].assign(product=lambda rows: rows["response"] * rows["weight"])
    grouped = some.groupby(_KEYS, sort=False)
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
    if outcome.has_classes:
        means["response"] = _majority(some)
    elif outcome.kind == "interval":
        means = _common_limits(some, means)
    elif outcome.kind == "time-to-event":
        means = _equal_times(some, means, where)
    means = means.astype(dict.fromkeys(_KEYS, object))
    merged = pd.concat([table[~repeated], means[list(table.columns)]])
    return merged.sort_values(_KEYS, kind="stable").reset_index(drop=True), means[list(REPLICATE_COLUMNS)]


def merge_within_studies(table: pd.DataFrame) -> pd.DataFrame:
    """One row for each pair and study of measured numbers, which become their weighted mean."""
    merged = pd.concat([merge_repeats(rows)[0] for _, rows in table.groupby("study", sort=True)])
    return merged.sort_values([*_KEYS, "study"], kind="stable").reset_index(drop=True)


def _majority(some: pd.DataFrame) -> np.ndarray:
    """The class of most weight of each pair, in the order of the pairs."""
    weights = some.groupby([*_KEYS, "response"])["weight"].sum().reset_index()
    chosen = weights.sort_values([*_KEYS, "weight", "response"]).drop_duplicates(_KEYS, keep="last")
    return chosen["response"].to_numpy(dtype=np.float64)


def _common_limits(some: pd.DataFrame, means: pd.DataFrame) -> pd.DataFrame:
    """The limits of each pair: of exact values their mean, else those that its rows share, else all that they span."""
    grouped = some.groupby(_KEYS, sort=False)
    inner = grouped.agg(lower=("lower", "max"), upper=("upper", "min")).reset_index()
    outer = grouped.agg(lower=("lower", "min"), upper=("upper", "max")).reset_index()
    exact = some.assign(exact=some["lower"] == some["upper"]).groupby(_KEYS, sort=False)["exact"].all().to_numpy()
    same = (inner["lower"] == outer["lower"]) & (inner["upper"] == outer["upper"])
    shared = ((inner["lower"] < inner["upper"]) | same).to_numpy()
    mean = means["response"].to_numpy()
    limits = {name: np.where(exact, mean, np.where(shared, inner[name], outer[name])) for name in ("lower", "upper")}
    return means.assign(**limits, response=place_between(limits["lower"], limits["upper"]))


def _equal_times(some: pd.DataFrame, means: pd.DataFrame, where: str) -> pd.DataFrame:
    """The one time of each pair."""
    columns = ["response", "happened", "entry"]
    differ = some.groupby(_KEYS, sort=False)[columns].nunique().gt(1).any(axis=1)
    if differ.any():
        sample, drug = differ[differ].index[0]
        rows = some[(some["sample_id"] == sample) & (some["drug_id"] == drug)]
        shown = ", ".join(f"{row.response:g}{'' if row.happened else '+'}" for row in rows.itertuples())
        raise InputError(
            f"{where}: found different times of {sample} / {drug} ({shown}; {count(int(differ.sum()), 'such pair')}; + "
            "is censored; expected one time for each sample and drug). If the table holds several endpoints, keep the "
            "rows of one."
        )
    return means.assign(**some.groupby(_KEYS, sort=False)[[*columns, "weight"]].first().reset_index(drop=True))


def _warn_of_repeats(
    table: pd.DataFrame, replicates: pd.DataFrame, n_repeated: int, outcome: Outcome, where: str
) -> None:
    """How far repeats differ, and which as much as if they were of different pairs."""
    if outcome.kind == "continuous":
        _warn_of_spread(table, replicates, n_repeated, where)
        return
    way = _WAYS[outcome.kind]
    differing = replicates[replicates["variance"] > 0]
    shown = show_ids(f"{row.sample_id} / {row.drug_id}" for row in differing.itertuples())
    apart = f" They differ in {count(len(differing), 'pair')} ({shown})." if len(differing) else " None differ."
    logger.warning(f"{where}: {n_repeated} rows repeat a (sample, drug) pair; each such pair {way}.{apart}")


def _warn_of_spread(table: pd.DataFrame, replicates: pd.DataFrame, n_repeated: int, where: str) -> None:
    spread = np.sqrt(replicates["variance"].to_numpy(dtype=np.float64))
    usual, of_all = float(np.median(spread)), float(table["response"].std())
    logger.warning(
        f"{where}: {n_repeated} rows repeat a (sample, drug) pair; each such pair is the weighted mean of its rows. "
        f"Within pairs they differ by a standard deviation of {usual:.3g} (median), all responses by {of_all:.3g}."
    )
    studies = table.groupby(_KEYS)["study"].nunique()
    if (several := int((studies > 1).sum())) and of_all:
        logger.warning(
            f"{where}: {count(several, 'pair')} were measured in several studies; their mean has the scale of none. "
            "In the scheme new-studies they stay apart, and shifts between studies are taken off first."
        )
    apart = replicates[(spread > _APART * of_all) & (spread > _BEYOND * usual) | (spread > of_all)]
    if len(apart):
        shown = show_ids(f"{row.sample_id} / {row.drug_id}" for row in apart.itertuples())
        logger.warning(
            f"{where}: the rows of {count(len(apart), 'repeated pair')} differ as much as those of different pairs do "
            f"({shown}); their mean may be the response of none of them."
        )
