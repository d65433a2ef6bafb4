"""Contributions made by hand, whose truth is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.learners.contributions import Contributions


def made_pairs(calls: NDArray, n_drugs: int = 2, covariates: Mapping[str, Sequence] | None = None) -> Pairs:
    """Every sample with every drug; features f0, f1, ... of one block."""
    samples = [f"s{i:03d}" for i in range(len(calls))]
    genotypes = Genotypes.from_dense(calls, samples, [f"f{j}" for j in range(calls.shape[1])], block="mutation")
    drugs = pd.DataFrame(index=pd.Index([f"d{j}" for j in range(n_drugs)], name="drug_id"))
    return Pairs.grid(genotypes, pd.DataFrame(dict(covariates or {}), index=samples), drugs)


def made_parts(n_features: int, covariates: Sequence[str] = (), arm: str = "") -> pd.DataFrame:
    """Mean effects, covariates, features, and with an arm the features in it."""
    rows = [("mean", "", "mean effects", "", "")]
    rows += [("covariate", "covariates", name, "", "") for name in covariates]
    rows += [("genotype", "mutation", f"f{j}", f"G{j}", "") for j in range(n_features)]
    rows += [("genotype", "mutation", f"f{j}", f"G{j}", arm) for j in range(n_features) if arm]
    return pd.DataFrame(rows, columns=["kind", "block", "feature_id", "gene", "arm"])


def made_contributions(pairs: Pairs, tables: Sequence[NDArray], gap: float = 0.0) -> list[Contributions]:
    """One table of `(n_samples, n_parts)` for each drug of a grid."""
    return [
        Contributions(str(drug), np.flatnonzero(pairs.drug_index == at), table, np.full(len(table), gap))
        for at, (drug, table) in enumerate(zip(pairs.drugs.index, tables, strict=True))
    ]


def made_attributions(values: NDArray, genes: Sequence[str] | None = None) -> pd.DataFrame:
    """An attribution table of features f0, f1, ... from `(n_drugs, n_features)` signed importance."""
    n_drugs, n_features = values.shape
    names = [f"f{j}" for j in range(n_features)]
    rank = pd.DataFrame(-np.abs(values)).rank(axis=1, method="first").astype(int).to_numpy()
    return pd.DataFrame(
        {
            "drug_id": np.repeat([f"d{j}" for j in range(n_drugs)], n_features),
            "block": "mutation",
            "feature_id": names * n_drugs,
            "gene": list(names if genes is None else genes) * n_drugs,
            "kind": "genotype",
            "arm": "",
            "effect": np.sign(values).ravel(),
            "importance": np.abs(values).ravel(),
            "rank": rank.ravel(),
            "stability": np.nan,
            "above_noise": pd.array([pd.NA] * values.size, dtype="boolean"),
        }
    )
