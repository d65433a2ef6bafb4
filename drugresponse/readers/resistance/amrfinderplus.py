"""Tables of AMRFinderPlus -> Genotypes: genes and point mutations of isolates."""

from __future__ import annotations

import functools
import logging
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, count
from drugresponse.readers.assayed import assayed_samples
from drugresponse.readers.resistance._calls import GENE, MUTATION, PLUS_GENE, Calls, Element, Unseen
from drugresponse.readers.resistance._names import refuse_second_file
from drugresponse.readers.resistance._tables import SampleRow, has_samples, rows_of_samples
from drugresponse.readers.resistance.parents import gene_parents, mutation_parents
from drugresponse.readers.source.source import AnySource, Source, sources_of, words_of

__all__ = ["AMRFINDERPLUS", "looks_like_amrfinderplus", "read_amrfinderplus"]

logger = logging.getLogger(__name__)

AMRFINDERPLUS = "AMRFinderPlus"
"""Name of the block."""
_COLUMNS = {
    "gene": ("elementsymbol", "genesymbol"),
    "name": ("elementname", "sequencename"),
    "scope": ("scope",),
    "subtype": ("subtype", "elementsubtype"),
    "class": ("class",),
    "subclass": ("subclass",),
    "method": ("method",),
}
_TELLING = ("gene", "scope", "subtype", "class", "subclass", "method")
_NEEDED = {"gene": "Element symbol, or Gene symbol before version 4"}
_SAMPLES = ("name",)
_ENDINGS = (".amrfinderplus", "_amrfinderplus", ".amrfinder", "_amrfinder", "-amrfinder", "_amr", ".amr", "_mutations",
            ".mutations", "_mutation_all", "-genes", "-proteins")  # fmt: skip
_NOT_WHOLE = ("PARTIAL", "INTERNAL_STOP")
"""Methods that find a part of a gene, or one with a stop codon within: features of their own beside the whole gene."""
_SPLIT_BY_ASSEMBLY = "PARTIAL_CONTIG_END"
_WILD_TYPE, _UNKNOWN = "[WILDTYPE]", "[UNKNOWN]"


def looks_like_amrfinderplus(header: Sequence[str]) -> bool:
    """Whether these are the column names of a table of AMRFinderPlus, of any version.

    Examples
    --------
    >>> looks_like_amrfinderplus(["Name", "Protein id", "Element symbol", "Scope", "Class", "Subclass", "Method"])
    True
    >>> looks_like_amrfinderplus(["sample_id", "blaTEM-1", "class"])
    False
    """
    return {"scope", "class", "subclass", "method"} <= {plain_name(name) for name in header}


