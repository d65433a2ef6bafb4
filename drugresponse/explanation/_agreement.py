"""Features that both the association and the model name, beside those that only one of them does."""

from __future__ import annotations

import numpy as np
import pandas as pd

__all__ = ["AGREEMENT_COLUMNS", "VERDICTS", "agreement"]

AGREEMENT_COLUMNS = (
    "drug_id",
    "feature_id",
    "gene",
    "association_rank",
    "q",
    "attribution_rank",
    "stability",
    "effect_association",
    "effect_attribution",
    "same_direction",
    "verdict",
)
VERDICTS = ("both", "association only", "model only")
_KEYS = ["drug_id", "block", "feature_id"]


def agreement(
    associations: pd.DataFrame, attributions: pd.DataFrame, *, largest_q: float = 0.05, largest_rank: int = 10
) -> pd.DataFrame:
    """Put what the association names beside what the model names.

    The association names a feature with a q of at most `largest_q`. The model names a genotype feature with a rank of
    at most `largest_rank` that is above noise; where that was not asked, the rank alone counts. Features of one group
    are one thing: a group is named when one of its members is.

    Parameters
    ----------
    associations
        Columns `drug_id, block, feature_id, gene, effect, p, q, rank, group`; a feature whose group is empty is a group
        of its own.
    attributions
        As `attribution_table` writes it; covariates and interactions with an arm are left out.
    largest_q, largest_rank
        Limits of the names.

    Returns
    -------
    pandas.DataFrame
        Columns `drug_id, feature_id, gene, association_rank, q, attribution_rank, stability, effect_association,
        effect_attribution, same_direction, verdict`; a row for each group that is named. It bears the id of the member
        with the smallest p, or, of `model only`, the smallest attribution rank; the effects are of this
        member, ranks, q and stability the best of the group. `same_direction` is missing where an effect is.
        `verdict` is `both`, `association only` or `model only`. Those that both name come first, the most stable first,
        then by q, attribution rank, drug and feature.

    Examples
    --------
    >>> tested = pd.DataFrame({"drug_id": "d", "block": "m", "feature_id": ["A", "B"], "gene": "", "effect": [1.0, 0.1],
    ...                       "p": [1e-4, 0.6], "q": [2e-4, 0.6], "rank": [1, 2], "group": ["g1", "g2"]})
    >>> named = pd.DataFrame({"drug_id": "d", "block": "m", "feature_id": ["A", "B"], "gene": "", "kind": "genotype",
    ...                      "arm": "", "effect": [0.5, 0.2], "rank": [2, 1], "stability": [1.0, 0.2],
    ...                      "above_noise": [True, True]})
    >>> agreement(tested, named)[["feature_id", "same_direction", "verdict"]].values.tolist()
    [['A', True, 'both'], ['B', True, 'model only']]
    """
    rows = _joined(associations, attributions)
    rows["by_association"] = rows["q"] <= largest_q
    above = rows["above_noise"].astype("boolean").fillna(True).astype(bool)
    rows["by_model"] = (rows["attribution_rank"] <= largest_rank) & above
    grouped = rows.groupby(["drug_id", "group"], sort=False)
    named = {name: grouped[name].transform("any") for name in ("by_association", "by_model")}
    rows = rows.assign(
        **named,
        q=grouped["q"].transform("min"),
        stability=grouped["stability"].transform("max"),
        best_association=grouped["association_rank"].transform("min"),
        best_attribution=grouped["attribution_rank"].transform("min"),
    )[named["by_association"] | named["by_model"]]
    leader = np.where(rows["by_association"], rows["p"], rows["attribution_rank"])
    order = rows.assign(leader=leader).sort_values(["drug_id", "group", "leader", "attribution_rank", "feature_id"])
    led = order.drop_duplicates(["drug_id", "group"]).drop(columns=["association_rank", "attribution_rank"])
    led = led.rename(columns={"best_association": "association_rank", "best_attribution": "attribution_rank"})
    number = np.where(led["by_association"], np.where(led["by_model"], 0, 1), 2)
    led = led.assign(
        verdict=np.array(VERDICTS, dtype=object)[number],
        same_direction=_same_direction(led),
        number=number,
        unstable=-led["stability"].fillna(0.0),
    )
    sort_by = ["number", "unstable", "q", "attribution_rank", "drug_id", "feature_id"]
    led = led.sort_values(sort_by, kind="stable", ignore_index=True)
    return led[list(AGREEMENT_COLUMNS)].astype({"association_rank": "Int64", "attribution_rank": "Int64"})


def _joined(associations: pd.DataFrame, attributions: pd.DataFrame) -> pd.DataFrame:
    """One row for each drug and feature that either table has, and its group."""
    tested = associations[[*_KEYS, "gene", "effect", "p", "q", "rank", "group"]]
    tested = tested.rename(columns={"effect": "effect_association", "rank": "association_rank"})
    plain = attributions[(attributions["kind"] == "genotype") & (attributions["arm"] == "")]
    attributed = plain[[*_KEYS, "gene", "effect", "rank", "stability", "above_noise"]]
    attributed = attributed.rename(
        columns={"effect": "effect_attribution", "rank": "attribution_rank", "gene": "attributed_gene"}
    )
    rows = tested.merge(attributed, on=_KEYS, how="outer")
    gene = rows["gene"].where(rows["gene"].notna() & (rows["gene"] != ""), rows["attributed_gene"]).fillna("")
    features = pd.MultiIndex.from_frame(rows[["block", "feature_id"]])
    # a group holds for all drugs, also for those in which the feature was not tested
    groups = pd.Series(rows["group"].to_numpy(dtype=object), index=features)
    groups = groups[groups.notna() & (groups != "")].map(str)
    known = groups[~groups.index.duplicated()].reindex(features).to_numpy(dtype=object)
    alone = "\t" + rows["block"].astype(str) + "\t" + rows["feature_id"].astype(str)
    group = pd.Series(known, index=rows.index).where(pd.notna(known), alone)
    return rows.assign(gene=gene, group=group)


def _same_direction(rows: pd.DataFrame) -> pd.Series:
    product = np.sign(rows["effect_association"]) * np.sign(rows["effect_attribution"])
    return (product > 0).astype("boolean").where(product.notna())
