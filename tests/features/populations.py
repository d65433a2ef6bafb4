"""Samples of populations whose allele frequencies drifted apart (Balding and Nichols)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes

DRIFT = 0.1


def frequencies(n_features: int, n_populations: int) -> NDArray[np.float64]:
    """`(n_populations, n_features)` allele frequencies."""
    rng = np.random.default_rng(0)
    before = rng.uniform(0.1, 0.9, n_features)
    share = (1 - DRIFT) / DRIFT
    return np.clip(rng.beta(before * share, (1 - before) * share, (n_populations, n_features)), 0.02, 0.98)


def drawn(
    populations: NDArray[np.float64], n_samples: int, chosen: Sequence[int], seed: int
) -> tuple[Genotypes, NDArray[np.intp]]:
    """Samples of the chosen populations, and the number of each one's."""
    rng = np.random.default_rng(seed)
    of = rng.choice(chosen, n_samples)
    ids = [f"{seed}-{i}" for i in range(n_samples)]
    features = [f"rs{i}" for i in range(populations.shape[1])]
    return Genotypes.from_dense(rng.binomial(2, populations[of]), ids, features, kind="dosage"), of
