"""What was found in which sample, and what was looked for -> Genotypes, in which not looked for is missing."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, count
from drugresponse.readers.resistance.parents import parent_text

__all__ = ["GENE", "MUTATION", "PLUS_GENE", "Calls", "Element", "Unseen"]

logger = logging.getLogger(__name__)

GENE = "gene"
PLUS_GENE = "plus gene"
MUTATION = "mutation"
"""Effects, as they stand in the table of features: by them a model's file tells what has to be looked for."""


class Element(NamedTuple):
    """A gene or mutation that can be found.

    Attributes
    ----------
    block
        The program or the kind of list that names it so.
    name
        Id of its feature.
    gene
        Symbol.
    effect
        `gene`, `plus gene` or `mutation`.
    parents
        What it belongs to, nearest first.
    """

    block: str
    name: str
    gene: str
    effect: str
    parents: tuple[str, ...] = ()


Unseen: TypeAlias = Callable[[pd.DataFrame], Iterable[tuple[str, NDArray[np.bool_]]]]
"""From a table of features: samples, and for each `(n_features,)` which of them could not be seen in it."""


class Calls:
    """What files say of samples, gathered row by row.

    Attributes
    ----------
    searched
        The samples in which each block was looked for, in order of first appearance.
    """

    def __init__(self) -> None:
        self.searched: dict[str, dict[str, None]] = {}
        self._bearers: dict[Element, dict[str, None]] = {}

    def look(self, sample: str, block: str) -> None:
        """Note that the elements of a block were looked for in a sample."""
        self.searched.setdefault(block, {})[sample] = None

    def find(self, sample: str, element: Element) -> None:
        """Note that a sample bears an element."""
        self.look(sample, element.block)
        self._bearers.setdefault(element, {})[sample] = None

    @property
    def samples(self) -> list[str]:
        """Every sample, in order of first appearance."""
        return list(dict.fromkeys(sample for samples in self.searched.values() for sample in samples))

    def effects(self, block: str) -> set[str]:
        """The effects of what was found of a block."""
        return {element.effect for element in self._bearers if element.block == block}

    def genotypes(
        self,
        where: str,
        known_features: pd.DataFrame | None,
        absent_means: str | None,
        unseen: Unseen | None = None,
        not_told: Iterable[tuple[str, str]] = (),
    ) -> Genotypes:
        """Genotypes of all samples: 1 where an element was found, 0 where it was looked for, missing elsewhere.

        Parameters
        ----------
        where
            The file, for messages.
        known_features
            Rows of `features` that a trained model holds: what was looked for here gets a column although nobody
            bears it.
        absent_means
            `missing` keeps what was found alone, `reference` takes all else for looked for; None goes by the files.
        unseen
            What could not be seen in which sample.
        not_told
            Blocks and effects of which the files do not tell whether they were looked for.

        Raises
        ------
        InputError
            Nothing was found, and no model asks for anything that was looked for.
        """
        features = self._features()
        samples = self.samples
        if absent_means != "missing":
            left_out = set() if absent_means == "reference" else set(not_told)
            features = _with_known(features, known_features, self.searched, left_out, where)
        if features.empty:
            raise InputError(
                f"{where}: found no gene or mutation in {count(len(samples), 'sample')} (expected at least one). "
                "Give the files of all samples together, or check that they are complete."
            )
        at, columns = self._ones(samples, features)
        not_seen = _missing(samples, features, self.searched, absent_means, unseen, set(zip(at, columns, strict=True)))
        values = np.concatenate([np.ones(len(at), np.float32), np.full(len(not_seen[0]), np.nan, np.float32)])
        places = (np.concatenate([at, not_seen[0]]), np.concatenate([columns, not_seen[1]]))
        n_genes = features["gene"].nunique()
        logger.info(
            f"{where}: {count(len(samples), 'sample')} x {count(len(features), 'feature')} of {count(n_genes, 'gene')}."
        )
        shape = (len(samples), len(features))
        table = features.set_index("feature_id").assign(kind="altered")
        return Genotypes.build(sparse.csr_array((values, places), shape=shape), samples, table)

    def _features(self) -> pd.DataFrame:
        """One row an element, columns `block, feature_id, gene, effect, parent`; parents of several rows are joined."""
        rows: dict[tuple[str, str], tuple[str, str, tuple[str, ...]]] = {}
        for element in self._bearers:
            key = element.block, element.name
            gene, effect, parents = rows.get(key, (element.gene, element.effect, ()))
            rows[key] = gene, effect, (*parents, *element.parents)
        return pd.DataFrame(
            [
                (block, name, gene, effect, parent_text(parents))
                for (block, name), (gene, effect, parents) in rows.items()
            ],
            columns=["block", "feature_id", "gene", "effect", "parent"],
            dtype=object,
        )

    def _ones(self, samples: list[str], features: pd.DataFrame) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Rows and columns of what was found, each once."""
        row_of = {sample: at for at, sample in enumerate(samples)}
        column_of = {key: at for at, key in enumerate(zip(features["block"], features["feature_id"], strict=True))}
        found = {
            (row_of[sample], column_of[element.block, element.name])
            for element, bearers in self._bearers.items()
            for sample in bearers
        }
        places = np.array(sorted(found), dtype=np.intp).reshape(-1, 2)
        return places[:, 0], places[:, 1]


def _with_known(
    features: pd.DataFrame,
    known: pd.DataFrame | None,
    searched: Iterable[str],
    left_out: set[tuple[str, str]],
    where: str,
) -> pd.DataFrame:
    """The features, and those of a model that were looked for and not found."""
    if known is None or "block" not in known.columns:
        return features
    ours = known[known["block"].isin(list(searched))].rename_axis("feature_id").reset_index()
    ours = ours.reindex(columns=features.columns).fillna("").astype(object)
    untold = pd.Series([pair in left_out for pair in zip(ours["block"], ours["effect"], strict=True)], dtype=bool)
    if untold.any():
        effects = " and ".join(sorted(f"{effect}s" for effect in set(ours["effect"][untold])))
        logger.warning(
            f"{where}: no {effects} are in it, so it does not tell whether they were looked for: "
            f"{count(int(untold.sum()), 'feature')} of the model count as missing. Use `absent_means` reference where "
            "they were."
        )
    both = pd.concat([features, ours[~untold.to_numpy()]], ignore_index=True)
    return both.drop_duplicates(["block", "feature_id"], ignore_index=True)


def _missing(
    samples: list[str],
    features: pd.DataFrame,
    searched: dict[str, dict[str, None]],
    absent_means: str | None,
    unseen: Unseen | None,
    ones: set[tuple[int, int]],
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Rows and columns of what is neither found nor known to be absent."""
    blocks = features["block"].to_numpy(dtype=object)
    masks: dict[int, NDArray[np.bool_]] = {}
    distinct = set(blocks)
    for row, sample in enumerate(samples):
        lacking = [block for block in distinct if absent_means == "missing" or sample not in searched[block]]
        if lacking:
            masks[row] = np.isin(blocks, lacking)
    if unseen is not None and absent_means is None:
        row_of = {sample: at for at, sample in enumerate(samples)}
        for sample, mask in unseen(features):
            row = row_of[sample]
            masks[row] = masks.get(row, np.zeros(len(features), dtype=bool)) | mask
    places = [
        (row, int(column))
        for row, mask in masks.items()
        for column in np.flatnonzero(mask)
        if (row, int(column)) not in ones
    ]
    found = np.array(places, dtype=np.intp).reshape(-1, 2)
    return found[:, 0], found[:, 1]
