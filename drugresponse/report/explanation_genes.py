"""What the model leans on beyond single features: gene sets, the drugs' own targets, and drugs driven alike."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from drugresponse.explanation.drivers import DrugClusters
from drugresponse.report.blocks import Cell, Columns, Part, Row, Table, Words
from drugresponse.report.drug_names import drug_cell, drug_words
from drugresponse.report.page import count, joined, number, p_number

__all__ = ["clusters_part", "pathways_part", "targets_part"]

_MOST_ROWS = 30
_LEVEL = 0.05
_MOST_DRUGS = 8
_WAYS = {True: "raises", False: "lowers"}


def pathways_part(pathways: pd.DataFrame, names: Mapping[str, str]) -> Part:
    """Gene sets that stand out."""
    sure = pathways[pathways["q"] <= _LEVEL]
    words = Words(
        f"{len(pathways):,} pairs of a drug and a gene set were tested; {count(len(sure), 'pair')} stand out at a "
        "false-discovery rate of 5%. A z above 0 says that the set's genes raise the response in the model."
    )
    columns: Columns = {
        "Drug": lambda row: drug_cell(row.drug_id, names),
        "Gene set": lambda row: Cell(str(row.gene_set).replace("_", " "), kind="id"),
        "Genes that lead it": lambda row: Cell(str(row.leading_genes).replace(",", ", "), kind="id"),
        "Genes": lambda row: str(row.n_genes),
        "z": lambda row: number(row.statistic, sign=True),
        "q": lambda row: p_number(row.q),
    }
    rows = sure.sort_values(["q", "p", "drug_id", "gene_set"], kind="stable").head(_MOST_ROWS)
    table = Table.of(rows, columns, caption=f"The {len(rows)} surest.", words=3)
    return Part("Gene sets", [words, *([table] if len(rows) else [])])


def targets_part(targets: pd.DataFrame, names: Mapping[str, str]) -> Part:
    """Where the drugs' own targets rank."""
    known = targets[targets["attribution_rank"].notna() | targets["association_rank"].notna()]
    first = int((targets["attribution_rank"] == 1).sum())
    words = Words(
        f"Of {count(len(targets), 'drug')} with annotated targets, {len(known)} have a target among the model's "
        f"features; for {first} of them it weighs most in the model. Many drugs work without any change in the gene of "
        "their target, so that a low rank is no fault."
    )
    columns: Columns = {
        "Drug": lambda row: drug_cell(row.drug_id, names),
        "Target": lambda row: Cell(str(row.targets_in_model).replace(",", ", "), kind="id"),
        "Rank measured": lambda row: "" if pd.isna(row.association_rank) else f"{row.association_rank:.0f}",
        "q": lambda row: "" if pd.isna(row.q) else p_number(row.q),
        "Rank in the model": lambda row: (
            "" if pd.isna(row.attribution_rank) else f"{row.attribution_rank:.0f} of {row.n_features}"
        ),
    }
    rows = known.sort_values(["association_rank", "attribution_rank", "drug_id"], kind="stable").head(_MOST_ROWS)
    table = Table.of(rows, columns, caption="The best ranks first.", words=2)
    return Part("Annotated targets of the drugs", [words, *([table] if len(rows) else [])])


def clusters_part(clusters: DrugClusters, names: Mapping[str, str]) -> Part:
    """Groups of drugs that the same features drive."""
    drugs, features = clusters.drugs, clusters.features
    sizes = drugs["cluster"].value_counts()
    shared = sorted(sizes.index[sizes > 1], key=lambda cluster: (-sizes[cluster], cluster))
    words = Words(
        f"Drugs whose effects in the model correlate by 0.5 or more stand together: {count(len(shared), 'group')}, and "
        f"{count(int((sizes == 1).sum()), 'drug')} alone."
    )
    rows: list[Row] = []
    for cluster in shared:
        members = [drug_words(drug, names) for drug in drugs.loc[drugs["cluster"] == cluster, "drug_id"]]
        leads = features[features["cluster"] == cluster].head(3).to_dict("records")
        ways = ", ".join(f"{lead['feature_id']} ({_WAYS[lead['direction'] > 0]})" for lead in leads)
        few = len(members) <= _MOST_DRUGS
        shown = joined(members) if few else f"{', '.join(members[:_MOST_DRUGS])} and {len(members) - _MOST_DRUGS} more"
        rows.append([shown, ways, str(len(members))])
    columns = ["Drugs", "What leads them", "Number"]
    table = [Table(columns, rows, "The largest groups first.", words=2)] if rows else []
    return Part("Drugs that are driven alike", [words, *table])
