"""A small screen with missing responses and calls, awkward covariates and known effects."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes

N_SAMPLES, N_DRUGS = 150, 4


def screen_calls(generator: np.random.Generator, missing: float) -> Genotypes:
    """18 features of three kinds; `f03` lacks all calls of tissue a."""
    calls = np.column_stack(
        [
            generator.random((N_SAMPLES, 6)) < np.array([0.05, 0.1, 0.2, 0.3, 0.4, 0.6]),
            generator.normal(50, 0.1, (N_SAMPLES, 6)),
            generator.binomial(2, 0.2, (N_SAMPLES, 6)),
        ]
    ).astype(np.float32)
    calls[generator.random(calls.shape) < missing] = np.nan
    if missing:
        calls[:40, 3] = np.nan
    features = pd.DataFrame(
        {"kind": np.repeat(["altered", "score", "dosage"], 6)}, index=[f"f{i:02d}" for i in range(18)]
    )
    return Genotypes.build(calls, sample_ids(), features)


def screen_covariates(generator: np.random.Generator) -> pd.DataFrame:
    """Tissue with a level of one sample and an age that is missing for some; a constant, and age in other units."""
    tissue = np.where(np.arange(N_SAMPLES) < 40, "a", generator.choice(["b", "c", "d"], N_SAMPLES)).astype(object)
    tissue[60] = "only"
    age = generator.normal(60, 5, N_SAMPLES)
    age[70:75] = np.nan
    return pd.DataFrame({"tissue": tissue, "age": age, "constant": "x", "months": age * 12 + 1}, index=sample_ids())


def screen_responses(generator: np.random.Generator) -> NDArray[np.float64]:
    """`(n_samples, n_drugs)`, a fifth of them missing."""
    responses = generator.standard_normal((N_SAMPLES, N_DRUGS))
    responses[generator.random(responses.shape) < 0.2] = np.nan
    return responses


def response_rows(responses: NDArray[np.float64]) -> pd.DataFrame:
    sample, drug = np.nonzero(~np.isnan(responses))
    ids = np.array(sample_ids(len(responses)), dtype=object)
    return pd.DataFrame(
        {"sample_id": ids[sample], "drug_id": [f"d{i}" for i in drug], "response": responses[sample, drug]}
    )


def sample_ids(number: int = N_SAMPLES) -> list[str]:
    return [f"s{i:03d}" for i in range(number)]
