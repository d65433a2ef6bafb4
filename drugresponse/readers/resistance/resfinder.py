"""Tables of ResFinder and PointFinder -> Genotypes: genes and point mutations of isolates."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError
from drugresponse.readers.assayed import assayed_samples
from drugresponse.readers.resistance._calls import GENE, MUTATION, Calls, Element
from drugresponse.readers.resistance._names import refuse_second_file
from drugresponse.readers.resistance._tables import has_samples, rows_of_samples
from drugresponse.readers.resistance.parents import gene_parents, mutation_parents
from drugresponse.readers.source.source import AnySource, Source, sources_of, words_of
from drugresponse.readers.text.files import stream_rows

__all__ = ["POINTFINDER", "RESFINDER", "looks_like_resfinder", "read_resfinder"]

RESFINDER, POINTFINDER = "ResFinder", "PointFinder"
"""Names of the blocks."""
_GENES = {"gene": ("resistancegene",), "phenotype": ("phenotype",)}
_MUTATIONS = {"mutation": ("mutation",), "phenotype": ("resistance",)}
_NEEDED = {"gene": "Resistance gene", "mutation": "Mutation"}
_ENDINGS = ("_resfinder_results_tab", ".resfinder_results_tab", "_pointfinder_results", ".pointfinder_results",
            "_results_tab", ".resfinder", "_resfinder", ".pointfinder", "_pointfinder")  # fmt: skip
_NO_CLASS = re.compile(r"(?i)unknown.*|warning:.*|notes? not found.*")
_ONE_LETTER = re.compile(r"p\.([A-Za-z*]\d+[A-Za-z*]+)")


def looks_like_resfinder(header: Sequence[str]) -> bool:
    """Whether these are the column names of ResFinder_results_tab.txt or PointFinder_results.txt.

    Examples
    --------
    >>> looks_like_resfinder(["Resistance gene", "Identity", "Coverage", "Phenotype", "Accession no."])
    True
    >>> looks_like_resfinder(["Mutation", "Nucleotide change", "Amino acid change", "Resistance", "PMID"])
    True
    >>> looks_like_resfinder(["sample_id", "Mutation", "Resistance"])
    False
    """
    names = {plain_name(name) for name in header}
    of_genes = {"identity", "phenotype"} <= names and names & {"resistancegene", "accessionno", "positionincontig"}
    return bool(of_genes) or {"nucleotidechange", "aminoacidchange"} <= names


def read_resfinder(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read what ResFinder and PointFinder found in isolates.

    Parameters
    ----------
    paths
        `ResFinder_results_tab.txt` and `PointFinder_results.txt` of one isolate each, where the folder they lie in is
        named after it, or files that are (`S7.txt`, `S7_resfinder.txt`); or tables with a column of samples more.
    known_samples
        Sample ids of the other tables, as in `read_amrfinderplus`.
    known_features
        Rows of `features` that a trained model holds: they are 0 in isolates that do not bear them.
    absent_means
        `reference` takes everything that is not found for absent, `missing` for not known. None takes genes for absent
        in isolates that have a table of ResFinder, and mutations in those that have one of PointFinder.

    Returns
    -------
    Genotypes
        Blocks `ResFinder` and `PointFinder`, kind `altered`: 1 where it was found, whatever its identity and coverage.
        Ids are the genes (`blaCTX-M-15`) and mutations (`gyrA_S83L`, `16S_rrsD_r.1192C>T`).

    Raises
    ------
    InputError
        A column is absent, a row is damaged, an isolate has two files, a file does not tell its isolate, or nothing was
        found in any.

    Notes
    -----
    Tables: README of https://bitbucket.org/genomicepidemiology/resfinder; Florensa et al. 2022,
    doi:10.1099/mgen.0.000748.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "S1.txt")
    ...     rows = ["Resistance gene\tIdentity\tPhenotype", "sul1\t100.00\tSulphonamide resistance"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_resfinder(file)
    >>> genotypes.sample_ids.tolist(), genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['S1'], ['sul1'], [[1.0]])
    """
    files = sources_of(paths)
    where = words_of(files)
    calls = Calls()
    kinds = [[file for file in files if _is_of_mutations(file) == of_mutations] for of_mutations in (False, True)]
    for block, of_kind, columns in zip((RESFINDER, POINTFINDER), kinds, (_GENES, _MUTATIONS), strict=True):
        _read_kind(calls, block, of_kind, columns, known_samples)
        if of_kind and has_samples(of_kind) and absent_means != "missing":
            searched = list(calls.searched.get(block, ()))
            for sample in assayed_samples(searched, known_samples, where, "any gene", "isolates without any"):
                calls.look(sample, block)
    return calls.genotypes(where, known_features, absent_means)


def _read_kind(
    calls: Calls,
    block: str,
    files: Sequence[Source],
    columns: Mapping[str, Sequence[str]],
    known_samples: Collection[str] | None,
) -> None:
    role = next(iter(columns))
    first: dict[str, Source] = {}
    rows = rows_of_samples(files, columns, {role: _NEEDED[role]}, endings=_ENDINGS, known_samples=known_samples)
    for row in rows:
        refuse_second_file(first, row.sample, row.source)
        calls.look(row.sample, block)
        if row.cells is None or not any(row.cells.values()):
            continue
        if not row.cells[role]:
            raise InputError(f"{row.place}: found no {role} (expected one). Fill it or remove the line.")
        element = _gene(row.cells) if block == RESFINDER else _mutation(row.cells)
        calls.find(row.sample, element)


def _gene(cells: Mapping[str, str]) -> Element:
    gene = cells["gene"]
    return Element(RESFINDER, gene, gene, GENE, gene_parents(gene, _classes(cells["phenotype"])))


def _mutation(cells: Mapping[str, str]) -> Element:
    gene, _, change = cells["mutation"].rpartition(" ")
    gene, change = (gene, change) if gene else (change, "")
    gene = "_".join(gene.split())
    substitution = _ONE_LETTER.fullmatch(change)
    change = substitution[1].upper() if substitution else change
    name = f"{gene}_{change}" if change else gene
    return Element(POINTFINDER, name, gene, MUTATION, mutation_parents(gene, _classes(cells["phenotype"])))


def _classes(phenotype: str) -> list[str]:
    """Drugs or classes of a phenotype: `Quinolone and aminoglycoside resistance`, or `Ampicillin, Amoxicillin`."""
    if _NO_CLASS.fullmatch(phenotype):
        return []
    words = re.split(r",|\band\b", re.sub(r"(?i)\s+resistance\b", "", phenotype))
    return [word.strip().lower() for word in words]


def _is_of_mutations(file: Source) -> bool:
    names = {plain_name(name) for name in next(stream_rows(file))[1]}
    return "nucleotidechange" in names or "aminoacidchange" in names
