"""What a row leaves open of a mutation: which effect it has, or which protein change it is."""

from __future__ import annotations

import pandas as pd

from drugresponse.readers.alterations.classes import EFFECTS, SMALL_MUTATIONS, parse_protein_change

__all__ = ["HOTSPOT", "unknown_to_model", "untold"]

HOTSPOT = "hotspot"
"""The effect of a feature that is one protein change."""
_UNSPECIFIC = "mutation"
_SPECIFIC = tuple(effect for effect in SMALL_MUTATIONS if effect != _UNSPECIFIC)
_MUTATION = ["sample", "gene"]


def untold(altered: pd.DataFrame, features: pd.DataFrame) -> pd.DataFrame:
    """The features of which the rows of a sample do not tell whether it bears them.

    A gene of which nothing is told but that it is mutated may be so in any way; a missense mutation without its protein
    change may be any of these. A row that leaves it open says nothing beside one that tells it.

    Parameters
    ----------
    altered
        Distinct rows `sample, gene, effect, change`.
    features
        Index `feature_id`, columns `gene, effect`.

    Returns
    -------
    pandas.DataFrame
        Distinct `sample, feature_id`.

    Examples
    --------
    >>> rows = [("s1", "BRAF", "missense", ""), ("s2", "BRAF", "mutation", ""), ("s3", "BRAF", "missense", "K601E")]
    >>> table = pd.DataFrame({"gene": "BRAF", "effect": ["missense", "hotspot"]}, index=["BRAF_missense", "BRAF_V600E"])
    >>> untold(pd.DataFrame(rows, columns=["sample", "gene", "effect", "change"]), table).to_numpy().tolist()
    [['s1', 'BRAF_V600E'], ['s2', 'BRAF_missense'], ['s2', 'BRAF_V600E']]
    """
    told = altered[altered["effect"].isin(_SPECIFIC)]
    without_change = _beside_none(told[told["change"] == ""], told[told["change"] != ""], [*_MUTATION, "effect"])
    without_effect = _beside_none(altered[altered["effect"] == _UNSPECIFIC], told, _MUTATION)
    narrow = features[features["effect"].isin((*_SPECIFIC, HOTSPOT))].rename_axis("feature_id").reset_index()
    classes = [
        _class_of_change(feature_id[len(gene) + 1 :]) if effect == HOTSPOT else ""
        for feature_id, gene, effect in narrow[["feature_id", "gene", "effect"]].itertuples(index=False)
    ]
    narrow["of"] = pd.Series(classes, dtype=object)
    changes = without_change.merge(
        narrow[["feature_id", "gene", "of"]], left_on=["gene", "effect"], right_on=["gene", "of"]
    )
    effects = without_effect.merge(narrow[["feature_id", "gene"]], on="gene")
    columns = ["sample", "feature_id"]
    return pd.concat([changes[columns], effects[columns]]).drop_duplicates(ignore_index=True)


def unknown_to_model(altered: pd.DataFrame, wanted: pd.DataFrame) -> pd.DataFrame:
    """The features of a model in whose gene a sample bears a term of no known class that the model does not know.

    What it means for the gene is not known, which is not that the gene is unaltered.

    Parameters
    ----------
    altered
        Distinct rows `sample, gene, effect, change`.
    wanted
        Index `feature_id`, column `gene`, of the model.

    Returns
    -------
    pandas.DataFrame
        Distinct `sample, gene, effect, feature_id`.

    Examples
    --------
    >>> rows = [("s1", "EGFR", "exon 19", ""), ("s2", "FLT3", "ITD", "")]
    >>> model = pd.DataFrame({"gene": ["EGFR", "FLT3"]}, index=["EGFR_inframe", "FLT3_ITD"])
    >>> unknown_to_model(pd.DataFrame(rows, columns=["sample", "gene", "effect", "change"]), model)["sample"].tolist()
    ['s1']
    """
    new = altered[~altered["effect"].isin(EFFECTS)]
    new = new[~(new["gene"] + "_" + new["effect"]).isin(wanted.index)]
    known = wanted.rename_axis("feature_id").reset_index()[["feature_id", "gene"]]
    return new[["sample", "gene", "effect"]].merge(known, on="gene").drop_duplicates(ignore_index=True)


def _beside_none(rows: pd.DataFrame, others: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows whose keys none of the others has."""
    return rows[~pd.MultiIndex.from_frame(rows[keys]).isin(pd.MultiIndex.from_frame(others[keys]))]


def _class_of_change(change: str) -> str:
    parsed = parse_protein_change(change)
    return parsed[1] if parsed else ""
