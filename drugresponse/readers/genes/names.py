"""Older and other names of genes -> the names in use, through a table that the user gives."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.column_names import plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.missing import is_missing
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.tables.text_tables import read_table
from drugresponse.readers.text.spreadsheet_dates import warn_of_dates

__all__ = ["GeneNames", "apply_gene_names", "read_gene_names"]

logger = logging.getLogger(__name__)

_GENE_COLUMNS = ("gene", "symbol", "approvedsymbol", "genesymbol", "hgncsymbol", "hugosymbol", "newsymbol", "newname")
_ALIAS_COLUMNS = ("alias", "aliases", "aliassymbol", "aliassymbols", "prevsymbol", "previoussymbol", "previoussymbols",
                  "synonym", "synonyms", "oldsymbol", "oldname", "othername")  # fmt: skip
_GENE_PREFIX = re.compile(r"[^_*: (]+")


@dataclass(frozen=True)
class GeneNames:
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
                '%s: gene names that mean several genes in %s are kept: %d (such as "%s", which may be %s).',
                where,
                self.where,
                len(unclear),
                first,
                " or ".join(self.ambiguous[first]),
            )


def read_gene_names(path: str | Path) -> GeneNames:
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
        As `read_table`; or the columns are not found, a gene is empty, or no alias is given.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "aliases.dat")
    ...     _ = file.write_text("symbol\talias_symbol\tprev_symbol\nKMT2D\tALR|CAGL114\tMLL2\n")
    ...     dict(read_gene_names(file).gene_of)
    {'ALR': 'KMT2D', 'CAGL114': 'KMT2D', 'MLL2': 'KMT2D'}
    """
    where = Path(path).name
    table = read_table(path)
    plain = {plain_name(name): name for name in reversed(table.columns)}
    gene_column = next((plain[each] for each in _GENE_COLUMNS if each in plain), None)
    alias_columns = [plain[each] for each in _ALIAS_COLUMNS if each in plain]
    if gene_column is None or not alias_columns:
        raise InputError(
            f'{where}: found the columns {show_ids(table.columns, 8)} (expected "alias" and "gene", or HGNC\'s '
            '"symbol", "alias_symbol" and "prev_symbol"). Rename the columns.'
        )
    genes = table[gene_column].str.strip()
    meanings: dict[str, set[str]] = {}
    for column in alias_columns:
        for row, cell in zip(table.index, table[column], strict=True):
            aliases = [] if is_missing(cell) else [each.strip().strip('"') for each in re.split(r"[|,;]", cell)]
            if aliases and is_missing(genes[row]):
                raise InputError(
                    f'{where}, line {int(row) + 2}: found the alias "{aliases[0]}" without a gene. '
                    "Fill the gene or remove the line."
                )
            for alias in aliases:
                if alias:
                    meanings.setdefault(alias, set()).add(genes[row])
    if not meanings:
        raise InputError(f'{where}: column "{alias_columns[0]}" is empty (expected aliases). Check the file.')
    in_use = set(genes)
    warn_of_dates(in_use, where)
    aliases_only = {alias: found for alias, found in sorted(meanings.items()) if alias not in in_use}
    return GeneNames(
        {alias: next(iter(found)) for alias, found in aliases_only.items() if len(found) == 1},
        {alias: tuple(sorted(found)) for alias, found in aliases_only.items() if len(found) > 1},
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
    old = [
        _gene_of(gene, each) for each, gene in zip(genotypes.features.index, genotypes.features["gene"], strict=True)
    ]
    names.report([each for each in old if each], where)
    new = [names.current(each) for each in old]
    changed = np.flatnonzero([before != after for before, after in zip(old, new, strict=True)])
    if not len(changed):
        return genotypes
    table = genotypes.features.copy()
    ids = table.index.to_numpy(dtype=object, copy=True)
    gene_column = table["gene"].to_numpy(dtype=object, copy=True)
    for at in changed:
        if re.match(re.escape(old[at]) + r"(?![A-Za-z0-9])", ids[at]):
            ids[at] = new[at] + ids[at][len(old[at]) :]
        gene_column[at] = new[at] if gene_column[at] else ""
    table = table.set_index(pd.Index(ids, name="feature_id", dtype=object)).assign(gene=gene_column)
    return _merge(genotypes, table, where)


def _gene_of(gene: str, feature_id: str) -> str:
    if gene:
        return gene
    found = _GENE_PREFIX.match(feature_id)
    return found.group() if found else ""


def _merge(genotypes: Genotypes, table: pd.DataFrame, where: str) -> Genotypes:
    """Features that now bear one id become one, unless their values contradict each other."""
    keys = pd.MultiIndex.from_arrays([table["block"], table.index])
    columns = sparse.csc_array(genotypes.values)
    ids, genes = table.index.to_numpy(dtype=object, copy=True), table["gene"].to_numpy(dtype=object, copy=True)
    dropped: list[int] = []
    merged: dict[int, np.ndarray] = {}
    kept_apart = 0
    for members in pd.Series(np.arange(len(keys))).groupby(pd.factorize(keys)[0]):
        at = members[1].to_numpy()
        if len(at) == 1:
            continue
        values = columns[:, at].toarray()
        if _agree(values, table["kind"].iloc[at]):
            merged[at[0]] = np.fmax.reduce(values, axis=1)
            dropped.extend(at[1:])
        else:
            kept_apart += len(at)
            ids[at] = genotypes.features.index[at]
            genes[at] = genotypes.features["gene"].iloc[at]
    if merged:
        logger.info("%s: features joined with another of the same name after renaming: %d.", where, len(dropped))
    if kept_apart:
        logger.warning(
            "%s: features that would share a name after renaming, but contradict each other, keep theirs: %d.",
            where,
            kept_apart,
        )
    table = table.set_index(pd.Index(ids, name="feature_id", dtype=object)).assign(gene=genes)
    alone = np.setdiff1d(np.arange(len(keys)), [*merged, *dropped])
    parts = [columns[:, alone], *(sparse.csc_array(values[:, None]) for values in merged.values())]
    order = np.concatenate([alone, np.array(list(merged), dtype=np.intp)])
    built = Genotypes.build(sparse.hstack(parts, format="csr"), list(genotypes.sample_ids), table.iloc[order])
    return replace(built, reference=genotypes.reference)


def _agree(values: np.ndarray, kinds: pd.Series) -> bool:
    if kinds.nunique() > 1:
        return False
    if kinds.iloc[0] == "altered":
        return True
    present = ~np.isnan(values).all(axis=1)
    low, high = np.fmin.reduce(values[present], axis=1), np.fmax.reduce(values[present], axis=1)
    return bool(np.array_equal(low, high))
