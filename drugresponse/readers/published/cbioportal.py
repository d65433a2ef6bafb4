"""Files of a study of cBioPortal: mutations, discrete copy number, patients and samples.

Layouts: docs.cbioportal.org/file-formats. The response is the time to the first of the survivals that the table of
patients has; what a patient died of, and when, is never taken as a covariate.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import plain_name
from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.outcomes.requested import Requested
from drugresponse.data.outcomes.times import read_events
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError, count
from drugresponse.readers.alterations.reader import read_alterations
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher, as_frame
from drugresponse.readers.published.whole_files import header_of, numbers_of, rows_of_numbers
from drugresponse.readers.source.source import Source

__all__ = ["CBIOPORTAL"]

_SURVIVALS = {
    "OS": "overall survival",
    "PFS": "progression-free survival",
    "DFS": "disease-free survival",
    "DSS": "disease-specific survival",
}
_COVARIATES = {"age": ("AGE",), "sex": ("SEX", "GENDER"), "ancestry": ("RACE", "GENETIC_ANCESTRY_LABEL")}
_TISSUES = ("CANCER_TYPE_DETAILED", "CANCER_TYPE", "ONCOTREE_CODE")
_STATES = {2.0: "amp", -2.0: "del"}


def _take_samples(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    ids = {"sample_id": clean_ids(table["SAMPLE_ID"], where), "subject_id": clean_ids(table["PATIENT_ID"], where)}
    tissue = next((name for name in _TISSUES if name in table), None)
    tables.add_samples(pd.DataFrame(ids | ({"tissue": table[tissue]} if tissue else {})))
    tables.notes.append(f"{where}: {count(len(table), 'sample')}; those of one patient are one subject.")


def _take_patients(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    patients = clean_ids(table["PATIENT_ID"], where)
    table = table.set_axis(patients)[~(patients.duplicated() | (patients == "")).to_numpy()]
    subject = table.index.to_series()
    if tables.samples is not None and "subject_id" in tables.samples:
        subject = tables.samples["subject_id"]
    table = table.reindex(subject).set_axis(subject.index)
    taken = {name: table[of] for name, names in _COVARIATES.items() for of in names if of in table}
    tables.add_samples(pd.DataFrame(taken, index=subject.index).fillna(""))
    tables.notes.append(
        f"{where}: {count(int(patients.nunique()), 'patient')}, with {', '.join(taken) or 'no covariate'}; "
        f"{_take_survival(tables, table, where)}."
    )


def _take_survival(tables: PublishedTables, table: pd.DataFrame, where: str) -> str:
    """Add the first survival that a table of patients, a row a sample, has; what was taken and left out."""
    present = [name for name in _SURVIVALS if {f"{name}_STATUS", f"{name}_MONTHS"} <= {*table.columns}]
    if not present:
        return "no survival is in it, so it has no response"
    rows = _times(table, present[0], where)
    tables.add_responses(rows, Measure("time", "months", "sensitive"))
    others = f"; {', '.join(_SURVIVALS[name] for name in present[1:])} left out" * (len(present) > 1)
    return (
        f"{_SURVIVALS[present[0]]} of {count(len(rows), 'sample')} in months, "
        f"{count(int(rows['event'].sum()), 'event')}; {count(len(table) - len(rows), 'sample')} without a time above 0 "
        f"or a status left out{others}"
    )


def _times(table: pd.DataFrame, survival: str, where: str) -> pd.DataFrame:
    time = to_numbers(table[f"{survival}_MONTHS"].fillna(""), where=where).to_numpy(dtype=np.float64)
    happened = read_events(table[f"{survival}_STATUS"], Requested(), where).to_numpy()
    known = (time > 0) & ~np.isnan(happened)
    samples = table.index.to_numpy()[known]
    rows = {
        "sample_id": samples,
        "drug_id": _SURVIVALS[survival],
        "time": time[known],
        "event": happened[known].astype(int),
    }
    return pd.DataFrame(rows)


def _took_whole(tables: PublishedTables, file: Source) -> bool:
    """Add mutations in MAF, or copy numbers of genes by samples."""
    with file.opened():
        of_mutations = file.content == "maf"
    if of_mutations:
        _take_mutations(tables, file)
        return True
    header = header_of(file)
    first = 1 + ([plain_name(name) for name in header[1:2]] == ["entrezgeneid"])
    names = clean_ids(pd.Series(header[first:], dtype=object), file.name)
    if not header or plain_name(header[0]) != "hugosymbol" or names.duplicated().any():
        return False
    text = rows_of_numbers(file)
    values = numbers_of(text, range(first, len(header)), file.name, "-2, -1.5, -1, 0, 1 or 2")
    genes = np.array([cells[0].strip() for cells in text.beginnings(first)], dtype=object)
    _take_copy_numbers(tables, genes, names, values, file.name)
    return True


def _take_mutations(tables: PublishedTables, file: Source) -> None:
    genotypes = read_alterations(file)
    tables.add_genotypes(as_frame(genotypes), genotypes.features)
    n_samples, n_features = genotypes.shape
    tables.notes.append(
        f"{file.name}: {count(n_features, 'feature')} of mutations in {count(n_samples, 'sample')}; a sample without "
        "any is not in the file."
    )


def _take_copy_numbers(
    tables: PublishedTables, genes: NDArray[np.object_], samples: pd.Series, values: NDArray[np.float32], where: str
) -> None:
    """Add `(n_genes, n_samples)` of states: what is amplified, and what is lost on both sides."""
    if not np.isin(values[~np.isnan(values)], (-2, -1.5, -1, 0, 1, 2)).all():
        raise InputError(
            f"{where}: found other numbers than -2, -1.5, -1, 0, 1 and 2 (expected discrete copy number). Give "
            "data_cna.txt; expression and log ratios go into `--genotypes` as a block of their own."
        )
    _, first = np.unique(genes, return_index=True)
    first = first[genes[first] != ""]
    parts, said = [], []
    for state, word in _STATES.items():
        called = np.where(np.isnan(values[first]), np.nan, values[first] == state).astype(np.float32)
        varies = np.nanmax(called, axis=1, initial=0) > np.nanmin(called, axis=1, initial=1)
        names = [f"{gene}_{word}" for gene in genes[first][varies]]
        parts.append((pd.DataFrame(called[varies].T, index=pd.Index(samples, name="sample_id"), columns=names), varies))
        said.append(f"{count(len(names), 'gene')} {word}")
    matrix = pd.concat([part for part, _ in parts], axis=1)
    named = np.concatenate([genes[first][varies] for _, varies in parts])
    features = pd.DataFrame({"kind": "altered", "gene": named, "block": "copy_number"}, index=matrix.columns)
    tables.add_genotypes(matrix, features.rename_axis("feature_id"))
    tables.notes.append(
        f"{where}: {' and '.join(said)} of {count(len(samples), 'sample')} (2 amplified, -2 lost on both sides; gains "
        "and losses of one copy are left out)."
    )


CBIOPORTAL = Publisher(
    (
        PublishedFile("samples", ("SAMPLE_ID", "PATIENT_ID"), _take_samples),
        PublishedFile("patients", ("PATIENT_ID",), _take_patients),
    ),
    _took_whole,
    ("mutations (MAF)", "discrete copy number"),
)
