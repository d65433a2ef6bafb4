"""The table of predictions: what was found of each sample, and what to be careful about."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.features.samples import align_features
from drugresponse.models.intervals import CLAIMED_SCHEMES

__all__ = ["NOT_CLAIMED", "PREDICTION_COLUMNS", "prediction_table", "share_of_weight", "with_bounds"]

PREDICTION_COLUMNS = (
    "sample_id",
    "drug_id",
    "prediction",
    "lower",
    "upper",
    "baseline",
    "sample_seen",
    "drug_seen",
    "features_found",
    "flag",
)
NOT_CLAIMED = "coverage-not-claimed"
"""Flag of rows that have bounds in a scheme whose new rows may be unlike the held-out ones."""


def share_of_weight(
    features: list[tuple[str, str]], weights: NDArray[np.float64], genotypes: Genotypes
) -> NDArray[np.float64]:
    """`(n_samples,)` share of a model's weight that each sample's known features hold; 1 without genotype.

    Parameters
    ----------
    features, weights
        Of the model, as `PairRegressor.feature_weights` gives them.
    genotypes
        Samples whose features are looked for by id.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[1, float("nan")], [0, 1]], ["s1", "s2"], ["KRAS", "TP53"])
    >>> share_of_weight([("altered", "KRAS"), ("altered", "TP53")], np.array([0.7, 0.3]), genotypes).tolist()
    [0.7, 1.0]
    """
    if not weights.any():
        return np.ones(genotypes.shape[0])
    at = align_features(pd.MultiIndex.from_tuples(features), genotypes.features)
    here = np.bincount(at[at >= 0], weights[at >= 0], minlength=genotypes.shape[1])
    missing = genotypes.missing().astype(np.float64) @ here
    return np.clip(np.round(here.sum() - missing, 9), 0.0, 1.0)


def prediction_table(
    asked: Pairs,
    predicted: NDArray[np.float64],
    baseline: NDArray[np.float64],
    *,
    scheme: str,
    found: NDArray[np.float64],
    least: float,
    sample_seen: NDArray[np.bool_],
    drug_seen: NDArray[np.bool_],
) -> pd.DataFrame:
    """One row for each pair, with the columns of the predictions table.

    Parameters
    ----------
    asked
        What was asked for.
    predicted, baseline
        `(n_pairs,)` of the model and of the finest naive prediction.
    scheme
        That the model was trained for.
    found, least
        `(n_samples,)` share of the model's weight, and the least share with which a sample is predicted.
    sample_seen, drug_seen
        `(n_samples,)` and `(n_drugs,)` whether training had them.
    """
    enough = (found >= least)[asked.sample_index]
    seen, known = sample_seen[asked.sample_index], drug_seen[asked.drug_index]
    columns = {
        "sample_id": asked.sample_ids,
        "drug_id": asked.drug_ids,
        "prediction": np.where(enough, predicted, np.nan),
        "lower": np.nan,
        "upper": np.nan,
        "baseline": baseline,
        "sample_seen": seen,
        "drug_seen": known,
        "features_found": found[asked.sample_index],
        "flag": _flags(asked, scheme, seen, known, enough),
    }
    return pd.DataFrame(columns)[list(PREDICTION_COLUMNS)]


def with_bounds(
    table: pd.DataFrame, lower: NDArray[np.float64], upper: NDArray[np.float64], scheme: str
) -> pd.DataFrame:
    """The table of predictions with bounds where the rows are such as were held out at training.

    Parameters
    ----------
    table
        As `prediction_table` gives it.
    lower, upper
        `(n_rows,)`, NaN without bounds. They are left out of rows outside the scheme, and of samples that training
        had where the scheme is about new ones.
    scheme
        That the model was trained for.
    """
    codes, words = pd.factorize(table["flag"])
    outside = np.array(["outside-scheme" in each.split(";") for each in words], dtype=bool)[codes]
    known = table["sample_seen"].to_numpy(dtype=bool) & (not find_scheme(scheme).sample_effect)
    bounded = np.isfinite(lower) & np.isfinite(upper) & table["prediction"].notna().to_numpy() & ~outside & ~known
    flags = table["flag"].to_numpy(dtype=object, copy=True)
    if scheme not in CLAIMED_SCHEMES:
        flags[bounded] = [f"{flag};{NOT_CLAIMED}" if flag else NOT_CLAIMED for flag in flags[bounded]]
    return table.assign(lower=np.where(bounded, lower, np.nan), upper=np.where(bounded, upper, np.nan), flag=flags)


def _flags(
    asked: Pairs, name: str, seen: NDArray[np.bool_], known: NDArray[np.bool_], enough: NDArray[np.bool_]
) -> NDArray[np.object_]:
    scheme = find_scheme(name)
    structure = (asked.drugs["smiles"] != "").to_numpy()[asked.drug_index]
    conditions = {
        "new-drug": ~known,
        "seen-sample": seen,
        "few-features": ~enough,
        "no-structure": ~structure & (~known | (not scheme.drug_effect)),
        "outside-scheme": (scheme.drug_effect & ~known) | (scheme.sample_effect & ~seen),
    }
    flags = np.full(len(asked), "", dtype=object)
    for word, here in conditions.items():
        flags[here] = [f"{flag};{word}" if flag else word for flag in flags[here]]
    return flags
