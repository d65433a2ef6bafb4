"""Parents as features: what each is called, which features are its children, and their sum in each sample."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored_values import StoredValues

__all__ = [
    "Parents",
    "child_sums",
    "is_parent",
    "join_parents",
    "split_parents",
    "with_parent_rows",
    "with_parents",
    "without_parents",
]

_PARENT = re.compile(r"(?P<name>.*\S) \((?P<level>[a-z][a-z -]*)\)")
_SITE = re.compile(r"(?P<gene>.+)_(?:[a-z]\.)?-?\d+")
_LEVELS = ("gene", "site", "family", "class")
"""What a level is called where the table does not say, in the order in which they are believed."""
_SUMS = " sums"
"""The block of a level is called by it and this."""
_BLOCK_CELLS = 1 << 22


def split_parents(written: str) -> list[tuple[str, str]]:
    """The parents of a cell of the column `parent`: name and level, "" where it is not told.

    Examples
    --------
    >>> split_parents("blaCTX-M; BETA-LACTAM (class)"), split_parents("")
    ([('blaCTX-M', ''), ('BETA-LACTAM', 'class')], [])
    """
    parts = [part.strip() for part in written.split(";")]
    matches = [(part, _PARENT.fullmatch(part)) for part in parts if part]
    return [(match["name"], match["level"]) if match else (part, "") for part, match in matches]


@dataclass(frozen=True, eq=False)
class Parents:
    """The parents that a table of features names.

    Attributes
    ----------
    names
        `(n_parents,)` names without their level, in the order in which they occur.
    rows
        `(n_parents,)` rows of a feature table. An id is the name and its level, such as `blaCTX-M (family)`, and each
        level is a block of its own, such as `family sums`.
    members
        `(n_features, n_parents)` 1 where a feature is a child.
    """

    names: pd.Index
    rows: pd.DataFrame
    members: sparse.csr_array

    @classmethod
    def of(cls, features: pd.DataFrame) -> Parents:
        """Look at the column `parent` of a feature table.

        A parent has the level that any row gives it. Where none does, it is the gene of a child that has this gene, a
        site where it is named as one in the gene of a child, a family where its name begins that of a child, and else a
        class. A feature that is called as its family is, as a part of `blaTEM` beside `blaTEM-1`, is one of it.

        Examples
        --------
        >>> table = pd.DataFrame({"parent": ["qnrS;QUINOLONE", "QUINOLONE"]}, index=["qnrS1", "qnrX"])
        >>> Parents.of(Genotypes.build([[1, 0]], ["s"], table).features).rows.index.tolist()
        ['qnrS (family)', 'QUINOLONE (class)']
        """
        written, genes = (features[name].to_numpy(dtype=object) for name in ("parent", "gene"))
        named = [
            (child, name, level or _guessed_level(name, str(features.index[child]), genes[child]), level == "")
            for child in np.flatnonzero(written != "").tolist()
            for name, level in split_parents(written[child])
        ]
        table = pd.DataFrame(named, columns=["child", "name", "level", "guessed"])
        numbers, names = pd.factorize(table["name"])
        known = pd.Index(names, dtype=object)
        namesakes = _namesakes(features, table) if named else np.zeros(0, dtype=np.intp)
        children = np.concatenate([table["child"].to_numpy(dtype=np.intp), namesakes])
        parents = np.concatenate([numbers, known.get_indexer(features.index[namesakes])])
        members = sparse.csr_array((np.ones(len(children)), (children, parents)), (len(features), len(known)))
        members.data[:] = 1.0  # a parent that is named twice is one
        rank = table["level"].map({level: at for at, level in enumerate(_LEVELS, 1)}).where(table["guessed"], 0)
        believed = table.assign(rank=rank).sort_values("rank", kind="stable").drop_duplicates("name")
        levels = believed.set_index("name")["level"].reindex(known)
        return cls(known, _rows(features, known, levels, members), members)._with_childless(features)

    def _with_childless(self, features: pd.DataFrame) -> Parents:
        """With the parents that stand in the table although none of their children does (`few_carriers`)."""
        blocks = features["block"].to_numpy(dtype=object)
        sums = np.flatnonzero(features["block"].isin(_blocks_of_sums(features)))
        matches = [(at, _PARENT.fullmatch(str(features.index[at]))) for at in sums.tolist()]
        named = {at: match["name"] for at, match in matches if match and match["level"] + _SUMS == blocks[at]}
        rows = [at for at, name in named.items() if name not in self.names]
        if not rows:
            return self
        names = self.names.append(pd.Index([named[at] for at in rows], dtype=object))
        members = sparse.hstack([self.members, sparse.csr_array((len(features), len(rows)))], format="csr")
        return Parents(names, pd.concat([self.rows, features.iloc[rows]]), sparse.csr_array(members))

    def stand_in(self, features: pd.DataFrame) -> NDArray[np.bool_]:
        """`(n_parents,)` which of the parents are rows of this table."""
        if not len(self.names):
            return np.zeros(0, dtype=bool)
        return np.asarray(_keys(self.rows).isin(_keys(features)), dtype=bool)

    def take(self, chosen: NDArray[np.bool_]) -> Parents:
        """Some of the parents, with all features."""
        return Parents(self.names[chosen], self.rows[chosen], self.members[:, np.flatnonzero(chosen)])


def with_parents(genotypes: Genotypes) -> Genotypes:
    """Genotypes with the sums over the children of each parent as features beside them.

    What a child does is then what its parent does and what is its own, and a model that shrinks both lets children of
    which it saw few learn from each other. The same genotypes come back where no feature has a parent.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS1", "qnrS2"])
    >>> families = with_parents(Genotypes.build([[1, 0], [1, 1], [0, float("nan")]], ["a", "b", "c"], table))
    >>> families.features.index.tolist(), families.dense()[:, 2].tolist()
    (['qnrS1', 'qnrS2', 'qnrS (family)'], [1.0, 2.0, 0.0])
    """
    parents = Parents.of(genotypes.features)
    parents = parents.take(~parents.stand_in(genotypes.features))
    if not len(parents.names):
        return genotypes
    sums = child_sums(genotypes.values, parents.members, np.asarray(parents.members.sum(axis=0)))
    return join_parents(genotypes, parents.rows, sums)


def join_parents(genotypes: Genotypes, rows: pd.DataFrame, sums: sparse.csr_array) -> Genotypes:
    """Genotypes with these features beside them.

    Parameters
    ----------
    genotypes
        Which have none of them.
    rows, sums
        `(n_parents,)` rows of a feature table, and `(n_samples, n_parents)` their values.
    """
    if genotypes.is_stored:
        joined = Genotypes.join([genotypes, Genotypes.build(sums, list(genotypes.sample_ids), rows)])
    else:
        values = sparse.hstack([genotypes.values, sums], format="csr")
        joined = Genotypes.build(values, list(genotypes.sample_ids), pd.concat([genotypes.features, rows]))
    return replace(joined, reference=genotypes.reference)


def child_sums(
    values: sparse.csr_array | StoredValues, members: sparse.csr_array, n_children: NDArray[np.float64]
) -> sparse.csr_array:
    """`(n_samples, n_parents)` float32 sums of the children that are called.

    Parameters
    ----------
    values
        `(n_samples, n_features)`, NaN where missing; of those that are stored, children are read.
    members
        `(n_features, n_parents)` 1 where a feature is a child.
    n_children
        `(n_parents,)` children that there are, those without a column included, which no sample has called. A sum of 0
        over less than half of them is missing: of a child that is borne the parent is known, of the others it is not.
    """
    n_samples = values.shape[0]
    step = max(1, _BLOCK_CELLS // max(n_samples, 1))  # not all of it is ever dense at once
    blocks = [sparse.csr_array((n_samples, 0), dtype=np.float32)]
    for start in range(0, members.shape[1], step):
        some = sparse.csr_array(members[:, start : start + step])
        sums, n_missing = np.zeros((n_samples, some.shape[1])), np.zeros((n_samples, some.shape[1]))
        for columns, known, missing in _read_children(values, some):
            sums += (known @ some[columns]).toarray()
            n_missing += (missing @ some[columns]).toarray()
        n_called = np.asarray(some.sum(axis=0)) - n_missing
        sums[(2 * n_called < n_children[start : start + step]) & (sums == 0)] = np.nan
        blocks.append(sparse.csr_array(sums.astype(np.float32)))
    return sparse.csr_array(sparse.hstack(blocks, format="csr"))


def _read_children(
    values: sparse.csr_array | StoredValues, members: sparse.csr_array
) -> Iterator[tuple[NDArray[np.intp], sparse.csr_array, sparse.csr_array]]:
    """Numbers of features, of which each child is one; their values, 0 where missing; and 1 where they are missing."""
    parts: Iterable[tuple[NDArray[np.intp], Any]] = [(np.arange(values.shape[1]), values)]
    if isinstance(values, StoredValues):
        parts = values.blocks(np.flatnonzero(np.diff(members.indptr)))
    for columns, part in parts:
        known = sparse.csr_array(part, dtype=np.float64, copy=True)
        missing = sparse.csr_array((np.isnan(known.data).astype(np.float64), known.indices, known.indptr), known.shape)
        known.data[np.isnan(known.data)] = 0.0
        yield columns, known, missing


def with_parent_rows(features: pd.DataFrame) -> pd.DataFrame:
    """A feature table with the rows of the parents that its features name."""
    parents = Parents.of(features)
    absent = ~parents.stand_in(features)
    return pd.concat([features, parents.rows[absent]]) if absent.any() else features


def is_parent(features: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_features,)` which rows are parents of others, made of their values.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": "altered", "parent": "qnrS"}, index=["qnrS1"])
    >>> is_parent(with_parents(Genotypes.build([[1], [0]], ["a", "b"], table)).features).tolist()
    [False, True]
    """
    if not (features["parent"] != "").any() and not _blocks_of_sums(features):
        return np.zeros(len(features), dtype=bool)
    parents = Parents.of(features)
    return np.asarray(_keys(features).isin(_keys(parents.rows)), dtype=bool)


