"""What importance features reach that have nothing to do with the response."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.explanation._attributions import PartEffects
from drugresponse.explanation._refits import Recipe, aligned, effects_of
from drugresponse.shown import Shown
from drugresponse.threads import one_thread
from drugresponse.units import units_in_order

__all__ = ["Noise", "noise_of_copies", "refits_for_noise", "with_permuted_copies"]

COPY = "permuted copy of "
_LEVEL = 0.05


@dataclass(frozen=True, eq=False, repr=False)
class Noise(Shown):
    """Which features a model weighs more than it weighs noise.

    Attributes
    ----------
    table
        One row a drug: `drug_id`, `largest` (the largest importance of a copy, mean over refits) and `limit` (what an
        importance must exceed), in units of the response.
    importance
        `(n_drugs, n_parts)` float64, importance of each part beside the copies, mean over the refits.
    above
        `(n_drugs, n_parts)` bool, whether that exceeds the drug's limit; false for covariates.
    n_refits
        Refits made.

    Examples
    --------
    >>> table = pd.DataFrame({"drug_id": ["d"], "largest": [0.1], "limit": [0.12]})
    >>> noise = Noise(table, np.array([[0.3, 0.05]]), np.array([[True, False]]), n_refits=20)
    >>> noise.above.sum(axis=1).tolist()  # features of each drug that stand out of the noise
    [1]
    """

    table: pd.DataFrame
    importance: NDArray[np.float64]
    above: NDArray[np.bool_]
    n_refits: int


def refits_for_noise(n_drugs: int) -> int:
    """Refits that the limit needs: 20 drugs in all, of which one in twenty lies beyond.

    Examples
    --------
    >>> refits_for_noise(265), refits_for_noise(6), refits_for_noise(1)
    (1, 4, 20)
    """
    return max(1, -(-20 // max(n_drugs, 1)))


def noise_of_copies(
    recipe: Recipe,
    rows: TrainingRows,
    explained: Pairs,
    effects: PartEffects,
    *,
    n_refits: int | None = None,
    random_state: int = 0,
) -> Noise:
    """Fit again with a permuted copy of every genotype beside it, and see how important the copies become.

    Whole genotypes are permuted between samples, so that a copy has all the frequencies and correlations of the
    features and no link to responses, covariates or the sample's own genotype; the features stay beside the copies.
    Permuting the responses instead would ask how a model behaves where nothing can be learned: such a model is
    shrunken, and nearly every feature of one that did learn would stand above it. In 12 simulated cohorts (300 samples,
    300 features of which 6 act, 20 drugs) ridge so put a feature without effect above noise for 99 % of the drugs; with
    copies, for 5 %. Source of the copies: Kursa and Rudnicki 2010, "Feature selection with the Boruta package",
    doi:10.18637/jss.v036.i11.

    The limit is what the most important copy of a drug exceeds in one of twenty drugs, pooled over drugs and refits in
    units of the standard deviation of each drug's responses. The importance compared with it is that beside the copies.

    Parameters
    ----------
    recipe, rows, explained
        As in `refit_without_groups`; the cost of a refit is that of a fit to twice as many features.
    effects
        Of the model.
    n_refits
        None takes as many as `refits_for_noise` says.
    random_state
        Seed of the permutations and, from there, of each refit.
    """
    n_refits = refits_for_noise(len(effects.drug_ids)) if n_refits is None else n_refits
    genotype = (effects.parts["kind"] == "genotype").to_numpy()
    scale = _response_spread(rows, effects.drug_ids)
    largest, importance = np.zeros((n_refits, len(effects.drug_ids))), np.zeros(effects.importance.shape)
    shared = {"recipe": recipe, "rows": rows, "explained": explained, "seed": random_state}
    # one after the other on this machine: each has all its threads, and memory for one is enough
    refits = units_in_order(_refit_beside_copies, range(n_refits), shared, 1, "refits beside permuted copies")
    for number, refit in enumerate(refits):
        copies = refit.parts["feature_id"].str.startswith(COPY).to_numpy(dtype=bool)
        at = refit.drug_ids.get_indexer(effects.drug_ids)
        largest[number] = refit.importance[:, copies].max(axis=1, initial=0.0)[at]
        importance += aligned(effects, refit, refit.importance) / n_refits
    limit = _limit((largest / scale).ravel()) * scale
    table = pd.DataFrame({"drug_id": effects.drug_ids, "largest": largest.mean(axis=0), "limit": limit})
    return Noise(table, importance, (importance > limit[:, None]) & genotype, n_refits)


@one_thread()
def _refit_beside_copies(number: int, recipe: Recipe, rows: TrainingRows, explained: Pairs, seed: int) -> PartEffects:
    rng = np.random.default_rng([seed, number])
    fitted = recipe.fit(with_permuted_copies(rows.pairs, rng), rows.y, rows.weights, seed + 1 + number)
    return effects_of(fitted, with_permuted_copies(explained, rng))


def with_permuted_copies(pairs: Pairs, rng: np.random.Generator) -> Pairs:
    """The same pairs, each sample with the genotype of another put beside its own under other names.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[0.0], [1.0], [1.0]], ["a", "b", "c"], ["KRAS"])
    >>> pairs = Pairs.grid(genotypes, pd.DataFrame(index=genotypes.sample_ids), pd.DataFrame(index=pd.Index(["d"])))
    >>> doubled = with_permuted_copies(pairs, np.random.default_rng(0)).genotypes
    >>> doubled.features.index.tolist(), doubled.dense().sum(axis=0).tolist()
    (['KRAS', 'permuted copy of KRAS'], [2.0, 2.0])
    """
    genotypes = pairs.genotypes
    order = rng.permutation(genotypes.shape[0])
    # a copy stands nowhere on a chromosome, where it could be taken for the feature itself
    copies = genotypes.features.drop(columns=["chromosome", "position", "ref", "alt"])
    copies.index = pd.Index([f"{COPY}{name}" for name in genotypes.features.index], name="feature_id", dtype=object)
    values = sparse.hstack([genotypes.values, genotypes.values[order]], format="csr")
    doubled = Genotypes.build(values, list(genotypes.sample_ids), pd.concat([genotypes.features, copies]))
    return replace(pairs, genotypes=doubled)


def _response_spread(rows: TrainingRows, drug_ids: pd.Index) -> NDArray[np.float64]:
    """`(n_drugs,)` standard deviation of each drug's responses; that of all where a drug has too few.

    1 where a response is no number: scores on the scale of a link have a unit of their own.
    """
    if rows.pairs.outcome.kind != "continuous":
        return np.ones(len(drug_ids))
    by_drug = pd.Series(rows.y).groupby(rows.pairs.drug_ids).std(ddof=0).reindex(drug_ids).to_numpy(dtype=np.float64)
    return np.where(np.isfinite(by_drug) & (by_drug > 0), by_drug, float(np.std(rows.y)))


def _limit(largest: NDArray[np.float64]) -> float:
    """What a draw beside these exceeds with a probability of 1 in 20 or less, if there are 19 or more of them."""
    at = int(np.ceil((1 - _LEVEL) * (len(largest) + 1)))
    return float(np.sort(largest)[min(at, len(largest)) - 1])
