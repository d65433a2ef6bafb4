"""Files of CellMiner: the compounds screened by the NCI-60, and its matrices of genes.

Columns: discover.nci.nih.gov/cellminer, "Download Data Sets"; Reinhold et al. 2012, doi:10.1158/0008-5472.CAN-12-1370.
Lines are known as there, by their panel and name (BR:MCF7). Names of columns end with letters of footnotes (NSC # b).
"""

from __future__ import annotations

import re
from types import MappingProxyType

import numpy as np
import pandas as pd

from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.missing import is_missing
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError, count
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher

__all__ = ["CELLMINER"]

_LINE = re.compile(r"(BR|CNS|CO|LC|LE|ME|OV|PR|RE):\S.*")
_HIGHEST_DOSE = 4
"""-log10 of the usual highest dose, 1e-4 mol/l, which stands where growth was not halved."""
_PANELS = MappingProxyType(
    {
        "BR": "breast",
        "CNS": "central nervous system",
        "CO": "colon",
        "LC": "lung",
        "LE": "leukemia",
        "ME": "melanoma",
        "OV": "ovary",
        "PR": "prostate",
        "RE": "kidney",
    }
)
_BLOCKS = MappingProxyType({"rna": "expression", "protein": "protein", "methyl": "methylation", "copy": "copy_number"})
"""Blocks of the matrices, by a word of the file's name."""
_DRUG_COLUMNS = MappingProxyType({"name": "Drug name", "smiles": "SMILES", "mechanism": "Mechanism of action"})


def _take_scores(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    # without a unit: of each compound the mean over lines is 0 and the spread 1
    _take_screen(tables, table, where, Measure("activity_z_score", "", "sensitive"), "z-score of the activity", 0)


def _take_repeats(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    failed = ~table["Failure reason"].map(is_missing)
    measure = Measure("minus_log10_gi50", "", "sensitive")
    _take_screen(tables, table[~failed], where, measure, "-log10 of GI50 in mol/l", int(failed.sum()))


def _take_screen(
    tables: PublishedTables, table: pd.DataFrame, where: str, measure: Measure, meaning: str, n_failed: int
) -> None:
    """Add a response of each compound and line; repeats stand in rows of their own."""
    if tables.responses is not None and tables.measure != measure:
        raise InputError(
            f"{where}: found {meaning}, beside a file of {tables.measure.name} (expected one measure). Give the "
            "z-scores or the repeats, not both."
        )
    drugs, lines = clean_ids(table["NSC #"], where), _lines_of(table, where)
    values = pd.concat([to_numbers(table[line], where=where) for line in lines], axis=1)
    rows = pd.DataFrame(
        {
            "sample_id": np.tile(np.asarray(lines, dtype=object), len(table)),
            "drug_id": np.repeat(drugs.to_numpy(), len(lines)),
            "response": values.to_numpy().ravel(),
        }
    )
    known = (rows["drug_id"] != "") & rows["response"].notna()
    tables.add_responses(rows[known].reset_index(drop=True), measure)
    columns = {name: table[of] for name, of in _DRUG_COLUMNS.items() if of in table}
    about = {name: column.mask(column.map(is_missing), "") for name, column in columns.items()}
    tables.add_drugs(pd.DataFrame({"drug_id": drugs, **about}))
    tables.add_samples(_samples_of(lines))
    reached = f"; {count(int((rows['response'] == _HIGHEST_DOSE).sum()), 'response')} at 4, the highest dose" * (
        measure.name == "minus_log10_gi50"
    )
    failed = f"; {count(n_failed, 'experiment')} that did not pass quality control left out" * bool(n_failed)
    tables.notes.append(
        f"{where}: {count(int(known.sum()), 'response')} ({meaning}; higher is more sensitive) of "
        f"{count(len(lines), 'cell line')} and {count(rows.loc[known, 'drug_id'].nunique(), 'compound')} by NSC number"
        f"; {count(int((~known).sum()), 'pair')} without a number left out{failed}{reached}."
    )


def _take_genes(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    lines, genes = _lines_of(table, where), table["Gene name"].str.strip()
    ids = table["Identifier"].str.strip() if "Identifier" in table else genes
    named = ids != ""
    again = ids[named & ids.duplicated()]
    if len(again):
        raise InputError(
            f'{where}: found "{again.iloc[0]}" in several rows (expected one row a gene). Give a matrix that has one '
            "row for each, such as the composite ones."
        )
    values = pd.concat([to_numbers(table.loc[named, line], where=where) for line in lines], axis=1).T
    values = values.set_axis(pd.Index(lines, name="sample_id")).set_axis(ids[named].to_list(), axis=1)
    varies = (values.max() > values.min()).to_numpy()
    block = next((block for word, block in _BLOCKS.items() if word in where.lower()), "score")
    features = pd.DataFrame(
        {"kind": "score", "gene": genes[named].to_numpy(), "block": block},
        index=pd.Index(ids[named], name="feature_id"),
    )
    tables.add_genotypes(values.loc[:, varies].astype(np.float32), features[varies])
    tables.add_samples(_samples_of(lines))
    tables.notes.append(
        f"{where}: {count(int(varies.sum()), 'feature')} ({block}) of {count(len(lines), 'cell line')}; "
        f"{count(int((~varies).sum()), 'feature')} in which no line differs left out."
    )


def _lines_of(table: pd.DataFrame, where: str) -> list[str]:
    lines = [name for name in table.columns if _LINE.fullmatch(name)]
    if not lines:
        raise InputError(
            f"{where}: found no column of a cell line (expected names such as BR:MCF7). Give the file as it was "
            "downloaded."
        )
    return lines


def _samples_of(lines: list[str]) -> pd.DataFrame:
    parts = [line.partition(":") for line in lines]
    names, tissues = [name for _, _, name in parts], [_PANELS[panel] for panel, _, _ in parts]
    return pd.DataFrame({"sample_id": lines, "name": names, "tissue": tissues})


CELLMINER = Publisher(
    (
        PublishedFile(
            "repeats of the screen", ("NSC #", "Experiment name", "Failure reason"), _take_repeats, footnotes=True
        ),
        PublishedFile(
            "z-scores of the screen", ("NSC #", "Drug name", "Total experiments"), _take_scores, footnotes=True
        ),
        PublishedFile("matrix of genes", ("Gene name", "Chromosome"), _take_genes, footnotes=True),
    )
)
