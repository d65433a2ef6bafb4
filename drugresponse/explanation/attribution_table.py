"""The table of attributions: effects, their spread over refits, ranks, and directions in words."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.tables import Measure
from drugresponse.explanation._attributions import PartEffects
from drugresponse.explanation._noise import Noise
from drugresponse.explanation._refits import Spread

__all__ = ["ATTRIBUTION_COLUMNS", "SignedImportance", "attribution_table", "direction_words", "signed_importance"]

ATTRIBUTION_COLUMNS = (
    "drug_id",
    "feature_id",
    "gene",
    "effect",
    "lower",
    "upper",
    "n_carriers",
    "rank",
    "block",
    "kind",
    "arm",
    "importance",
    "direction",
    "stability",
    "above_noise",
)
_WORDS = {
    "sensitive": ("resistant", "sensitive"),
    "resistant": ("sensitive", "resistant"),
    "dose": ("lower dose", "higher dose"),
}
_OF_TIMES = ("later event", "sooner event")


def direction_words(
    effect: NDArray[np.float64], measure: Measure, outcome: Outcome = CONTINUOUS
) -> NDArray[np.object_]:
    """What carrying more of a feature goes with: sensitive, resistant, or no more than lower and higher.

    Effects on times are those on the hazard, against what is said of longer times: an event is sooner or later.

    Examples
    --------
    >>> direction_words(np.array([-1.0, 2.0, np.nan]), Measure("ln_ic50", "uM", "resistant")).tolist()
    ['sensitive', 'resistant', '']
    >>> direction_words(np.array([-1.0, 0.0]), Measure()).tolist()
    ['lower', '']
    >>> direction_words(np.array([0.7]), Measure(higher_means="sensitive"), Outcome("time-to-event")).tolist()
    ['sooner event']
    """
    of_numbers = _WORDS.get(measure.higher_means or "", ("lower", "higher"))
    less, more = _OF_TIMES if outcome.kind == "time-to-event" else of_numbers
    return np.select([effect > 0, effect < 0], [more, less], "").astype(object)


def attribution_table(
    effects: PartEffects,
    measure: Measure | None = None,
    *,
    outcome: Outcome = CONTINUOUS,
    spread: Spread | None = None,
    noise: Noise | None = None,
) -> pd.DataFrame:
    """Write the effects down as rows.

    Parameters
    ----------
    effects
        As `attribute` gives them.
    measure
        What the response means; None claims no direction.
    outcome
        What a response is.
    spread, noise
        As `spread_over_refits` and `noise_of_copies` give them; None leaves their columns missing.

    Returns
    -------
    pandas.DataFrame
        Columns `drug_id, feature_id, gene, effect, lower, upper, n_carriers, rank, block, kind, arm, importance,
        direction, stability, above_noise`; see `PartEffects`, `Spread` and `Noise`. Drugs in their order; of each the
        genotype features by rank, then the covariates by theirs.

    Examples
    --------
    >>> parts = pd.DataFrame({"kind": "genotype", "block": "m", "feature_id": ["A", "B"], "gene": "", "arm": ""})
    >>> one = np.array([[0.1, -0.5]])
    >>> effects = PartEffects(pd.Index(["d"]), parts, one, np.abs(one), np.array([[3, 4]], dtype=np.int32))
    >>> table = attribution_table(effects, Measure(higher_means="sensitive"))
    >>> table[["feature_id", "rank", "direction"]].values.tolist()
    [['B', 1, 'resistant'], ['A', 2, 'sensitive']]
    """
    ranks = effects.ranks()
    kind = (effects.parts["kind"] == "covariate").to_numpy()
    n_drugs, n_parts = ranks.shape
    order = np.argsort(np.where(kind, n_parts, 0) + ranks, axis=1, kind="stable")
    cell = np.repeat(np.arange(n_drugs), n_parts), order.ravel()
    missing = np.broadcast_to(np.nan, ranks.shape)
    above = pd.array(np.zeros(len(cell[0]), dtype=bool), dtype="boolean")
    above[:] = pd.NA if noise is None else noise.above[cell]
    above[kind[cell[1]]] = pd.NA
    columns = {name: effects.parts[name].to_numpy(dtype=object)[cell[1]] for name in effects.parts.columns}
    table = pd.DataFrame(
        {
            **columns,
            "drug_id": effects.drug_ids.to_numpy(dtype=object)[cell[0]],
            "effect": effects.effect[cell],
            "lower": (missing if spread is None else spread.lower)[cell],
            "upper": (missing if spread is None else spread.upper)[cell],
            "n_carriers": effects.n_carriers[cell],
            "rank": ranks[cell],
            "importance": effects.importance[cell],
            "direction": direction_words(effects.effect[cell], measure or Measure(), outcome),
            "stability": (missing if spread is None else spread.stability)[cell],
            "above_noise": above,
        }
    )
    return table[list(ATTRIBUTION_COLUMNS)]


@dataclass(frozen=True, eq=False)
class SignedImportance:
    """The genotype rows of an attribution table as a matrix.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)` in the order of the table.
    features
        `(n_features,)` rows `block, feature_id, gene`, ordered by block and feature.
    values
        `(n_drugs, n_features)` float64: importance, with the sign of the effect; 0 where the table has no row.
    """

    drug_ids: pd.Index
    features: pd.DataFrame
    values: NDArray[np.float64]


def signed_importance(attributions: pd.DataFrame) -> SignedImportance:
    """How strongly and in which direction each feature moves each drug; interactions with an arm are left out.

    Parameters
    ----------
    attributions
        As `attribution_table` writes it.

    Examples
    --------
    >>> rows = pd.DataFrame({"drug_id": ["d"], "block": ["m"], "feature_id": ["A"], "gene": ["A"], "kind": ["genotype"],
    ...                      "arm": [""], "effect": [-2.0], "importance": [0.5]})
    >>> signed_importance(rows).values.tolist()
    [[-0.5]]
    """
    plain = attributions[(attributions["kind"] == "genotype") & (attributions["arm"] == "")]
    drug, drug_ids = pd.factorize(plain["drug_id"])
    features = plain[["block", "feature_id", "gene"]].drop_duplicates(["block", "feature_id"])
    features = features.sort_values(["block", "feature_id"], kind="stable").reset_index(drop=True)
    keys = pd.MultiIndex.from_frame(features[["block", "feature_id"]])
    at = keys.get_indexer(pd.MultiIndex.from_frame(plain[["block", "feature_id"]]))
    signed = np.sign(plain["effect"].fillna(0.0)) * plain["importance"]
    cells = sparse.coo_array((signed.to_numpy(), (drug, at)), shape=(len(drug_ids), len(features)))
    return SignedImportance(pd.Index(drug_ids, name="drug_id"), features, cells.toarray())
