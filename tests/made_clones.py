"""Made-up isolates of clones whose truth is known: what a clone has for itself, and what a gene causes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd


@dataclass(frozen=True, eq=False)
class Clones:
    """Tables as a user has them; `lineage` of the samples names the clones."""

    genotypes: pd.DataFrame
    responses: pd.DataFrame
    samples: pd.DataFrame


def made_clones(
    n_clones: int = 40,
    *,
    own_level: float = 1.0,
    causal: float = 0.0,
    n_drugs: int = 2,
    n_features: int = 60,
    seed: int = 0,
    first: int = 0,
) -> Clones:
    """Clones of 2 to 12 isolates that share their genes up to a few.

    Parameters
    ----------
    own_level
        Standard deviation of what each clone has for itself, which no feature causes.
    causal
        Effect of the first feature, which isolates of a clone have or lack alike.
    first
        Number of the first clone, so that others have other ids.
    """
    rng = np.random.default_rng([seed, first])
    clone = np.repeat(np.arange(n_clones), rng.integers(2, 13, n_clones))
    genes = rng.random((n_clones, n_features)) < 0.3
    calls = (genes[clone] ^ (rng.random((len(clone), n_features)) < 0.02)).astype(float)
    calls[:, 0] = genes[clone, 0]
    level = rng.normal(0, own_level, (n_clones, n_drugs))
    y = level[clone] + causal * calls[:, :1] + rng.normal(0, 0.4, (len(clone), n_drugs))
    order = rng.permutation(len(clone))
    ids = pd.Index([f"s{first}-{place:04d}" for place in range(len(clone))], name="sample_id")
    drugs = [f"d{drug}" for drug in range(n_drugs)]
    responses = pd.DataFrame(y[order], index=ids, columns=pd.Index(drugs, name="drug_id"))
    return Clones(
        pd.DataFrame(calls[order], index=ids, columns=[f"g{gene:02d}" for gene in range(n_features)]),
        responses.stack().rename("response").reset_index(),
        pd.DataFrame({"lineage": [f"L{first + number}" for number in clone[order]]}, index=ids),
    )
