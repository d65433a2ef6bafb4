"""Cohorts to try things with: simulated when they are asked for, with a known truth, and nothing is fetched."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.responses.doses import Doses
from drugresponse.data.tables import Responses
from drugresponse.simulation.cohort import Cohort, simulate_cohort
from drugresponse.simulation.files import write_cohort

__all__ = [
    "load_antibiogram",
    "load_cell_lines",
    "load_dilutions",
    "load_doses",
    "load_patients",
    "load_survival",
    "write_cell_lines",
    "write_patients",
]

_ANTIBIOTICS = ("ampicillin", "ciprofloxacin", "gentamicin", "cefotaxime")
_LINEAGES, _OF_LINEAGES = 25, 7
_DOSES = 10.0 ** np.linspace(-3, 2, 9)


def load_cell_lines() -> Cohort:
    """Mutations of 120 cell lines from six tissues, and ln IC50 of 8 drugs with structures.

    Examples
    --------
    >>> load_cell_lines()
    Cohort: 120 samples x 8 drugs, simulated with a known truth
        genotypes: 120 samples x 60 features
        samples: 120 x 1: tissue
        drugs: 8 x 5: name, smiles, inchikey, mechanism, targets
        responses: 859 pairs of 120 samples and 8 drugs
        truth: 13 x 6: drug_id, feature_id, partner, gene, effect, mechanism_of_effect
    """
    return simulate_cohort(n_samples=120, n_drugs=8, n_features=60)


def load_patients() -> Cohort:
    """Dosages of 80 variants in 150 patients of three ancestries, with age and sex, and the weekly dose of one drug.

    Examples
    --------
    >>> load_patients().responses.measure.unit
    'mg/week'
    """
    return simulate_cohort("germline", n_samples=150, n_features=80)


def load_antibiogram() -> Cohort:
    """Resistance genes and mutations of 150 isolates, with their lineages, and S or R to four antibiotics.

    The names of genes are made up, as `gene_01`: those of the truth are the first.

    Examples
    --------
    >>> antibiogram = load_antibiogram()
    >>> antibiogram.responses.outcome.classes, antibiogram.samples["lineage"].nunique()
    (('S', 'R'), 25)
    """
    return _of_isolates(simulate_cohort(n_samples=150, n_drugs=4, n_features=30, outcome="binary", random_state=3))


def load_dilutions() -> Cohort:
    """The same kind of isolates, and minimum inhibitory concentrations: values between the steps of dilution series.

    Examples
    --------
    >>> load_dilutions().responses.outcome.kind
    'interval'
    """
    return _of_isolates(simulate_cohort(n_samples=150, n_drugs=4, n_features=30, outcome="interval", random_state=3))


def load_survival() -> Cohort:
    """Dosages of 40 variants in 200 patients, and their time to an event under one drug, with follow-up that ends.

    Examples
    --------
    >>> load_survival().responses.outcome.kind
    'time-to-event'
    """
    return simulate_cohort("germline", n_samples=200, n_features=40, outcome="time-to-event")


def load_doses() -> Doses:
    """Viability of 40 of the cell lines at nine doses of three drugs, in uM, from their ln IC50 with noise.

    Examples
    --------
    >>> load_doses().n_points
    963
    """
    measured = load_cell_lines().responses.table
    kept = measured[(measured["sample_id"] <= "L0040") & measured["drug_id"].isin(["D001", "D002", "D003"])]
    rows = kept[["sample_id", "drug_id"]].merge(pd.DataFrame({"dose": _DOSES}), how="cross")
    ic50 = np.exp(np.repeat(kept["response"].to_numpy(dtype=np.float64), len(_DOSES)))
    noise = np.random.default_rng(0).normal(0, 0.05, len(rows))
    viability = np.round(1 / (1 + (rows["dose"].to_numpy(dtype=np.float64) / ic50) ** 1.2) + noise, 3)
    return Doses.build(rows.assign(response=viability), scale="fraction")


def write_cell_lines(directory: str | os.PathLike[str]) -> dict[str, Path]:
    """Write `load_cell_lines` as files for the command line and Galaxy, among them new samples and drugs.

    Parameters
    ----------
    directory
        Folder to write to, made where there is none.

    Returns
    -------
    dict
        The path of each file by its name, such as `genotypes.tsv`.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     {"genotypes.tsv", "new_genotypes.tsv"} <= write_cell_lines(folder).keys()
    True
    """
    return write_cohort(load_cell_lines(), directory)


def write_patients(directory: str | os.PathLike[str]) -> dict[str, Path]:
    """Write `load_patients` as files, the variants also as VCF.

    Parameters
    ----------
    directory
        Folder to write to, made where there is none.

    Returns
    -------
    dict
        The path of each file by its name, such as `genotypes.vcf`.

    Examples
    --------
    >>> import tempfile
    >>> from drugresponse.readers import read_genotypes
    >>> read_genotypes(write_patients(tempfile.mkdtemp())["genotypes.vcf"]).shape
    (120, 80)
    """
    return write_cohort(load_patients(), directory)


def _of_isolates(cohort: Cohort) -> Cohort:
    """The cohort under names of a laboratory of microbiology, with lineages for its tissues."""
    planted = pd.unique(cohort.truth[["feature_id", "partner"]].to_numpy().ravel())
    ids = cohort.genotypes.features.index
    order = [*(name for name in planted if name), *(name for name in ids if name not in planted)]
    genes = {name: f"gene_{number:02}" for number, name in enumerate(order, start=1)}
    antibiotics = dict(zip(cohort.drugs.index, _ANTIBIOTICS, strict=True))
    isolates = {name: f"I{name[1:]}" for name in cohort.samples.index}
    features = pd.DataFrame(
        {"kind": "altered", "block": "altered", "gene": [genes[name] for name in ids]},
        index=[genes[name] for name in ids],
    )
    lineages = [f"ST{at * _OF_LINEAGES % _LINEAGES + 1}" for at in range(len(isolates))]
    index = pd.Index(list(isolates.values()), name="sample_id", dtype=object)
    responses, truth = cohort.responses, cohort.truth
    rows = responses.table.assign(
        sample_id=responses.table["sample_id"].map(isolates), drug_id=responses.table["drug_id"].map(antibiotics)
    )
    rows = rows.sort_values(["sample_id", "drug_id"], ignore_index=True)
    renamed = {name: truth[name].map(genes).fillna("") for name in ("feature_id", "partner", "gene")}
    told = truth.assign(**renamed, drug_id=truth["drug_id"].map(antibiotics).fillna(""))
    return Cohort(
        Genotypes.build(cohort.genotypes.values, list(index), features),
        pd.DataFrame({"lineage": lineages}, index=index),
        pd.DataFrame({"name": list(_ANTIBIOTICS)}, index=pd.Index(list(_ANTIBIOTICS), name="drug_id", dtype=object)),
        Responses(rows, responses.measure, outcome=responses.outcome),
        told,
    )
