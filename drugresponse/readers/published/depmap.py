"""Files of DepMap: the secondary PRISM screen, matrices of somatic mutations, and the table of models.

Columns: the README of each release (depmap.org, "README_DepMap.txt"), and of the screen Corsello et al. 2020,
doi:10.1038/s43018-019-0018-6. Models are known by their id (ACH-000001).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError, count
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher
from drugresponse.readers.published.whole_files import header_of, numbers_of, rows_of_numbers
from drugresponse.readers.source.source import Source

__all__ = ["DEPMAP"]

_GENE = re.compile(r"(.+) \((?:\d+|Unknown)\)")
_YES = frozenset(("true", "yes", "1"))
_KINDS = ("damaging", "hotspot")
_COPIES_ALTERED = (0, 1, 2)


def _take_screen(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    response = to_numbers(table["auc"], where=where)
    rows = pd.DataFrame(
        {
            "sample_id": clean_ids(table["depmap_id"], where),
            "drug_id": clean_ids(table["broad_id"], where),
            "response": response,
            "study": table["screen_id"],
        }
    )
    proved = _are_yes(table["passed_str_profiling"]) if "passed_str_profiling" in table else np.ones(len(table), bool)
    known = (rows["sample_id"] != "") & (rows["drug_id"] != "") & rows["response"].notna()
    kept = rows[known & proved]
    tables.add_responses(kept, Measure("auc", "", "resistant"))
    columns = {"name": "name", "smiles": "smiles", "targets": "target", "mechanism": "moa"}
    drugs = pd.DataFrame(
        {name: table[of] for name, of in columns.items() if of in table} | {"drug_id": rows["drug_id"]}
    )
    if "smiles" in drugs:
        drugs["smiles"] = drugs["smiles"].str.split(",").str[0].str.strip()  # one of the forms that were bought
    tables.add_drugs(drugs)
    unproved = int((known & ~proved).sum())
    tables.notes.append(
        f"{where}: {count(len(kept), 'response')} (auc of viability; higher is more resistant) of "
        f"{count(kept['sample_id'].nunique(), 'model')} and {count(kept['drug_id'].nunique(), 'drug')}; "
        f"{count(unproved, 'row')} of lines whose STR profile did not match and {count(int((~known).sum()), 'row')} "
        "without an id or a response left out. Pairs of several screens are averaged when they are read."
    )


def _take_models(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    columns = {
        "name": "CellLineName",
        "tissue": "OncotreeLineage",
        "subject_id": "PatientID",
        "sex": "Sex",
        "age": "Age",
    }
    samples = pd.DataFrame({name: table[of] for name, of in columns.items() if of in table})
    samples["sample_id"] = clean_ids(table["ModelID"], where)
    samples = samples[samples["sample_id"] != ""].drop_duplicates("sample_id").set_index("sample_id")
    if "age" in samples:
        samples["age"] = samples["age"].where(pd.to_numeric(samples["age"], errors="coerce").notna(), "")
    if "subject_id" in samples:
        samples["subject_id"] = samples["subject_id"].where(samples["subject_id"] != "", samples.index.to_series())
    tables.add_samples(samples)
    tables.notes.append(f"{where}: {count(len(samples), 'model')}; those of one patient are one subject.")


def _took_matrix(tables: PublishedTables, file: Source) -> bool:
    """Add a file to the tables where it is a matrix of genes: its many columns are read as numbers at once."""
    header = header_of(file)
    genes = _genes_of(header)
    if 2 * len(genes) <= len(header):
        return False
    text = rows_of_numbers(file)
    values = numbers_of(text, list(genes), file.name, "0, 1 or 2")
    before = min(genes)
    labels = pd.DataFrame(text.beginnings(before), columns=text.header[:before], dtype=object)
    _take_matrix(tables, labels, list(genes.values()), values, file.name)
    return True


def _genes_of(header: Sequence[str]) -> dict[int, str]:
    """The columns that are named as `TP53 (7157)`, by their places, each with its gene."""
    return {at: found[1] for at, name in enumerate(header) if (found := _GENE.fullmatch(name))}


def _take_matrix(
    tables: PublishedTables, labels: pd.DataFrame, genes: Sequence[str], values: NDArray[np.float32], where: str
) -> None:
    """Add `(n_rows, n_genes)` of models by genes, above 0 is altered; of several rows of one the default counts."""
    measured = values[~np.isnan(values) & ~np.isin(values, _COPIES_ALTERED)]
    if len(measured):
        raise InputError(
            f"{where}: found other numbers than 0, 1 and 2, such as {measured[0]:g} (expected a matrix of mutations). "
            "Give OmicsSomaticMutationsMatrixDamaging.csv or ...Hotspot.csv; expression, copy number and gene effects "
            "go into `--genotypes` as a block of their own, such as --genotypes expression=FILE."
        )
    default = _are_yes(labels["IsDefaultEntryForModel"]) if "IsDefaultEntryForModel" in labels else slice(None)
    samples = clean_ids((labels["ModelID"] if "ModelID" in labels else labels.iloc[:, 0])[default], where)
    if samples.duplicated().any():
        raise InputError(
            f'{where}: found "{samples[samples.duplicated()].iloc[0]}" in several rows (expected one row a model, or '
            "the column IsDefaultEntryForModel). Keep one row for each."
        )
    if len(set(genes)) < len(genes):
        raise InputError(f"{where}: found a gene in two columns (expected one each). Remove one of them.")
    kept = values[default]
    varies = np.nanmax(kept, axis=0, initial=0) > np.nanmin(kept, axis=0, initial=np.inf)
    altered = np.where(np.isnan(kept), np.nan, kept > 0)[:, varies]
    what = next((kind for kind in _KINDS if kind in where.lower()), "")
    ids = [f"{gene}_{what}" if what else gene for gene in np.asarray(genes, dtype=object)[varies]]
    features = pd.DataFrame(
        {"kind": "altered", "gene": np.asarray(genes, dtype=object)[varies], "block": what or "altered"},
        index=pd.Index(ids, name="feature_id"),
    )
    matrix = pd.DataFrame(altered, index=pd.Index(samples, name="sample_id"), columns=ids)
    tables.add_genotypes(matrix, features)
    same, others = count(len(genes) - len(ids), "gene"), count(len(labels) - len(matrix), "row")
    tables.notes.append(
        f"{where}: {count(len(ids), 'gene')}{f' ({what})' * bool(what)} of {count(len(matrix), 'model')}, altered or "
        f"not (2, where both copies are, counts as 1); left out: {same} in which no model differs, {others} beside a "
        "model's default."
    )


def _are_yes(column: pd.Series) -> NDArray[np.bool_]:
    return column.str.strip().str.lower().isin(_YES).to_numpy()


DEPMAP = Publisher(
    (
        PublishedFile("secondary PRISM screen", ("broad_id", "depmap_id", "auc", "screen_id"), _take_screen),
        PublishedFile("models", ("ModelID", "OncotreeLineage"), _take_models),
    ),
    _took_matrix,
    ("matrix of genes",),
)
