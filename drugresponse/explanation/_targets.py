"""Where the annotated targets of a drug stand among the features that move it."""

from __future__ import annotations

import pandas as pd

from drugresponse.explanation._gene_scores import split_names
from drugresponse.readers.genes.names import GeneNames

__all__ = ["TARGET_COLUMNS", "target_ranks"]

TARGET_COLUMNS = (
    "drug_id",
    "targets",
    "targets_in_model",
    "attribution_feature",
    "attribution_rank",
    "association_feature",
    "association_rank",
    "q",
    "n_features",
)


def target_ranks(
    drugs: pd.DataFrame,
    attributions: pd.DataFrame,
    associations: pd.DataFrame | None = None,
    *,
    names: GeneNames | None = None,
) -> pd.DataFrame:
    """Rank of the best feature of a target, by attribution and by association.

    Parameters
    ----------
    drugs
        Index `drug_id`, column `targets` or `target`: genes separated by `,`, `;` or `|`. Without it nothing is told.
    attributions
        As `attribution_table` writes it; genotype rows without an arm are looked at.
    associations
        Columns `drug_id, feature_id, gene, rank, q`; None leaves its columns missing.
    names
        Aliases of genes, for the targets; None takes them as written.

    Returns
    -------
    pandas.DataFrame
        A row for each drug of the attributions that has a target: `drug_id, targets, targets_in_model,
        attribution_feature, attribution_rank, association_feature, association_rank, q, n_features`. Ranks are those in
        the tables, among the `n_features` genotype features of the drug; features and ranks are missing where no
        feature is of a target.

    Examples
    --------
    >>> drugs = pd.DataFrame({"targets": ["BRAF; RAF1"]}, index=pd.Index(["d"], name="drug_id"))
    >>> rows = pd.DataFrame({"drug_id": "d", "feature_id": ["TP53_mut", "BRAF_mut"], "gene": ["TP53", "BRAF"],
    ...                      "kind": "genotype", "arm": "", "rank": [1, 2]})
    >>> target_ranks(drugs, rows)[["targets", "targets_in_model", "attribution_rank"]].values.tolist()
    [['BRAF,RAF1', 'BRAF', 2]]
    """
    column = next((name for name in ("targets", "target") if name in drugs.columns), None)
    if column is None:
        return pd.DataFrame(columns=list(TARGET_COLUMNS))
    annotated = drugs[column].fillna("").map(split_names)
    if names is not None:
        annotated = annotated.map(lambda genes: [names.current(gene) for gene in genes])
    plain = attributions[(attributions["kind"] == "genotype") & (attributions["arm"] == "")]
    by_model = dict(tuple(plain.groupby("drug_id", sort=False)))
    tested = {} if associations is None else dict(tuple(associations.groupby("drug_id", sort=False)))
    rows = []
    for drug_id, features in by_model.items():
        genes = list(dict.fromkeys(annotated.get(drug_id, [])))
        if not genes:
            continue
        mine = features[_names_any(features["gene"], genes)].sort_values(["rank", "feature_id"]).head(1)
        theirs = tested.get(drug_id, features.iloc[:0].assign(q=[]))
        theirs = theirs[_names_any(theirs["gene"], genes) & theirs["rank"].notna()]
        theirs = theirs.sort_values(["rank", "feature_id"]).head(1)
        known = {gene for text in features["gene"].unique() for gene in split_names(text)}
        rows.append(
            (
                drug_id,
                ",".join(genes),
                ",".join(gene for gene in genes if gene in known),
                *_first(mine, "feature_id", "rank"),
                *_first(theirs, "feature_id", "rank", "q"),
                len(features),
            )
        )
    table = pd.DataFrame(rows, columns=list(TARGET_COLUMNS))
    return table.astype({"attribution_rank": "Int64", "association_rank": "Int64", "q": "float64"})


def _names_any(cells: pd.Series, genes: list[str]) -> pd.Series:
    wanted = set(genes)
    which = {text: bool(wanted & set(split_names(text))) for text in cells.unique()}
    return cells.map(which).astype(bool)


def _first(table: pd.DataFrame, *columns: str) -> list[object]:
    """The cells of the only row, or missing ones."""
    return [None] * len(columns) if table.empty else [table[name].iloc[0] for name in columns]
