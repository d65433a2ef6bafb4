"""What a model hangs on each feature for each drug, summed up over samples while the parts stream by."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.explanation._part_values import PartValues
from drugresponse.explanation._reasons import reasons_of, sort_reasons
from drugresponse.features.centring import centred_columns
from drugresponse.learners.contributions import Contributions

__all__ = ["PART_KEYS", "PartEffects", "attribute"]

PART_KEYS = ("kind", "block", "feature_id", "arm")
"""Columns that tell one part from all others."""
_RANKED = ("genotype", "covariate")


@dataclass(frozen=True, eq=False)
class PartEffects:
    """What each genotype and covariate part does to the predictions of each drug.

    Attributes
    ----------
    drug_ids
        `(n_drugs,)`.
    parts
        `(n_parts,)` rows `kind, block, feature_id, gene, arm`; ordered by kind (genotype first), block, feature and
        arm.
    effect
        `(n_drugs, n_parts)` float64, in units of the response per unit of the feature: the least-squares slope, over
        the explained samples whose value is known, of the part's contribution on the feature's value. Of a feature that
        is 0 or 1 this is the mean contribution of carriers less that of the others. NaN where the value does not vary.
    importance
        `(n_drugs, n_parts)` float64, in units of the response: the standard deviation of the contribution over the
        explained samples. The mean absolute deviation would hide what acts strongly in few of them.
    n_carriers
        `(n_drugs, n_parts)` int32, explained samples that bear the feature, as in `FeatureColumns`; of a covariate,
        those whose value is known and not the most common one.
    """

    drug_ids: pd.Index
    parts: pd.DataFrame
    effect: NDArray[np.float64]
    importance: NDArray[np.float64]
    n_carriers: NDArray[np.int32]

    def keys(self) -> pd.MultiIndex:
        """What tells the parts apart, in their order."""
        return pd.MultiIndex.from_frame(self.parts[list(PART_KEYS)])

    def ranks(self) -> NDArray[np.int32]:
        """`(n_drugs, n_parts)` rank by importance among the drug's parts of one kind, 1 the largest.

        Equal ones are ranked in the order of block, feature and arm.
        """
        ranks = np.zeros(self.importance.shape, dtype=np.int32)
        for kind in _RANKED:
            columns = np.flatnonzero(self.parts["kind"] == kind)
            order = np.argsort(-self.importance[:, columns], axis=1, kind="stable")
            places = np.broadcast_to(np.arange(1, len(columns) + 1, dtype=np.int32), order.shape)
            np.put_along_axis(ranks, columns[order], places, axis=1)
        return ranks


def attribute(
    parts: pd.DataFrame,
    contributions: Iterable[Contributions],
    pairs: Pairs,
    *,
    selected: NDArray[np.bool_] | None = None,
    n_strongest: int = 10,
) -> tuple[PartEffects, pd.DataFrame]:
    """Sum the parts up drug by drug; nothing of the size of samples x drugs x parts is ever held.

    Parameters
    ----------
    parts
        One row a part, columns `kind, block, feature_id, gene, arm`.
    contributions
        The parts of the predictions of one drug after the other.
    pairs
        That were asked for: `rows` of a contribution counts them.
    asked
        `(n_pairs,)` of which predictions the reasons are told one by one; None tells none.
    n_strongest
        Genotype parts told one by one in the reasons.

    Returns
    -------
    effects : PartEffects
    reasons : pandas.DataFrame
        As `reasons_of`, ordered by sample, drug and place.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[0], [1], [1], [0]], ["s1", "s2", "s3", "s4"], ["KRAS"], kind="altered")
    >>> pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    >>> parts = pd.DataFrame({"kind": ["genotype"], "block": ["altered"], "feature_id": ["KRAS"], "gene": [""],
    ...                       "arm": [""]})
    >>> values = np.array([[-1.0], [1.0], [1.0], [-1.0]])
    >>> effects, _ = attribute(parts, [Contributions("d", np.arange(4), values, np.zeros(4))], pairs)
    >>> effects.effect.tolist(), effects.importance.tolist(), effects.n_carriers.tolist()
    ([[2.0]], [[1.0]], [[2]])
    """
    values = PartValues.of(parts, pairs)
    used = _ranked_parts(parts)
    spread = _Spread.of(values, used, np.arange(0))
    drug_ids: list[str] = []
    rows: list[tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]] = []
    reasons: list[pd.DataFrame] = []
    for explained in contributions:
        sample = pairs.sample_index[explained.rows]
        # most drugs were asked for the same samples, whose values need not be centred again
        if not np.array_equal(sample, spread.sample):
            spread = _Spread.of(values, used, sample)
        drug_ids.append(explained.drug_id)
        rows.append(spread.summarise(explained.values[:, used]))
        if selected is not None and selected[explained.rows].any():
            which = np.flatnonzero(selected[explained.rows])
            reasons.append(reasons_of(explained, parts, values, pairs, which, n_strongest))
    shape = (len(drug_ids), len(used))
    effect, importance, n_carriers = zip(*rows, strict=True) if rows else ([], [], [])
    effects = PartEffects(
        pd.Index(drug_ids, name="drug_id", dtype=object),
        parts.iloc[used].reset_index(drop=True),
        np.array(effect, dtype=np.float64).reshape(shape),
        np.array(importance, dtype=np.float64).reshape(shape),
        np.array(n_carriers, dtype=np.int32).reshape(shape),
    )
    return effects, sort_reasons(reasons, pairs)


@dataclass(frozen=True, eq=False)
class _Spread:
    """The values of some samples, centred, and what else every drug measured in them needs."""

    sample: NDArray[np.intp]
    centred: NDArray[np.float64]
    squares: NDArray[np.float64]
    n_carriers: NDArray[np.int32]

    @classmethod
    def of(cls, values: PartValues, used: NDArray[np.intp], sample: NDArray[np.intp]) -> _Spread:
        taken = values.compared[np.ix_(sample, used)]
        centred = centred_columns(taken)
        squares = np.einsum("ij,ij->j", centred, centred)
        # of a constant column nothing is left but rounding
        largest = np.max(np.abs(np.where(np.isfinite(taken), taken, 0.0)), axis=0, initial=0.0)
        squares = np.where(squares > 1e-14 * len(sample) * largest**2, squares, np.nan)
        carriers = values.carried[np.ix_(sample, used)].sum(axis=0).astype(np.int32)
        return cls(sample, centred, squares, carriers)

    def summarise(
        self, contributed: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int32]]:
        effect = np.einsum("ij,ij->j", self.centred, contributed) / self.squares
        importance = contributed.std(axis=0)
        return effect, importance, self.n_carriers


def _ranked_parts(parts: pd.DataFrame) -> NDArray[np.intp]:
    """Numbers of the parts that vary with the sample's genotype or covariates, in the order of `PartEffects.parts`."""
    kind = parts["kind"].map({name: at for at, name in enumerate(_RANKED)})
    keys = parts.assign(kind=kind, at=np.arange(len(parts)))[kind.notna()]
    return keys.sort_values(list(PART_KEYS), kind="stable")["at"].to_numpy(dtype=np.intp)
