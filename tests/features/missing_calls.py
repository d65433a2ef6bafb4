"""A made-up cohort like one of an anticoagulant: linked variants with many missing calls, skewed doses, known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs

__all__ = ["anticoagulant"]

MISSING = (0.19, 0.25, 0.4, 0.55, 0.63, 0.74, 0.82)
"""Shares of missing calls of the seven linked variants."""


def anticoagulant(n_patients: int = 1200, seed: int = 0) -> tuple[Pairs, NDArray[np.float64], NDArray[np.float64]]:
    """Seven variants of one gene on two haplotypes, two alleles of another gene, age, weight; the dose in mg a week.

    The root of the dose is linear in what decides. Clinics type different variants: calls of one that are missing come
    together, as in pooled cohorts.

    Returns
    -------
    pairs
        One drug; the block `dosage` with nine variants.
    y
        `(n_patients,)` doses.
    calls
        `(n_patients, 9)` what was there before calls went missing.
    """
    rng = np.random.default_rng(seed)
    group = rng.integers(0, 3, n_patients)
    risk = np.array([0.1, 0.4, 0.85])[group]
    haplotypes = rng.random((2, n_patients)) < risk
    linked = []
    for number in range(len(MISSING)):
        # each variant marks the haplotype, rarely wrongly
        wrong = rng.random((2, n_patients)) < 0.02 * (1 + number % 3)
        linked.append((haplotypes ^ wrong).sum(axis=0))
    other = [rng.binomial(2, share, n_patients) for share in (0.12, 0.07)]
    calls = np.column_stack([*linked, *other]).astype(float)
    age, weight = rng.normal(62, 14, n_patients), rng.normal(76, 18, n_patients)
    root = 6.4 - 0.9 * haplotypes.sum(axis=0) - 0.45 * other[0] - 0.95 * other[1]
    root = root - 0.025 * (age - 62) + 0.013 * (weight - 76) + rng.normal(0, 0.85, n_patients)
    y = np.maximum(root, 0.8) ** 2
    clinic = rng.integers(0, 6, n_patients)
    rank_of_clinic = np.array([rng.permutation(6) for _ in MISSING])
    typed = (rank_of_clinic[:, clinic].T + rng.random((n_patients, len(MISSING)))) / 6
    seen = calls.copy()
    seen[:, : len(MISSING)][typed < np.array(MISSING)] = np.nan
    samples = [f"p{number:04d}" for number in range(n_patients)]
    names = [f"VKORC1_{number}" for number in range(len(MISSING))] + ["CYP2C9_2", "CYP2C9_3"]
    genotypes = Genotypes.from_dense(seen, samples, names, kind="dosage", block="dosage")
    covariates = pd.DataFrame({"age": age, "weight": weight}, index=samples)
    drugs = pd.DataFrame({"smiles": [""]}, index=pd.Index(["warfarin"], name="drug_id"))
    rows = pd.DataFrame({"sample_id": samples, "drug_id": "warfarin"})
    return Pairs.build(genotypes, covariates, drugs, rows, None), y, calls