def without_parents(genotypes: Genotypes) -> Genotypes:
    """Genotypes without the rows that are made of others, for what must not count an allele twice."""
    made = is_parent(genotypes.features)
    if not made.any():
        return genotypes
    return genotypes.select(np.flatnonzero(~made))


def _blocks_of_sums(features: pd.DataFrame) -> list[str]:
    return [block for block in pd.unique(features["block"]) if str(block).endswith(_SUMS)]


def _guessed_level(name: str, feature_id: str, gene: str) -> str:
    """What a parent is called of which the table does not tell it."""
    site = _SITE.fullmatch(name)
    is_level = {
        "gene": name == gene != feature_id,
        "site": site is not None and feature_id.startswith(site["gene"]),
        "family": feature_id.startswith(name),
    }
    return next((level for level in _LEVELS if is_level.get(level)), "class")


def _namesakes(features: pd.DataFrame, table: pd.DataFrame) -> NDArray[np.intp]:
    """Row numbers of the features that are called as a parent of others in their block is."""
    if table.empty:
        return np.zeros(0, dtype=np.intp)
    keys, children = _keys(features), table["child"].to_numpy(dtype=np.intp)
    beside = pd.MultiIndex.from_arrays([keys.get_level_values(0)[children], table["name"]])
    is_altered = (features["kind"] == "altered").to_numpy(dtype=bool)
    return np.flatnonzero(is_altered & keys.isin(beside))


def _rows(features: pd.DataFrame, names: pd.Index, levels: pd.Series, members: sparse.csr_array) -> pd.DataFrame:
    """Rows of parents; one has the gene that all its children have."""
    pairs = sparse.coo_array(members)
    genes = pd.Series(features["gene"].to_numpy(dtype=object)[pairs.coords[0]]).groupby(pairs.coords[1])
    gene = genes.first().where(genes.nunique() == 1, "")
    ids = pd.Index([f"{name} ({level})" for name, level in zip(names, levels, strict=True)], dtype=object)
    table = pd.DataFrame({"block": (levels + _SUMS).to_numpy(dtype=object), "kind": "score"}, index=ids)
    table = table.assign(gene=gene.to_numpy(dtype=object)).reindex(columns=features.columns)
    text = [name for name in table.columns if name != "position"]
    table[text] = table[text].astype(object).fillna("")
    return table.astype({"position": "Int64"}).rename_axis(features.index.name)


def _keys(features: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_arrays([features["block"], features.index])
