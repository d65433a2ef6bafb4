"""Responses of a cohort as several studies would have measured them, with planted shifts between them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.responses.repeats import merge_repeats, merge_within_studies
from drugresponse.data.tables import Responses

__all__ = ["LEVEL_SPREAD", "measured_in_studies"]

LEVEL_SPREAD = 0.8
"""Standard deviation of the studies' levels, and of single drugs within a study a fifth of it, in those of a drug."""
_ALSO = 0.3
"""Share of the samples that a second study measured too."""
_REPEAT_NOISE = 0.4


def measured_in_studies(
    responses: Responses, n_studies: int, rng: np.random.Generator
) -> tuple[Responses, dict[str, float]]:
    """Each sample in one study, three in ten in a second one too; the first study has level 0.

    Parameters
    ----------
    responses
        Measured numbers, each pair once.
    n_studies
        2 or more.
    rng
        Of the deal, the levels and the noise between two measurements of a pair.

    Returns
    -------
    responses : Responses
        With the column `study`, S1, S2 and so on.
    levels : dict
        How far each study lies above the first, over all drugs.
    """
    table = responses.table
    unit = float(np.sqrt(table.groupby("drug_id")["response"].var().mean()))
    names = np.array([f"S{number + 1}" for number in range(n_studies)], dtype=object)
    levels = rng.normal(0, LEVEL_SPREAD * unit, n_studies)
    levels -= levels[0]
    drugs = pd.Index(table["drug_id"].unique())
    of_drug = rng.normal(0, LEVEL_SPREAD * unit / 5, (n_studies, len(drugs)))
    of_drug[0] = 0.0
    of_drug -= of_drug.mean(axis=1, keepdims=True)
    samples = pd.Index(table["sample_id"].unique())
    home, also = rng.permutation(len(samples)) % n_studies, rng.random(len(samples)) < _ALSO
    at, drug = samples.get_indexer(table["sample_id"]), drugs.get_indexer(table["drug_id"])
    parts = []
    for number in range(n_studies):
        second = also[at] & ((home[at] + 1) % n_studies == number)
        here = np.flatnonzero((home[at] == number) | second)
        noise = rng.normal(0, _REPEAT_NOISE * unit, len(here)) * second[here]
        shifted = table["response"].to_numpy()[here] + levels[number] + of_drug[number, drug[here]] + noise
        parts.append(table.iloc[here].assign(response=shifted, study=names[number]))
    rows = pd.concat(parts, ignore_index=True)
    merged, replicates = merge_repeats(rows)
    by_study = merge_within_studies(rows)
    made = Responses(merged, responses.measure, len(rows) - len(merged), replicates, by_study=by_study)
    return made, dict(zip(map(str, names), map(float, levels), strict=True))
