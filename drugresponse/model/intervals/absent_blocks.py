"""Samples that lack a whole block: how much further off their predictions are, measured on held-out samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import KINDS, Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.sums import Parents, is_parent
from drugresponse.data.splits import Fold
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.registry import make_learner
from drugresponse.model.feature_weights import weights_of_rows
from drugresponse.units import units_in_order

__all__ = ["AbsentBlocks", "BlockWidths", "block_with_sums", "blocks_of", "describe_blocks"]

Array = NDArray[np.float64]


def blocks_of(features: pd.DataFrame) -> dict[str, NDArray[np.intp]]:
    """Columns of each block, where there are two or more and somebody named one; sums over children are none.

    Examples
    --------
    >>> table = pd.DataFrame({"block": ["rna", "score"], "kind": "score", "parent": ""}, index=["a", "b"])
    >>> {name: columns.tolist() for name, columns in blocks_of(table).items()}
    {'rna': [0], 'score': [1]}
    >>> blocks_of(table.assign(block=["altered", "score"]))
    {}
    """
    at = np.flatnonzero(~is_parent(features))
    blocks = features["block"].to_numpy(dtype=object)[at]
    columns = {str(name): at[blocks == name] for name in dict.fromkeys(blocks)}
    return columns if len(columns) > 1 and not set(columns) <= set(KINDS) else {}


def block_with_sums(features: pd.DataFrame, columns: NDArray[np.intp]) -> NDArray[np.intp]:
    """Columns of a block, and of the sums over children that it has a part in.

    Examples
    --------
    >>> from drugresponse.data.parents.sums import with_parents
    >>> table = pd.DataFrame({"block": "dna", "kind": "altered", "parent": ["", "EGFR", "EGFR"]}, index=list("abc"))
    >>> features = with_parents(Genotypes.build([[0, 1, 1]], ["s1"], table)).features
    >>> features.index[block_with_sums(features, np.flatnonzero(features.index == "b"))].tolist()
    ['b', 'EGFR (class)']
    """
    if not (features["parent"] != "").any():
        return columns
    parents = Parents.of(features)
    members = sparse.csr_array(parents.members)[columns]
    part = parents.rows.iloc[np.unique(sparse.coo_array(members).coords[1])]
    keys = [pd.MultiIndex.from_arrays([table["block"], table.index]) for table in (features, part)]
    return np.concatenate([columns, np.flatnonzero(keys[0].isin(keys[1]))])


@dataclass(frozen=True, eq=False)
class BlockWidths:
    """By how much intervals widen where blocks are absent.

    Attributes
    ----------
    of_block
        Root mean square error of held-out rows without a block, by that with all of them; 1 or more.
    of_more
        The same without any block, for samples that lack several.
    """

    of_block: Mapping[str, float]
    of_more: float

    @classmethod
    def learn(
        cls, rows: TrainingRows, folds: Sequence[Fold], settings: Mapping[str, Any], n_jobs: int | None
    ) -> BlockWidths | None:
        """Predict the held-out rows of each fold by a ridge, with each block of theirs set missing in turn.

        Parameters
        ----------
        rows, folds
            Of a training, and what is held out.
        settings
            `scheme` and `random_state`.
        n_jobs
            Fits run at once.

        Returns
        -------
        BlockWidths or None
            None without two named blocks, and where genotypes stay stored.
        """
        blocks = {} if rows.pairs.genotypes.is_stored else blocks_of(rows.pairs.genotypes.features)
        if not blocks or not folds:
            return None
        known = {name: settings[name] for name in ("scheme", "random_state")}
        shared = {"rows": rows, "blocks": blocks, "settings": known}
        sums = np.sum(units_in_order(_errors_without, folds, shared, n_jobs, "held-out fits without blocks"), axis=0)
        ratios = np.maximum(np.sqrt(np.divide(sums[1], sums[0], out=np.ones(len(sums[0])), where=sums[0] > 0)), 1.0)
        of_block = dict(zip(blocks, map(float, ratios[:-1]), strict=True))
        return cls(of_block, float(ratios.max()))

    @classmethod
    def from_manifest(cls, manifest: Mapping[str, Any]) -> BlockWidths | None:
        """Those that a model tells; None where it tells none."""
        told = {block["name"]: block["widening"] for block in manifest.get("blocks", ()) if "widening" in block}
        return cls(told, float(manifest.get("without_blocks", max(told.values())))) if told else None


@dataclass(frozen=True, eq=False)
class AbsentBlocks:
    """Which samples lack which blocks of a model.

    Attributes
    ----------
    absent
        `(n_samples, n_blocks)` whether no feature of the block is known.
    widths
        Of the model.
    weights
        `(n_blocks,)` share of the model's weight in each block.
    """

    absent: NDArray[np.bool_]
    widths: BlockWidths
    weights: Array

    @classmethod
    def of(
        cls, genotypes: Genotypes, found: NDArray[np.bool_], weights: Array, widths: BlockWidths
    ) -> AbsentBlocks | None:
        """Look at genotypes with the very features of a model; None where all blocks are there.

        Parameters
        ----------
        genotypes
            Of new samples. Those that stay stored are not read for it: a block is absent there only in all samples.
        found, weights
            `(n_features,)` whether any sample may have a feature, and what the model hangs on it.
        widths
            Of the model.
        """
        columns = blocks_of(genotypes.features)
        named = [name for name in widths.of_block if name in columns]
        if genotypes.is_stored:
            absent = [np.full(genotypes.shape[0], not found[columns[name]].any()) for name in named]
        else:
            missing = sparse.csc_array(genotypes.missing())
            absent = [np.asarray(missing[:, columns[name]].sum(axis=1)) == len(columns[name]) for name in named]
        if not named or not np.any(absent):
            return None
        shares = np.array([weights[columns[name]].sum() for name in named])
        kept = BlockWidths({name: widths.of_block[name] for name in named}, widths.of_more)
        return cls(np.column_stack(absent), kept, shares)

    @property
    def samples(self) -> NDArray[np.bool_]:
        """`(n_samples,)` which lack a block and have another one."""
        return np.asarray(self.absent.any(axis=1) & ~self.absent.all(axis=1))

    def known_weight(self, known: Array) -> Array:
        """`(n_samples,)` share of the weight that is known in the blocks that are there, by that of all."""
        there = 1.0 - self.absent @ self.weights
        share = np.divide(known, there, out=np.zeros_like(known), where=there > 1e-9)
        return np.where(self.samples, np.clip(np.round(share, 9), 0.0, 1.0), known)

    @property
    def factors(self) -> Array:
        """`(n_samples,)` how many times as far as usual bounds lie from the prediction."""
        single = self.absent @ np.array(list(self.widths.of_block.values()))
        n_absent = self.absent.sum(axis=1)
        return np.where(n_absent == 0, 1.0, np.where(n_absent == 1, single, self.widths.of_more))


def describe_blocks(genotypes: Genotypes, learner: PairRegressor, widths: BlockWidths | None) -> dict[str, Any]:
    """What a manifest tells of named blocks: features, samples, share of the model's weight, and `widening`.

    Parameters
    ----------
    genotypes
        Of the training.
    learner
        Fitted to them.
    widths
        What was learned; None where nothing was.
    """
    columns = blocks_of(genotypes.features)
    if not columns or genotypes.is_stored or learner.trained_features().empty:
        return {}
    weights = weights_of_rows(learner, genotypes.features)
    missing = sparse.csc_array(genotypes.missing())
    blocks: list[dict[str, Any]] = []
    for name, at in columns.items():
        has = np.asarray(missing[:, at].sum(axis=1)) < len(at)
        told = {"name": name, "features": len(at), "samples": int(has.sum()), "weight": float(weights[at].sum())}
        blocks.append(told if widths is None else {**told, "widening": round(widths.of_block[name], 6)})
    return {"blocks": blocks, **({} if widths is None else {"without_blocks": round(widths.of_more, 6)})}


def _errors_without(
    fold: Fold, rows: TrainingRows, blocks: Mapping[str, NDArray[np.intp]], settings: Mapping[str, Any]
) -> Array:
    """`(2, n_blocks + 1)` squared errors of the test rows with all blocks, and without each or, at last, without any.

    Of each block they are those of samples that have it.
    """
    train, test = fold
    ridge = make_learner("ridge", settings).fit(rows.pairs[train], rows.y[train], rows.weights[train])
    held = rows.pairs[test]
    missing, features = sparse.csc_array(held.genotypes.missing()), held.genotypes.features
    whole, sums = (ridge.predict(held) - rows.y[test]) ** 2, []
    for columns in [*blocks.values(), np.concatenate(list(blocks.values()))]:
        has = (np.asarray(missing[:, columns].sum(axis=1)) < len(columns))[held.sample_index]
        lacking = ridge.predict(_without(held, block_with_sums(features, columns)))
        sums.append((whole[has].sum(), ((lacking - rows.y[test])[has] ** 2).sum()))
    return np.array(sums).T


def _without(pairs: Pairs, columns: NDArray[np.intp]) -> Pairs:
    """The pairs, none of whose samples has a call of these features."""
    values = pairs.genotypes.dense()
    values[:, columns] = np.nan
    return replace(pairs, genotypes=replace(pairs.genotypes, values=sparse.csr_array(values)))
