"""Lists of HIV substitutions, one sample a row -> Genotypes."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence

import pandas as pd

from drugresponse.data.column_names import find_column, plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import is_missing_id, trimmed
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, count, quoted, show_ids
from drugresponse.readers.resistance._calls import Calls
from drugresponse.readers.resistance._sites import Sites
from drugresponse.readers.resistance._substitutions import (
    SUBSTITUTIONS,
    elements_at,
    gene_of_hiv,
    is_any_residue,
    parse_substitution,
)
from drugresponse.readers.resistance._tables import SAMPLE_COLUMNS
from drugresponse.readers.source.source import AnySource, Source, sources_of, words_of
from drugresponse.readers.text.delimited import even_rows, refuse_bad_header
from drugresponse.readers.text.files import stream_rows

__all__ = ["looks_like_substitutions", "read_substitutions"]

logger = logging.getLogger(__name__)

_LISTS = ("substitutions", "mutations", "aasubstitutions", "aamutations", "mutationlist", "mutlist", "drms",
          "resistancemutations", "drugresistancemutations", "hivmutations", "hivsubstitutions")  # fmt: skip
_GENES = ("pr", "rt", "in", "ca", "prot", "pro", "protease", "reversetranscriptase", "int", "integrase", "capsid")
_NONE = frozenset({"none", "no", "wt", "wild type", "wildtype", "no mutations", "no substitutions", "consensus"})
_BETWEEN = re.compile(r"[,;+\s]+")


def looks_like_substitutions(header: Sequence[str]) -> bool:
    """Whether these are the names of a column of samples, and of a column of lists or of columns of genes of HIV.

    Examples
    --------
    >>> looks_like_substitutions(["sample_id", "substitutions"]), looks_like_substitutions(["sample_id", "PR", "RT"])
    (True, True)
    >>> looks_like_substitutions(["sample_id", "substitutions", "age"]), looks_like_substitutions(["sample_id", "PR"])
    (False, False)
    """
    names = {plain_name(name) for name in header}
    others = names - set(SAMPLE_COLUMNS)
    if len(others) != len(header) - 1:
        return False
    return (len(others) == 1 and others <= set(_LISTS)) or (len(others) > 1 and others <= set(_GENES))


def read_substitutions(
    paths: AnySource | Sequence[AnySource],
    *,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read lists of substitutions, one row a sample.

    Parameters
    ----------
    paths
        Tables with a column of samples and a column of lists (`substitutions`, `mutations`), such as
        `RT:M184V, RT:K65R, PR:V82A`, between commas, semicolons, + or blanks; or columns PR, RT, IN and CA with the
        substitutions of each gene. `none` says that a sequence has none.
    known_features
        Rows of `features` that a trained model holds: they are 0 in samples that do not bear them.
    absent_means
        `missing` keeps what was found alone. Else a sample with a list counts as sequenced in every gene, and what its
        list lacks as absent; one whose cell is empty or missing was not sequenced.

    Returns
    -------
    Genotypes
        Block `substitutions`, kind `altered`, with the ids of `read_sierra`: each residue of a mixture counts.

    Raises
    ------
    InputError
        A column is absent, a row is damaged, a sample has two rows, or a cell holds something else.

    Notes
    -----
    Spellings: "Input Mutations" of https://hivdb.stanford.edu, as in the README of
    https://github.com/hivdb/sierra-client.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "substitutions.tsv")
    ...     _ = file.write_text("sample_id\tsubstitutions\nP1\tRT:M184MV, RT:K65R\nP2\tnone\nP3\tNA\n")
    ...     genotypes = read_substitutions(file)
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['RT_184V', 'RT_65R'], [[1.0, 1.0], [0.0, 0.0], [nan, nan]])
    """
    files = sources_of(paths)
    where = words_of(files)
    calls, sites = Calls(), Sites()
    lines: dict[str, str] = {}
    for file in files:
        _read_file(file, calls, sites, lines)
    unsequenced = [sample for sample, spans in sites.spans.items() if not spans]
    if unsequenced:
        logger.warning(
            f"{where}: {count(len(unsequenced), 'sample')} with an empty list count as not sequenced "
            f"({show_ids(unsequenced)}). Write none where a sequence has no substitution."
        )
    return calls.genotypes(where, known_features, absent_means, sites.unseen)


def _read_file(file: Source, calls: Calls, sites: Sites, lines: dict[str, str]) -> None:
    where = file.name
    numbered = stream_rows(file)
    header = [trimmed(name) for name in next(numbered)[1]]
    refuse_bad_header(header, where)
    sample_at = find_column(header, SAMPLE_COLUMNS)
    lists = _lists(header)
    if sample_at is None or not lists:
        raise InputError(
            f"{where}: found no column of {'samples' if sample_at is None else 'substitutions'} (its columns are "
            f"{show_ids(header, 8)}; expected sample_id and substitutions, or PR, RT and IN). Rename the columns."
        )
    for line, cells in even_rows(numbered, len(header), where):
        sample, place = trimmed(cells[sample_at]), f"{where}, line {line}"
        if is_missing_id(sample):
            raise InputError(f"{place}: found no sample (expected an id). Fill it or remove the line.")
        if lines.setdefault(sample, place) != place:
            raise InputError(
                f"{place}: {quoted(sample)} has a row already, {lines[sample]} (expected one row a sample). Join their "
                "lists, or rename one."
            )
        calls.look(sample, SUBSTITUTIONS)
        told = {gene: cells[at] for at, gene in lists.items() if not _is_empty(cells[at])}
        if len(told) < len(lists):
            sites.leave_out(sample)
        for gene, cell in told.items():
            if gene and len(told) < len(lists):
                sites.cover(sample, gene)
            _add_list(calls, sites, sample, cell, gene, place)


def _lists(header: Sequence[str]) -> dict[int, str]:
    """The columns of lists, and the gene of each, "" where its cells tell it."""
    plain = [plain_name(name) for name in header]
    whole = next((plain.index(name) for name in _LISTS if name in plain), None)
    if whole is not None:
        return {whole: ""}
    return {plain.index(gene): gene_of_hiv(gene) for gene in _GENES if gene in plain}


def _is_empty(cell: str) -> bool:
    """Whether a cell does not tell whether there was a sequence; the word none does."""
    return is_missing(cell) and cell.strip().lower() != "none"


def _add_list(calls: Calls, sites: Sites, sample: str, cell: str, gene: str, place: str) -> None:
    if cell.strip().lower() in _NONE:
        return
    for written in filter(None, _BETWEEN.split(cell.strip())):
        substitution = parse_substitution(written, gene)
        if substitution is None:
            raise InputError(
                f"{place}: found {quoted(written)} among the substitutions (expected such as RT:M184V, with the gene). "
                "Correct it; if the table is one of samples and features, use `genotype_format` matrix."
            )
        if not substitution.residues and is_any_residue(written):
            sites.blur(sample, substitution.gene, substitution.position)
        for element in elements_at(substitution):
            calls.find(sample, element)
