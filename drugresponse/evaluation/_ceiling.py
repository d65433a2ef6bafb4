"""What a perfect model could reach: the share of the responses' variance that is not measurement noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.metrics import rounding
from drugresponse.data.tables import Responses
from drugresponse.evaluation.summary import NoiseCeiling

__all__ = ["MINIMUM_REPEATED", "noise_ceiling"]

MINIMUM_REPEATED = 10
"""Fewest pairs with several measurements from which the noise is told."""


def noise_ceiling(responses: Responses, rows: TrainingRows) -> NoiseCeiling | None:
    """The reliability of the responses as scored, from pairs that were measured more than once.

    The variance of one measurement around its pair's mean is pooled over repeated pairs, and taken to be the same for
    all. A response that averages n measurements bears that variance / n. Reliability is 1 - the mean noise variance of
    the scored responses / their variance within drugs, cut to 0 to 1. Source: Lord and Novick 1968, "Statistical
    theories of mental test scores". Whatever differs between the measurements of a pair counts as noise, also between
    studies; an error that they share does not, and makes the ceiling too high.

    Parameters
    ----------
    responses
        As read, with their `replicates`; pairs that are censored are not asked, since a limit repeats itself.
    rows
        The pairs that are scored.

    Returns
    -------
    NoiseCeiling or None
        None with fewer than 10 repeated pairs, where responses do not vary within any drug, and of an outcome that is
        no measured number.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=4, n_features=20)
    >>> once = cohort.responses.table
    >>> noise = np.random.default_rng(0).normal(0, 0.5, (2, len(once)))
    >>> twice = pd.concat([once.assign(response=once["response"] + error) for error in noise])
    >>> from drugresponse.data.joining import join_training_rows
    >>> responses = Responses.build(twice)
    >>> ceiling = noise_ceiling(responses, join_training_rows(cohort.genotypes, responses, None, None))
    >>> round(ceiling.noise_sd, 1), ceiling.n_pairs == len(once)
    (0.5, True)
    """
    if responses.outcome.kind != "continuous":
        return None
    repeated = _uncensored(responses)
    if len(repeated) < MINIMUM_REPEATED:
        return None
    freedom = repeated["n"].to_numpy(dtype=np.float64) - 1
    noise = float(np.average(repeated["variance"].to_numpy(), weights=freedom))
    spread = _variance_within_drugs(rows)
    if not spread > rounding(rows.y) ** 2:
        return None
    of_scored = noise * float(np.mean(1 / _measurements(responses, rows)))
    reliability = float(np.clip(1 - of_scored / spread, 0.0, 1.0))
    return NoiseCeiling(len(repeated), float(np.sqrt(noise)), reliability, float(np.sqrt(reliability)))


def _uncensored(responses: Responses) -> pd.DataFrame:
    table = responses.table
    free = table.loc[table["censor"] == "none", ["sample_id", "drug_id"]]
    return responses.replicates.merge(free, on=["sample_id", "drug_id"])


def _measurements(responses: Responses, rows: TrainingRows) -> NDArray[np.float64]:
    """`(n_rows,)` how many measurements each scored response averages."""
    keys = pd.DataFrame({"sample_id": rows.pairs.sample_ids, "drug_id": rows.pairs.drug_ids})
    repeated = keys.merge(responses.replicates[["sample_id", "drug_id", "n"]], on=["sample_id", "drug_id"], how="left")
    return repeated["n"].fillna(1).to_numpy(dtype=np.float64)


def _variance_within_drugs(rows: TrainingRows) -> float:
    """Unbiased variance around the drugs' means, pooled over drugs; NaN where no drug has two rows."""
    drugs = rows.pairs.drug_index
    counts = np.bincount(drugs)
    means = np.bincount(drugs, rows.y) / np.maximum(counts, 1)
    freedom = float(np.maximum(counts - 1, 0).sum())
    return float(((rows.y - means[drugs]) ** 2).sum() / freedom) if freedom else float("nan")
