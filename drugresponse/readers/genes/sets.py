"""Gene sets from GMT files: a name, a description and genes on each line."""

from __future__ import annotations

import logging
from collections import Counter
from dataclasses import dataclass, replace
from pathlib import Path

from drugresponse.data.conversion.spreadsheet_dates import warn_of_dates
from drugresponse.errors import InputError, quoted
from drugresponse.memory_limit import refuse_beyond_memory
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.text.files import decode_file

__all__ = ["GeneSet", "read_gene_sets"]

logger = logging.getLogger(__name__)

_SET_BYTES = 600


@dataclass(frozen=True)
class GeneSet:
    """Genes that belong together.

    Attributes
    ----------
    name
        Unique in its file.
    description
        Free text, such as an address or an identifier; may be empty.
    genes
        Each once, in alphabetical order.

    Examples
    --------
    >>> GeneSet("MAPK", "", ("BRAF", "KRAS")).genes
    ('BRAF', 'KRAS')
    """

    name: str
    description: str
    genes: tuple[str, ...]


def read_gene_sets(path: str | Path, names: GeneNames | None = None) -> tuple[GeneSet, ...]:
    r"""Read a GMT file, gzip or not.

    Parameters
    ----------
    path
        One set on each line: name, description and genes, separated by tabs. Empty lines, and lines that begin with
        `#`, are passed over.
    names
        Aliases of genes, renamed as in genotypes; None keeps the names as written.

    Returns
    -------
    tuple of GeneSet
        In the order of the file. A gene that a line repeats counts once. A set that stands in the file twice counts
        once; two sets of one name but other genes are told apart by their descriptions.

    Raises
    ------
    InputError
        The file cannot be read as text, holds no set, a line lacks a name or genes, or two sets share both name and
        description but not their genes.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "sets.dat")
    ...     _ = file.write_text("RAS\tmade up\tKRAS\tNRAS\tKRAS\n")
    ...     read_gene_sets(file)
    (GeneSet(name='RAS', description='made up', genes=('KRAS', 'NRAS')),)
    """
    where = Path(path).name
    text = decode_file(path)
    refuse_beyond_memory(_SET_BYTES * text.count("\n"), where)
    numbered = [
        (number, _gene_set(line, f"{where}, line {number}", names))
        for number, line in enumerate(text.split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]
    if not numbered:
        raise InputError(
            f"{where}: found no gene set (expected lines of a name, a description and genes). Check the file."
        )
    genes = {gene for _, gene_set in numbered for gene in gene_set.genes}
    warn_of_dates(genes, where)
    if names is not None:
        names.report(genes, where)
    return _distinct(numbered, where)


def _gene_set(line: str, where: str, names: GeneNames | None) -> GeneSet:
    name, description, *genes = [*map(str.strip, line.split("\t")), ""]
    current = {gene if names is None else names.current(gene) for gene in genes if gene}
    if not name or not current:
        what = f"{quoted(name, 60)} without genes" if name else "genes without the name of their set"
        raise InputError(
            f"{where}: found {what} (expected the name of a set, a description and genes, separated by tabs, as in a "
            "GMT file). Correct or remove the line."
        )
    return GeneSet(name, description, tuple(sorted(current)))


def _distinct(numbered: list[tuple[int, GeneSet]], where: str) -> tuple[GeneSet, ...]:
    """Sets without repeats, and with the description in the name where a name stands for several sets."""
    kept: dict[tuple[str, str], tuple[int, GeneSet]] = {}
    for number, gene_set in numbered:
        line, first = kept.setdefault((gene_set.name, gene_set.description), (number, gene_set))
        if first.genes != gene_set.genes:
            raise InputError(
                f"{where}, line {number}: found the set {quoted(gene_set.name, 60)} again with other genes than on "
                f"line {line} (expected each set once). Rename or remove one."
            )
    if len(kept) < len(numbered):
        logger.warning("%s: %d lines repeat a gene set; each is taken once.", where, len(numbered) - len(kept))
    times = Counter(gene_set.name for _, gene_set in kept.values())
    return tuple(
        gene_set
        if times[gene_set.name] == 1
        else replace(gene_set, name=f"{gene_set.name} ({gene_set.description or 'no description'})")
        for _, gene_set in kept.values()
    )
