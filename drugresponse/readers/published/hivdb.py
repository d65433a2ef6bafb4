"""Genotype-phenotype datasets of the Stanford HIV Drug Resistance Database: residues, and fold changes of drugs.

Columns: hivdb.stanford.edu, "Genotype-Phenotype Datasets": SeqID, for each drug the fold change of susceptibility
against wild type, and P1, P2, ... with the residue at each position.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids
from drugresponse.data.tables import Measure
from drugresponse.errors import InputError, count, show_ids
from drugresponse.readers.published.tables import PublishedFile, PublishedTables, Publisher, as_frame
from drugresponse.readers.resistance.positions import genotypes_of_positions

__all__ = ["HIVDB"]

_DRUGS = {
    "PR": ("FPV", "APV", "ATV", "IDV", "LPV", "NFV", "RTV", "SQV", "TPV", "DRV"),
    "RT": ("3TC", "FTC", "ABC", "AZT", "ZDV", "D4T", "DDI", "DDC", "TDF", "DLV", "DOR", "EFV", "ETR", "NVP", "RPV"),
    "IN": ("BIC", "CAB", "DTG", "EVG", "RAL"),
    "CA": ("LEN",),
}
_MUTATION = re.compile(r"(?<![A-Za-z0-9])([A-Z])(\d+)")


def _take_dataset(tables: PublishedTables, table: pd.DataFrame, where: str) -> None:
    table = table.rename(columns=lambda name: str(name).strip().upper())
    samples = clean_ids(table["SEQID"], where)
    table, samples = table[samples != ""], samples[samples != ""]
    if samples.duplicated().any():
        raise InputError(
            f'{where}: found SeqID "{samples[samples.duplicated()].iloc[0]}" in two rows (expected one row a '
            "sequence). Keep one row for each."
        )
    gene, drugs = _gene_and_drugs(table, where)
    responses = pd.concat([_responses(table, samples, drug, where) for drug in drugs], ignore_index=True)
    consensus = _consensus(table)
    genotypes = genotypes_of_positions(table, list(samples), gene, where, consensus)
    tables.add_responses(responses, Measure("log10_fold_change", "", "resistant"))
    tables.add_genotypes(as_frame(genotypes), genotypes.features)
    if "PTID" in table:
        tables.add_samples(pd.DataFrame({"subject_id": table["PTID"].to_numpy()}, index=samples))
    lacking = len(table) * len(drugs) - len(responses)
    tables.notes.append(
        f"{where}: {count(len(responses), 'response')} (log10 of the fold change against wild type; higher is more "
        f"resistant) of {count(responses['sample_id'].nunique(), 'sequence')} and {count(len(drugs), 'drug')} "
        f"({', '.join(drugs)}); {count(lacking, 'cell')} without a fold change above 0 left out. "
        f"{count(len(genotypes.features), 'residue')} of {gene} beside the consensus: each of a mixture counts"
        f"{'' if consensus else ' (also that of the consensus, which no column CompMutList tells)'}, and a position "
        "that was not read is missing."
    )


def _gene_and_drugs(table: pd.DataFrame, where: str) -> tuple[str, list[str]]:
    """The gene that the drugs of a file act on, and these drugs in the order of their columns."""
    of_gene = {gene: [name for name in table.columns if name in drugs] for gene, drugs in _DRUGS.items()}
    genes = [gene for gene, drugs in of_gene.items() if drugs]
    if len(genes) != 1:
        present = f"drugs against {show_ids(genes)}" if genes else "no column of a drug that is known"
        raise InputError(
            f"{where}: found {present} (expected a dataset of one class of drugs, such as NRTI). Give the file of each "
            "class as it was downloaded."
        )
    return genes[0], of_gene[genes[0]]


def _consensus(table: pd.DataFrame) -> dict[int, str]:
    """The residues of the consensus, as far as the lists of mutations name them: `M184MV`."""
    lists = table.get("COMPMUTLIST", pd.Series(dtype=object)).fillna("")
    return {int(position): residue for cell in lists for residue, position in _MUTATION.findall(cell)}


def _responses(table: pd.DataFrame, samples: pd.Series, drug: str, where: str) -> pd.DataFrame:
    fold = to_numbers(table[drug], where=where, column_name=drug).to_numpy(dtype=np.float64)
    measured = fold > 0
    return pd.DataFrame(
        {"sample_id": samples.to_numpy()[measured], "drug_id": drug, "response": np.log10(fold[measured])}
    )


HIVDB = Publisher((PublishedFile("genotype-phenotype dataset", ("SeqID", "P1", "P2"), _take_dataset),))
