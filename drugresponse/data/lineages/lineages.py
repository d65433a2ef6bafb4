"""Which lineage each sample is of: a column of the samples table, or clusters of genotypes where there is none."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import plain_name
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import ids_as_text, is_missing_id, trimmed
from drugresponse.data.lineages.clusters import GenotypeDistance, genotype_clusters
from drugresponse.data.parents.sums import without_parents
from drugresponse.errors import InputError, count, nearest

__all__ = ["Lineages", "lineage_column_of", "lineage_words"]

logger = logging.getLogger(__name__)

_USUAL = ("lineage", "clone", "clonalcomplex", "sequencetype", "st", "mlst", "clade", "cluster")
"""Plain names of the column, the first of which is taken."""
_UNKNOWN = frozenset({"unknown", "untypable", "untypeable", "unassigned", "not assigned", "novel", "new", "nf"})
"""Further words for a lineage that is not known, which many unrelated isolates share."""


@dataclass(frozen=True, eq=False)
class Lineages:
    """The lineage of each sample, and where it is known from.

    Attributes
    ----------
    numbers
        `(n_samples,)` from 0; a sample of which no lineage is known is a lineage of its own.
    column
        Of the samples table; "" where lineages were made from genotype.
    n_unknown
        Samples of which no lineage is known.
    distance
        By which lineages were made; None where a column tells them.

    Examples
    --------
    >>> samples = pd.DataFrame({"ST": ["131", "73", "131", ""]}, index=["a", "b", "c", "d"])
    >>> lineages = Lineages.of_column(samples, "ST")
    >>> lineages.numbers.tolist(), lineages.n_unknown
    ([0, 1, 0, 2], 1)
    """

    numbers: NDArray[np.intp]
    column: str = ""
    n_unknown: int = 0
    distance: GenotypeDistance | None = None

    @classmethod
    def of_column(cls, samples: pd.DataFrame, column: str) -> Lineages:
        """The levels of a column, whatever their type; "" and words for missing are none."""
        texts = [trimmed(text) for text in ids_as_text(samples[column])]
        unknown = np.array([is_missing_id(text) or text.casefold() in _UNKNOWN for text in texts], dtype=bool)
        numbers = pd.factorize(pd.Series(texts, dtype=object).where(~unknown))[0].astype(np.intp)
        numbers[unknown] = numbers.max(initial=-1) + 1 + np.arange(int(unknown.sum()))
        return cls(numbers, column, int(unknown.sum()))

    @classmethod
    def of_genotypes(cls, genotypes: Genotypes) -> Lineages:
        """Clusters by distance of genotypes, which a warning tells of.

        Raises
        ------
        InputError
            More samples than can be compared, or no feature by which they could be.
        """
        numbers, distance = genotype_clusters(without_parents(genotypes))
        lineages = cls(numbers, distance=distance)
        logger.warning("samples: no column tells their lineages. %s.", lineage_words(lineages.to_dict())[0])
        return lineages

    def to_dict(self) -> dict[str, str | int | float]:
        """Plain values for a manifest, which names no sample and no lineage."""
        sizes = np.bincount(self.numbers)
        told: dict[str, str | int | float] = {
            "column": self.column,
            "samples": len(self.numbers),
            "lineages": len(sizes),
            "largest": int(sizes.max(initial=0)),
            "unknown": self.n_unknown,
        }
        made = self.distance
        return told if made is None else {**told, "distance": made.name, "cut": made.cut, "features": made.n_features}


def lineage_column_of(samples: pd.DataFrame, named: str | None = None) -> str | None:
    """The column of lineages: the one that is named, or the first of the usual names; None without one.

    Raises
    ------
    InputError
        The named column is absent.

    Examples
    --------
    >>> samples = pd.DataFrame({"Cluster": ["a"], "Sequence type": ["131"], "tissue": ["blood"]})
    >>> lineage_column_of(samples), lineage_column_of(samples[["tissue"]])
    ('Sequence type', None)
    """
    if named is None:
        plain = [plain_name(name) for name in samples.columns]
        return next((str(samples.columns[plain.index(name)]) for name in _USUAL if name in plain), None)
    if named not in samples.columns:
        hint = nearest(named, map(str, samples.columns)) if len(samples.columns) else "Give `samples` with this column."
        raise InputError(f'samples: found no column "{named}" (expected the lineages, `lineage_column`). {hint}')
    return named


def lineage_words(lineages: dict[str, str | int | float] | None) -> list[str]:
    """Where lineages are known from, how many there are, and the largest; nothing where none are held out.

    Parameters
    ----------
    lineages
        As `Lineages.to_dict` gives them.

    Examples
    --------
    >>> column = {"column": "ST", "samples": 90, "lineages": 31, "largest": 12, "unknown": 2}
    >>> lineage_words(column)
    ['Lineages: column ST, 31 of 90 samples, the largest of 12; 2 samples without one are a lineage each']
    >>> made = {**column, "column": "", "unknown": 0, "distance": "Jaccard", "cut": 0.25, "features": 78}
    >>> print(lineage_words(made)[0])
    Lineages: made from genotype, 31 of 90 samples, the largest of 12: average-linkage clusters of the Jaccard \
distance over 78 features, cut at 0.25; a column of your own tells better (--lineage-column)
    """
    if lineages is None:
        return []
    size = (
        f"{lineages['lineages']} of {count(int(lineages['samples']), 'sample')}, the largest of {lineages['largest']}"
    )
    if not lineages["column"]:
        return [
            f"Lineages: made from genotype, {size}: average-linkage clusters of the {lineages['distance']} distance "
            f"over {count(int(lineages['features']), 'feature')}, cut at {lineages['cut']}; a column of your own tells "
            "better (--lineage-column)"
        ]
    unknown = int(lineages["unknown"])
    alone = f"; {count(unknown, 'sample')} without one {'is' if unknown == 1 else 'are'} a lineage each"
    return [f"Lineages: column {lineages['column']}, {size}{alone if unknown else ''}"]
