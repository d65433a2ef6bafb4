"""Older and other names of genes -> the names in use, through a table that the user gives."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.column_names import find_column, plain_name
from drugresponse.data.conversion.spreadsheet_dates import warn_of_dates
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.source.source import AnySource, Source
from drugresponse.readers.tables.text_tables import read_table
from drugresponse.shown import Shown

__all__ = ["GeneNames", "apply_gene_names", "read_gene_names"]

logger = logging.getLogger(__name__)

_GENE_COLUMNS = ("gene", "symbol", "approvedsymbol", "genesymbol", "hgncsymbol", "hugosymbol", "newsymbol", "newname")
_ALIAS_COLUMNS = ("alias", "aliases", "aliassymbol", "aliassymbols", "prevsymbol", "previoussymbol", "previoussymbols",
                  "synonym", "synonyms", "oldsymbol", "oldname", "othername")  # fmt: skip
_GENE_PREFIX = re.compile(r"[^_*: (]*")


@dataclass(frozen=True, repr=False)
class GeneNames(Shown):
    """What genes are also called.

    Attributes
    ----------
    gene_of
        The gene in use, by alias; no alias is itself a gene in use.
    ambiguous
        The genes that an alias may mean, where they are several: never renamed.
    where
        The file, for messages.

    Examples
    --------
    >>> names = GeneNames({"MLL2": "KMT2D"}, {"CAP": ("CAP1", "SERPINB6")}, "aliases.tsv")
    >>> names.current("MLL2"), names.current("CAP"), names.current("TP53")
    ('KMT2D', 'CAP', 'TP53')
    """

    gene_of: Mapping[str, str]
    ambiguous: Mapping[str, tuple[str, ...]]
    where: str = "aliases"

    def current(self, gene: str) -> str:
        """The name in use; the name itself where the table does not know it or it may mean several genes."""
        return self.gene_of.get(gene, gene)

    def report(self, genes: Iterable[str], where: str) -> None:
        """Log how many of the gene names in a file are renamed, and which cannot be."""
        distinct = set(genes)
        renamed = sorted(distinct & self.gene_of.keys())
        unclear = sorted(distinct & self.ambiguous.keys())
        logger.info("%s: gene names renamed after %s: %d of %d.", where, self.where, len(renamed), len(distinct))
        if unclear:
            first = unclear[0]
            logger.warning(
                f"{where}: gene names that mean several genes in {self.where} are kept: {len(unclear)} (such as "
                f'"{first}", which may be {" or ".join(self.ambiguous[first])}).'
            )


def read_gene_names(path: AnySource) -> GeneNames:
    r"""Read a table of aliases.

    Parameters
    ----------
    path
        Columns `alias` and `gene`, one alias a row; or HGNC's own table, with `symbol`, `alias_symbol` and
        `prev_symbol`, where `|` or a comma stands between several. Other columns are passed over.

    Returns
    -------
    GeneNames
        A name that stands in the column of genes is a gene in use and is never renamed, also where it is an alias of
        another gene; an alias of several genes is ambiguous.

    Raises
    ------
    InputError
        As `read_table`; or the columns are absent, a gene is empty, or no alias is given.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "aliases.dat")
    ...     _ = file.write_text("symbol\talias_symbol\tprev_symbol\nKMT2D\tALR|CAGL114\tMLL2\n")
    ...     dict(read_gene_names(file).gene_of)
    {'ALR': 'KMT2D', 'CAGL114': 'KMT2D', 'MLL2': 'KMT2D'}
    """
    where = Source.of(path).name
    table = read_table(path)
    at = find_column(list(table.columns), _GENE_COLUMNS)
    plain = {plain_name(name): name for name in reversed(table.columns)}
    alias_columns = [plain[name] for name in _ALIAS_COLUMNS if name in plain]
    if at is None or not alias_columns:
        raise InputError(
            f'{where}: found the columns {show_ids(table.columns, 8)} (expected "alias" and "gene", or HGNC\'s '
            '"symbol", "alias_symbol" and "prev_symbol"). Rename the columns.'
        )
    genes = table.iloc[:, at].str.strip()
    meanings: dict[str, set[str]] = {}
    for column in alias_columns:
        for row, cell, gene in zip(table.index, table[column], genes, strict=True):
            aliases = [] if is_missing(cell) else [alias.strip().strip('"') for alias in re.split(r"[|,;]", cell)]
            if aliases and is_missing(gene):
                raise InputError(
                    f'{where}, line {int(row) + 2}: found the alias "{aliases[0]}" without a gene. '
                    "Fill the gene or remove the line."
                )
            for alias in filter(None, aliases):
                meanings.setdefault(alias, set()).add(gene)
    if not meanings:
        raise InputError(f'{where}: column "{alias_columns[0]}" is empty (expected aliases). Check the file.')
    in_use = set(genes)
    warn_of_dates(in_use, where)
    aliases_only = {alias: tuple(sorted(meanings[alias])) for alias in sorted(meanings.keys() - in_use)}
    return GeneNames(
        {alias: meant[0] for alias, meant in aliases_only.items() if len(meant) == 1},
        {alias: meant for alias, meant in aliases_only.items() if len(meant) > 1},
        where,
    )


def apply_gene_names(genotypes: Genotypes, names: GeneNames, *, where: str = "genotypes") -> Genotypes:
    """Rename the genes of features, in their gene column and at the start of their ids.

    Parameters
    ----------
    genotypes
        Left as it is. Of a feature without a gene, what stands before the first `_`, `*`, `:`, blank or bracket of its
        id is taken as one.
    names
        Names that mean several genes are kept, and reported in a warning.

    Returns
    -------
    Genotypes
        Where an alias and its gene were features of their own, they become one: a call that only one of them has is
        taken; an alteration counts when either shows it. Features whose other values contradict each other keep
        their old names, and are counted in a warning.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0, 1], [1, 0]], ["s1", "s2"], ["KMT2D_mut", "MLL2_mut"], kind="altered")
    >>> apply_gene_names(genotypes, GeneNames({"MLL2": "KMT2D"}, {})).dense().tolist()
    [[1.0], [1.0]]
    """
    rows = zip(genotypes.features.index, genotypes.features["gene"], strict=True)
    old = [gene or _GENE_PREFIX.match(feature_id)[0] for feature_id, gene in rows]  # type: ignore[index]
    names.report(filter(None, old), where)
    new = [names.current(gene) for gene in old]
    if new == old:
        return genotypes
    ids = [
        after + feature_id[len(before) :]
        if before != after and re.match(re.escape(before) + r"(?![A-Za-z0-9])", feature_id)
        else feature_id
        for feature_id, before, after in zip(genotypes.features.index, old, new, strict=True)
    ]
    genes = np.where(genotypes.features["gene"] != "", np.array(new, dtype=object), "")
    table = genotypes.features.set_axis(pd.Index(ids, name="feature_id", dtype=object)).assign(gene=genes)
    return _merge(genotypes, table, where)


def _merge(genotypes: Genotypes, table: pd.DataFrame, where: str) -> Genotypes:
    """Features that now bear one id become one, unless their values contradict each other."""
    columns = None if genotypes.is_stored else sparse.csc_array(genotypes.values)
    place = pd.Series(np.arange(len(table)), index=[table["block"], table.index])
    shared = place[place.index.duplicated(keep=False)]
    dropped: list[int] = []
    merged: dict[int, np.ndarray] = {}
    apart: list[int] = []
    for _, group in shared.groupby(level=[0, 1], sort=False):
        at = group.to_numpy()
        values = genotypes.dense(at) if columns is None else columns[:, at].toarray()
        if _agree(values, table["kind"].iloc[at]):
            merged[at[0]] = np.fmax.reduce(values, axis=1)
            dropped.extend(at[1:])
        else:
            apart.extend(at)
    if merged:
        logger.info("%s: features joined with another of the same name after renaming: %d.", where, len(dropped))
    if apart:
        logger.warning(
            f"{where}: features that would share a name after renaming, but contradict each other, keep theirs: "
            f"{len(apart)}."
        )
    ids, genes = table.index.to_numpy(copy=True), table["gene"].to_numpy(copy=True)
    ids[apart], genes[apart] = genotypes.features.index[apart], genotypes.features["gene"].iloc[apart]
    table = table.set_axis(pd.Index(ids, name="feature_id", dtype=object)).assign(gene=genes)
    alone = np.setdiff1d(np.arange(len(table)), [*merged, *dropped])
    order, samples = np.array(list(merged), dtype=np.intp), list(genotypes.sample_ids)
    parts = [sparse.csc_array(values[:, None]) for values in merged.values()]
    if columns is None:
        built = Genotypes.build(genotypes.values.take_columns(alone), samples, table.iloc[alone])
        if parts:
            joined = Genotypes.build(sparse.hstack(parts, format="csr"), samples, table.iloc[order])
            built = Genotypes.join([built, joined])
    else:
        values = sparse.hstack([columns[:, alone], *parts], format="csr")
        built = Genotypes.build(values, samples, table.iloc[np.concatenate([alone, order])])
    return replace(built, reference=genotypes.reference)


def _agree(values: np.ndarray, kinds: pd.Series) -> bool:
    if kinds.nunique() > 1:
        return False
    if kinds.iloc[0] == "altered":
        return True
    present = values[~np.isnan(values).all(axis=1)]
    return bool((np.fmin.reduce(present, axis=1) == np.fmax.reduce(present, axis=1)).all())
