"""Tables of RGI (CARD) -> Genotypes: genes and resistant variants of isolates."""

from __future__ import annotations

import logging
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

__all__ = ["RGI", "looks_like_rgi", "read_rgi"]

logger = logging.getLogger(__name__)

RGI = "RGI"
"""Name of the block."""
_COLUMNS = {
    "gene": ("besthitaro",),
    "cut-off": ("cutoff",),
    "mutations": ("snpsinbesthitaro",),
    "class": ("drugclass",),
    "family": ("amrgenefamily",),
}
_NEEDED = {"gene": "Best_Hit_ARO"}
_ENDINGS = (".rgi", "_rgi", ".card", "_card", ".main", "_main")


def looks_like_rgi(header: Sequence[str]) -> bool:
    """Whether these are the column names of what `rgi main` writes.

    Examples
    --------
    >>> looks_like_rgi(["ORF_ID", "Contig", "Cut_Off", "Best_Hit_ARO", "Drug Class", "AMR Gene Family"])
    True
    >>> looks_like_rgi(["sample_id", "Drug Class"])
    False
    """
    names = {plain_name(name) for name in header}
    return {"orfid", "cutoff"} <= names or {"besthitaro", "drugclass"} <= names


def read_rgi(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read what the Resistance Gene Identifier found in isolates.

    Parameters
    ----------
    paths
        Tables of `rgi main` (.txt) of one isolate each, whose file is named after it (`S7.txt`, `S7_rgi.txt`), or one
        with a column of samples more.
    known_samples
        Sample ids of the other tables, as in `read_amrfinderplus`.
    known_features
        Rows of `features` that a trained model holds: they are 0 in isolates that do not bear them.
    absent_means
        `missing` takes what is not found for not known; else it is absent: RGI looks for genes and variants alike.

    Returns
    -------
    Genotypes
        Block `RGI`, kind `altered`: 1 where a perfect or strict hit was found; loose ones are left out and counted. Ids
        are terms of CARD (`NDM-1`), with the variant where a model of variants found one (`TERM_S83L`).

    Raises
    ------
    InputError
        A column is absent, a row is damaged, an isolate has two files, a file does not tell its isolate, or nothing was
        found in any.

    Notes
    -----
    Columns: https://github.com/arpcard/rgi, "RGI main Tab-Delimited Output Details"; Alcock et al. 2023,
    doi:10.1093/nar/gkac920.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "S1.txt")
    ...     rows = ["ORF_ID\tCut_Off\tBest_Hit_ARO\tDrug Class", "1\tPerfect\tNDM-1\tcarbapenem", "2\tLoose\tmexX\tn/a"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_rgi(file)
    >>> genotypes.sample_ids.tolist(), genotypes.features.index.tolist()
    (['S1'], ['NDM-1'])
    """
    files = sources_of(paths)
    where = words_of(files)
    calls, first, n_loose = Calls(), dict[str, Source](), 0
    for row in rows_of_samples(files, _COLUMNS, _NEEDED, endings=_ENDINGS, known_samples=known_samples):
        refuse_second_file(first, row.sample, row.source)
        calls.look(row.sample, RGI)
        if row.cells is None or not any(row.cells.values()):
            continue
        if not row.cells["gene"]:
            raise InputError(f"{row.place}: found no Best_Hit_ARO (expected a term). Fill it or remove the line.")
        if row.cells["cut-off"].lower() == "loose":
            n_loose += 1
            continue
        for element in _elements(row.cells):
            calls.find(row.sample, element)
    if n_loose:
        logger.info("%s: loose hits left out: %d.", where, n_loose)
    if has_samples(files) and absent_means != "missing":
        for sample in assayed_samples(calls.samples, known_samples, where, "any gene", "isolates without any"):
            calls.look(sample, RGI)
    return calls.genotypes(where, known_features, absent_means)


def _elements(cells: Mapping[str, str]) -> list[Element]:
    """The term, or the term with each of its variants."""
    term = cells["gene"]
    classes = _listed(cells["class"], ";")
    changes = _listed(cells["mutations"], "[,;]")
    if not changes:
        parents = gene_parents(term, classes, _listed(cells["family"], ";"))
        return [Element(RGI, term, term, GENE, parents)]
    parents = mutation_parents(term, classes)
    return [Element(RGI, f"{term}_{change}", term, MUTATION, parents) for change in changes]


def _listed(text: str, between: str) -> list[str]:
    return [part.strip() for part in re.split(between, text) if part.strip()]