def read_amrfinderplus(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read what AMRFinderPlus found in isolates.

    Parameters
    ----------
    paths
        One table of many isolates, with the column `Name` that `amrfinder --name` writes (or a column of samples), or
        several tables of one isolate each, whose file is named after it: `S7.tsv`, `S7_amrfinder.tsv`. Files of
        `--mutation_all` may stand beside them.
    known_samples
        Sample ids of the other tables. Of a table with a column of samples, those without a row count as isolates in
        which nothing was found; a file of one isolate must bear the name of one of them.
    known_features
        Rows of `features` that a trained model holds: they are 0 in isolates that do not bear them.
    absent_means
        `reference` takes everything that is not found for absent, `missing` for not known. None takes genes for absent,
        and point mutations (looked for only with `--organism`) and genes of the scope `plus` (only with `--plus`) where
        any isolate has one.

    Returns
    -------
    Genotypes
        Block `AMRFinderPlus`, kind `altered`: 1 where the element was found. Ids are the element symbols
        (`blaCTX-M-15`, `gyrA_S83L`); of a gene of which a part was found, or that has a stop codon within,
        `blaTEM=PARTIAL` and `blaTEM=INTERNAL_STOP`. A part that ends with its contig counts as the gene. From
        `--mutation_all`, a mutation of a gene that was not found in the assembly is missing; variants that the database
        does not know are left out.

    Raises
    ------
    InputError
        A column is absent, a row is damaged, an isolate has two files, a file does not tell its isolate, or nothing was
        found in any.

    Notes
    -----
    Columns of both spellings, methods and types: https://github.com/ncbi/amr/wiki/Running-AMRFinderPlus and
    https://github.com/ncbi/amr/wiki/Interpreting-results; Feldgarden et al. 2021, doi:10.1038/s41598-021-91456-0.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "amrfinder.dat")
    ...     rows = ["Name\tElement symbol\tScope\tSubtype\tClass\tSubclass\tMethod"]
    ...     rows += ["S1\tblaTEM-1\tcore\tAMR\tBETA-LACTAM\tBETA-LACTAM\tALLELEX"]
    ...     rows += ["S2\tgyrA_S83L\tcore\tPOINT\tQUINOLONE\tQUINOLONE\tPOINTX"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_amrfinderplus(file, known_samples=["S1", "S2", "S3"])
    >>> genotypes.sample_ids.tolist(), genotypes.features["gene"].to_dict(), genotypes.dense().tolist()
    (['S1', 'S2', 'S3'], {'blaTEM-1': 'blaTEM-1', 'gyrA_S83L': 'gyrA'}, [[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]])
    """
    files = sources_of(paths)
    where = words_of(files)
    report = _Report()
    rows = rows_of_samples(files, _COLUMNS, _NEEDED, samples=_SAMPLES, endings=_ENDINGS, known_samples=known_samples)
    for row in rows:
        report.add(row)
    report.check()
    calls = report.calls
    if has_samples(files, _SAMPLES) and absent_means != "missing":
        for sample in assayed_samples(calls.samples, known_samples, where, "any gene", "isolates without any"):
            calls.look(sample, AMRFINDERPLUS)
    report.log(where)
    found = calls.effects(AMRFINDERPLUS) | ({MUTATION} if report.profiled else set())
    not_told = [(AMRFINDERPLUS, effect) for effect in (MUTATION, PLUS_GENE) if effect not in found]
    return calls.genotypes(where, known_features, absent_means, report.unseen(), not_told)


@dataclass
class _Report:
    """What was read so far.

    Attributes
    ----------
    calls
        Elements of samples.
    profiled
        By sample with a file of `--mutation_all`, the genes of mutations that were found in its assembly.
    """

    calls: Calls = field(default_factory=Calls)
    profiled: dict[str, set[str]] = field(default_factory=dict)
    _unknown: int = 0
    _not_whole: Counter[str] = field(default_factory=Counter)
    _files: dict[str, list[Source]] = field(default_factory=dict)
    _profiles: set[tuple[str, Source]] = field(default_factory=set)

    def add(self, row: SampleRow) -> None:
        """Note a row."""
        calls, cells = self.calls, row.cells
        calls.look(row.sample, AMRFINDERPLUS)
        files = self._files.setdefault(row.sample, [])
        if row.source not in files:
            files.append(row.source)
        if cells is None or not any(cells.values()):
            return  # an isolate without any hit
        if not cells["gene"]:
            raise InputError(f"{row.place}: found no symbol of a gene (expected one). Fill it or remove the line.")
        if _WILD_TYPE in cells["name"] or _UNKNOWN in cells["name"]:
            self._profiles.add((row.sample, row.source))
            self.profiled.setdefault(row.sample, set()).add(cells["gene"].rpartition("_")[0])
            self._unknown += _UNKNOWN in cells["name"]
            return
        element = _element(*(cells[role] for role in _TELLING))
        if "=" in element.name:
            self._not_whole[element.name.rpartition("=")[2]] += 1
        calls.find(row.sample, element)

    def check(self) -> None:
        """Refuse isolates with two files of one kind."""
        for profile in (False, True):
            first: dict[str, Source] = {}
            for sample, files in self._files.items():
                for file in files:
                    if ((sample, file) in self._profiles) == profile:
                        refuse_second_file(first, sample, file)

    def unseen(self) -> Unseen | None:
        """Point mutations of genes that a file of `--mutation_all` shows to be absent from the assembly."""
        if not self.profiled:
            return None

        def of(features: pd.DataFrame) -> list[tuple[str, NDArray[np.bool_]]]:
            mutation = (features["effect"] == MUTATION).to_numpy(dtype=bool)
            genes = features["gene"].to_numpy(dtype=object)
            return [(sample, mutation & ~np.isin(genes, list(present))) for sample, present in self.profiled.items()]

        return of

    def log(self, where: str) -> None:
        """Say what was left out or set apart."""
        if self._unknown:
            logger.info("%s: variants left out that the database of mutations does not know: %d.", where, self._unknown)
        for method, number in sorted(self._not_whole.items()):
            logger.info("%s: hits that are features of their own, as %s: %d.", where, method, number)
        searched = len(self.calls.samples)
        if MUTATION in self.calls.effects(AMRFINDERPLUS):
            logger.info(
                f"{where}: point mutations count as looked for in all {count(searched, 'isolate')} (amrfinder looks "
                "for them with --organism). Use `absent_means` missing if they were not."
            )


@functools.lru_cache(maxsize=1 << 14)
def _element(symbol: str, scope: str, subtype: str, drug_class: str, subclass: str, method: str) -> Element:
    """The element that a row names; many rows name the same."""
    classes = [*subclass.split("/"), *drug_class.split("/")]
    method = method.upper()
    if subtype.upper().startswith("POINT") or method.startswith("POINT"):
        gene = symbol.rpartition("_")[0] or symbol
        return Element(AMRFINDERPLUS, symbol, gene, MUTATION, mutation_parents(gene, classes))
    effect = PLUS_GENE if scope.lower() == "plus" else GENE
    parents = gene_parents(symbol, classes)
    if method.startswith(_NOT_WHOLE) and not method.startswith(_SPLIT_BY_ASSEMBLY):
        how = next(each for each in _NOT_WHOLE if method.startswith(each))
        return Element(AMRFINDERPLUS, f"{symbol}={how}", symbol, effect, parents)
    return Element(AMRFINDERPLUS, symbol, symbol, effect, parents)
