"""Files of PharmacoDB: the statistics of a compound in a tissue or a cell line, as its pages give them out.

Columns: pharmacodb.ca, button "CSV" below "Summary Statistics"; its source, github.com/bhklab/PharmacoDB-JS, writes
AAC as a share and leaves empty what is no number; Feizi et al. 2022, doi:10.1093/nar/gkab1084.
"""

from __future__ import annotations

import pandas as pd

from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError, count
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher

__all__ = ["PHARMACODB"]

_ROW = ["sample_id", "drug_id", "study", "response"]


def _take_statistics(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    rows = pd.DataFrame(
        {
            "sample_id": clean_ids(table["cell_line"], where),
            "drug_id": clean_ids(table["compound"], where),
            "study": table["dataset"].str.strip(),
            "response": to_numbers(table["AAC"], where=where),
        }
    )
    _refuse_percent(rows["response"], where)
    kept = (rows["sample_id"] != "") & (rows["drug_id"] != "") & rows["response"].notna()
    again = pd.Series(False, index=rows.index)
    if tables.responses is not None:
        before = pd.MultiIndex.from_frame(tables.responses[_ROW])
        again = pd.Series(pd.MultiIndex.from_frame(rows[_ROW]).isin(before), index=rows.index) & kept
    new = rows[kept & ~again].reset_index(drop=True)
    tables.add_responses(new, Measure("aac", "", "sensitive"))
    tables.add_samples(pd.DataFrame({"sample_id": rows["sample_id"], **_of(table, "tissue")}))
    tables.add_drugs(pd.DataFrame({"drug_id": rows["drug_id"], "name": rows["drug_id"]}))
    left_out = f"; {count(int((~kept).sum()), 'row')} without an AAC left out" * bool((~kept).any())
    doubled = f"; {count(int(again.sum()), 'row')} that a file before has too left out" * bool(again.any())
    tables.notes.append(
        f"{where}: {count(len(new), 'response')} (AAC, the share of the area above the dose-response curve; higher is "
        f"more sensitive) of {count(new['sample_id'].nunique(), 'cell line')} and "
        f"{count(new['drug_id'].nunique(), 'compound')} by name, from {count(new['study'].nunique(), 'dataset')}"
        f"{left_out}{doubled}. It has no genotypes and no structures of drugs."
    )


def _refuse_percent(response: pd.Series, where: str) -> None:
    """Its pages show percent, its files shares; both in one table would be two scales."""
    other = response[(response < 0) | (response > 1)]
    if len(other):
        raise InputError(
            f"{where}: found an AAC of {other.iloc[0]:g} (expected a share from 0 to 1, as in the CSV of PharmacoDB; "
            "its pages show percent). Give the file as it was downloaded."
        )


def _of(table: pd.DataFrame, column: str) -> dict[str, pd.Series]:
    return {column: table[column].str.strip()} if column in table else {}


PHARMACODB = Publisher(
    (PublishedFile("summary statistics", ("compound", "cell_line", "dataset", "AAC", "IC50"), _take_statistics),)
)
