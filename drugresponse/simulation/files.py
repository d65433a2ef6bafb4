"""A simulated cohort as files: tables to train on, and new samples and drugs to predict and compare with."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.outputs import output_files, write_table
from drugresponse.simulation._outcomes import written_responses
from drugresponse.simulation.cohort import Cohort

__all__ = ["COHORT_FILES", "write_cohort"]

COHORT_FILES = (
    "genotypes.tsv",
    "features.tsv",
    "samples.tsv",
    "drugs.tsv",
    "responses.tsv",
    "truth.tsv",
    "genotypes.vcf",
    "new_genotypes.tsv",
    "new_samples.tsv",
    "new_drugs.tsv",
    "new_responses.tsv",
)
NEW_DRUGS = 2
_FEATURE_COLUMNS = ["kind", "gene", "chromosome", "position", "ref", "alt"]
_CALLS = np.array(["0/0", "0/1", "1/1", "./."], dtype=object)


def write_cohort(
    cohort: Cohort, directory: str | os.PathLike[str], *, new_samples_share: float = 0.2, new_drugs: int | None = None
) -> dict[str, Path]:
    """Write a cohort to a folder, all files or none; some samples and drugs are held out for a first prediction.

    The last samples, and the last drugs whose mechanism keeps another drug, are in none of `genotypes`, `samples`,
    `drugs` and `responses`. `new_genotypes.tsv` and `new_samples.tsv` hold the held-out samples, `new_drugs.tsv` the
    held-out drugs (all drugs where none is held out), `new_responses.tsv` what the held-out samples measured, for drugs
    of the training files and for new ones. `features.tsv` and `truth.tsv` are about everything.

    `genotypes.vcf` holds the calls of `genotypes.tsv`. For dosages it reads as the same genotypes as the matrix with
    `features.tsv`. Alterations are written as heterozygous calls at made-up places of the contig `simulated`, with
    their feature id as ID: there a reader of VCF finds dosages under other feature ids.

    Parameters
    ----------
    cohort
        Genotypes of kind dosage or altered, whose features have a chromosome, position, ref and alt.
    directory
        Folder to write to, made when it does not exist; its parent must exist.
    new_samples_share
        Share of the samples that is held out, 0 to 0.9.
    new_drugs
        Number of drugs that is held out; when not given 2, or as many as leave every mechanism a drug.

    Returns
    -------
    dict
        Path of each file by its name, such as `genotypes.tsv`.

    Raises
    ------
    InputError
        The folder cannot be made or written to, or a number is outside its limits.

    Examples
    --------
    >>> import tempfile
    >>> from drugresponse.simulation.cohort import simulate_cohort
    >>> cohort = simulate_cohort(n_samples=30, n_drugs=8, n_features=20)
    >>> with tempfile.TemporaryDirectory() as directory:
    ...     paths = write_cohort(cohort, directory)
    ...     pd.read_table(paths["new_drugs.tsv"])["drug_id"].tolist()
    ['D007', 'D008']
    """
    held_samples = _held_out_samples(cohort, new_samples_share)
    held_drugs = _held_out_drugs(cohort.drugs, new_drugs)
    tables = _tables(cohort, held_samples, held_drugs)
    # a folder that is new appears with all its files at once, so that a killed run leaves none to be in the way
    with output_files({}, folders={"directory": directory}) as temporary:
        made = temporary["directory"]
        for name, table in tables.items():
            write_table(table, made / name)
        kept = np.flatnonzero(~cohort.genotypes.sample_ids.isin(held_samples))
        _write_vcf(cohort.genotypes.take(kept), made / "genotypes.vcf")
    return {name: Path(directory) / name for name in COHORT_FILES}


def _held_out_samples(cohort: Cohort, share: float) -> pd.Index:
    if not 0 <= share <= 0.9:
        raise InputError(f"simulate: found {share} as share of new samples (expected 0 to 0.9). Choose another share.")
    n_samples = len(cohort.samples)
    return cohort.samples.index[n_samples - round(share * n_samples) :]


def _held_out_drugs(drugs: pd.DataFrame, wanted: int | None) -> pd.Index:
    spare = drugs.index[drugs.groupby("mechanism").cumcount() > 0]
    n_new = min(NEW_DRUGS, len(spare)) if wanted is None else wanted
    if not 0 <= n_new <= len(spare):
        raise InputError(
            f"simulate: found {n_new} new drugs (expected 0 to {len(spare)}: each mechanism keeps a drug). "
            "Hold out fewer, or simulate more drugs."
        )
    return spare[len(spare) - n_new :]


def _tables(cohort: Cohort, held_samples: pd.Index, held_drugs: pd.Index) -> dict[str, pd.DataFrame]:
    genotypes, responses = cohort.genotypes, written_responses(cohort.responses)
    calls = pd.DataFrame(genotypes.dense(), index=genotypes.sample_ids, columns=genotypes.features.index)
    is_new = calls.index.isin(held_samples)
    is_new_sample = cohort.samples.index.isin(held_samples)
    is_new_drug = cohort.drugs.index.isin(held_drugs)
    of_new_sample = responses["sample_id"].isin(held_samples)
    of_new_drug = responses["drug_id"].isin(held_drugs)
    return {
        "genotypes.tsv": calls[~is_new],
        "features.tsv": genotypes.features[_FEATURE_COLUMNS],
        "samples.tsv": cohort.samples[~is_new_sample],
        "drugs.tsv": cohort.drugs[~is_new_drug],
        "responses.tsv": responses[~of_new_sample & ~of_new_drug],
        "truth.tsv": cohort.truth,
        "new_genotypes.tsv": calls[is_new],
        "new_samples.tsv": cohort.samples[is_new_sample],
        "new_drugs.tsv": cohort.drugs[is_new_drug] if is_new_drug.any() else cohort.drugs,
        "new_responses.tsv": responses[of_new_sample],
    }


def _write_vcf(genotypes: Genotypes, path: Path) -> None:
    features = genotypes.features
    header = [
        "##fileformat=VCFv4.2",
        '##FILTER=<ID=PASS,Description="All filters passed">',
        *(f"##contig=<ID={name}>" for name in pd.unique(features["chromosome"])),
        '##INFO=<ID=GENEINFO,Number=1,Type=String,Description="Gene as symbol:number; simulated genes have number 0">',
        '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">',
        "\t".join(["#CHROM", *_vcf_columns(features).columns[1:], *genotypes.sample_ids]),
    ]
    dense = genotypes.dense()
    codes = np.where(np.isnan(dense), 3, dense).astype(np.intp).T
    with path.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(f"{line}\n" for line in header)
        for place, calls in zip(_vcf_columns(features).itertuples(index=False), codes, strict=True):
            file.write("\t".join([*map(str, place), *_CALLS[calls]]) + "\n")


def _vcf_columns(features: pd.DataFrame) -> pd.DataFrame:
    """The nine columns that stand before the calls."""
    return pd.DataFrame(
        {
            "CHROM": features["chromosome"],
            "POS": features["position"],
            "ID": np.where(features["kind"] == "altered", features.index, "."),
            "REF": features["ref"],
            "ALT": features["alt"],
            "QUAL": ".",
            "FILTER": "PASS",
            "INFO": ("GENEINFO=" + features["gene"] + ":0").where(features["gene"] != "", "."),
            "FORMAT": "GT",
        }
    )
