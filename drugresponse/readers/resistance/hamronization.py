"""Summaries of hAMRonization -> Genotypes: genes and mutations that any of its programs found in isolates."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.readers.assayed import assayed_samples
from drugresponse.readers.resistance._calls import GENE, MUTATION, Calls, Element
from drugresponse.readers.resistance._tables import rows_of_samples
from drugresponse.readers.resistance.amrfinderplus import AMRFINDERPLUS
from drugresponse.readers.resistance.parents import gene_parents, mutation_parents
from drugresponse.readers.resistance.resfinder import POINTFINDER, RESFINDER
from drugresponse.readers.resistance.rgi import RGI
from drugresponse.readers.source.source import AnySource, sources_of, words_of

__all__ = ["looks_like_hamronization", "read_hamronization"]

_SAMPLES = ("inputfilename",)
_COLUMNS = {
    "sample": _SAMPLES,
    "gene": ("genesymbol",),
    "software": ("analysissoftwarename",),
    "class": ("drugclass",),
    "agent": ("antimicrobialagent",),
    "protein": ("aminoacidmutation",),
    "nucleotide": ("nucleotidemutation",),
}
_NEEDED = {"sample": "input_file_name", "gene": "gene_symbol"}
_BLOCKS = {"amrfinderplus": AMRFINDERPLUS, "rgi": RGI, "pointfinder": POINTFINDER, "tbprofiler": "TB-Profiler"}
_UNNAMED = "hAMRonization"
_ONE_LETTER = re.compile(r"p\.([A-Z*]\d+[A-Z*]+)")
_NUCLEOTIDE = re.compile(r"c\.(-?\d+)([ACGT]+)>([ACGT]+)")


def looks_like_hamronization(header: Sequence[str]) -> bool:
    """Whether these are the column names of a table of hAMRonization.

    Examples
    --------
    >>> looks_like_hamronization(["input_file_name", "gene_symbol", "gene_name", "analysis_software_name"])
    True
    >>> looks_like_hamronization(["gene_symbol", "drug_class"])
    False
    """
    names = {plain_name(name) for name in header}
    return {"inputfilename", "analysissoftwarename"} <= names or {"inputfilename", "genesymbol"} <= names


def read_hamronization(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read what `hamronize` or `hamronize summarize` wrote of the reports of any program.

    Parameters
    ----------
    paths
        Tables with the columns `input_file_name` (the sample), `gene_symbol` and, where known, `drug_class`,
        `antimicrobial_agent`, `amino_acid_mutation`, `nucleotide_mutation` and `analysis_software_name`.
    known_samples
        Sample ids of the other tables: those without a row count as isolates in which nothing was found.
    known_features
        Rows of `features` that a trained model holds: they are 0 in isolates that do not bear them.
    absent_means
        `reference` takes everything that is not found for absent, `missing` for not known. None takes every isolate for
        searched by every program of the table, and mutations for looked for where the program found any.

    Returns
    -------
    Genotypes
        A block for each program, kind `altered`: 1 where it was found. Ids are the symbols (`blaCTX-M-15`), with the
        mutation where there is one (`gyrA_S83L`, `rpoB_p.Ser450Leu`).

    Raises
    ------
    InputError
        A column is absent, a row is damaged, or nothing was found in any isolate.

    Notes
    -----
    Columns: https://github.com/pha4ge/hAMRonization, docs/hAMRonization_specification_details.csv; Mendes et al. 2024,
    doi:10.1101/2024.03.07.583950.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "summary.tsv")
    ...     rows = ["input_file_name\tgene_symbol\tanalysis_software_name", "S1\tNDM-1\trgi", "S2\tOXA-48\trgi"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_hamronization(file)
    >>> genotypes.features["block"].to_dict(), genotypes.dense().tolist()
    ({'NDM-1': 'RGI', 'OXA-48': 'RGI'}, [[1.0, 0.0], [0.0, 1.0]])
    """
    files = sources_of(paths)
    where = words_of(files)
    calls = Calls()
    for row in rows_of_samples(files, _COLUMNS, _NEEDED, samples=_SAMPLES, known_samples=known_samples):
        if row.cells is None:
            continue
        if not row.cells["gene"]:
            raise InputError(f"{row.place}: found no gene_symbol (expected one). Fill it or remove the line.")
        calls.find(row.sample, _element(row.cells))
    samples = calls.samples
    if absent_means != "missing" and samples:
        samples = assayed_samples(samples, known_samples, where, "any gene", "isolates without any")
    for block in list(calls.searched):
        for sample in samples:
            calls.look(sample, block)
    not_told = [(block, MUTATION) for block in calls.searched if MUTATION not in calls.effects(block)]
    return calls.genotypes(where, known_features, absent_means, not_told=not_told)


def _element(cells: Mapping[str, str]) -> Element:
    block = _block(cells["software"])
    gene = cells["gene"]
    classes = [part.strip() for part in re.split(r"[/;,]", f"{cells['agent']};{cells['class']}")]
    change = _change(cells, block)
    if not change:
        return Element(block, gene, gene, GENE, gene_parents(gene, classes))
    return Element(block, f"{gene}_{change}", gene, MUTATION, mutation_parents(gene, classes))


def _block(software: str) -> str:
    """The block that the reader of the program itself makes, else the program as it is named."""
    plain = plain_name(software)
    if plain.startswith("resfinder"):
        return RESFINDER
    return _BLOCKS.get(plain, software or _UNNAMED)


def _change(cells: Mapping[str, str], block: str) -> str:
    """The mutation, as the program itself names it where that is known; "" where a gene alone was found."""
    protein = _ONE_LETTER.fullmatch(cells["protein"])
    if protein:
        return protein[1]
    nucleotide = _NUCLEOTIDE.fullmatch(cells["nucleotide"])
    if nucleotide and not cells["protein"] and block == AMRFINDERPLUS:
        position, reference, alternate = nucleotide.groups()
        return f"{reference}{position}{alternate}"
    return cells["protein"] or cells["nucleotide"]
