"""Files of the Genomics of Drug Sensitivity in Cancer: fitted dose responses, and genetic features of the cell lines.

Columns of the responses: cancerrxgene.org, bulk download, "GDSC Fitted Data Description"; of the features: the same
site, "Genetic features". Lines are known by their COSMIC id, which both files have.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError, count
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher

__all__ = ["GDSC"]


def _take_responses(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    column = _by_plain_name(table)
    response = to_numbers(column["lnic50"], where=where)
    ids = {"sample_id": clean_ids(column["cosmicid"], where), "drug_id": clean_ids(column["drugid"], where)}
    rows = pd.DataFrame({**ids, "response": response, "study": column.get("dataset", "")})
    has_ids = (rows["sample_id"] != "") & (rows["drug_id"] != "")
    rows = rows[has_ids & rows["response"].notna()]
    tables.add_responses(rows, Measure("ln_ic50", "uM", "resistant"))
    samples = pd.DataFrame(
        {name: column[of] for name, of in _SAMPLE_COLUMNS.items() if of in column} | {"sample_id": ids["sample_id"]}
    )
    drugs = pd.DataFrame(
        {name: column[of] for name, of in _DRUG_COLUMNS.items() if of in column} | {"drug_id": ids["drug_id"]}
    )
    tables.add_samples(samples)
    tables.add_drugs(drugs)
    beyond = ""
    if "maxconc" in column:
        highest = to_numbers(column["maxconc"], where=where).reindex(rows.index)
        n_beyond = int((rows["response"] > np.log(highest.where(highest > 0))).sum())
        beyond = f"; {n_beyond:,} of them lie above the highest dose, where the curve was not measured"
    left_out = f"; {count(len(table) - len(rows), 'row')} without an id or a response left out" * (
        len(rows) < len(table)
    )
    tables.notes.append(
        f"{where}: {count(len(rows), 'response')} (LN_IC50, of uM; higher is more resistant) of "
        f"{count(rows['sample_id'].nunique(), 'cell line')} by COSMIC_ID and {count(rows['drug_id'].nunique(), 'drug')}"
        f"{beyond}{left_out}. It has no structures of drugs."
    )


def _take_features(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    column = _by_plain_name(table)
    sample = column["cosmicsampleid"] if "cosmicsampleid" in column else column["cosmicid"]
    long = pd.DataFrame(
        {
            "sample_id": clean_ids(sample, where),
            "feature_id": column["geneticfeature"].str.strip(),
            "value": to_numbers(column["ismutated"], where=where),
        }
    )
    long = long[(long["sample_id"] != "") & (long["feature_id"] != "")]
    other = long.loc[long["value"].notna() & ~long["value"].isin((0, 1)), "value"]
    if len(other):
        raise InputError(
            f"{where}: found {other.iloc[0]:g} as is_mutated (expected 0 or 1). Give the file as it was downloaded."
        )
    wide = long.pivot_table(index="sample_id", columns="feature_id", values="value", aggfunc="max")
    names = pd.Series(wide.columns, index=wide.columns)
    genes = names.str.removesuffix("_mut").where(names.str.endswith("_mut"), "")
    features = pd.DataFrame({"kind": "altered", "gene": genes}).rename_axis("feature_id")
    tables.add_genotypes(wide.rename_axis(columns=None), features)
    tables.notes.append(
        f"{where}: {count(wide.shape[1], 'genetic feature')} of {count(len(wide), 'cell line')} by COSMIC id; a "
        "feature that the file does not list for a line is missing."
    )


_SAMPLE_COLUMNS = {"name": "celllinename", "model_id": "sangermodelid", "tissue": "tcgadesc"}
_DRUG_COLUMNS = {"name": "drugname", "targets": "putativetarget", "pathway": "pathwayname"}
GDSC = Publisher(
    (
        PublishedFile("fitted dose response", ("COSMIC_ID", "DRUG_ID", "LN_IC50"), _take_responses),
        PublishedFile("genetic features", ("cosmic_sample_id", "genetic_feature", "is_mutated"), _take_features),
        PublishedFile("genetic features", ("COSMIC_ID", "genetic_feature", "is_mutated"), _take_features),
    )
)


def _by_plain_name(table: pd.DataFrame) -> dict[str, pd.Series]:
    return {plain_name(name): table[name] for name in table.columns}
