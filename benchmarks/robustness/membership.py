"""`python -m benchmarks membership`: how much better than a coin a model tells who was in its training."""

from __future__ import annotations

import argparse
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from drugresponse.data.genotypes import Genotypes
from drugresponse.model.model import DrugResponseModel
from drugresponse.simulation.cohort import simulate_cohort

__all__ = ["ATTACKS", "add_membership_options", "advantage", "attacks", "membership_lines"]

ATTACKS: Mapping[str, str] = {
    "hashes": "the file, and guessed ids",
    "hashes, --forget-samples": "the file, and guessed ids",
    "variants of one carrier": "the file, and genotypes",
    "residuals": "predictions, genotypes and measured responses",
    "residuals beside the mean's": "predictions, genotypes and measured responses",
}
"""What each attack has of candidates beside the model."""


def add_membership_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks membership`."""
    parser.add_argument("--cohorts", type=int, default=10)
    parser.add_argument("--samples", type=int, default=100, help="in the training; as many again were not")
    parser.add_argument("--features", type=int, default=300)
    parser.add_argument(
        "--learners", nargs="+", default=["ridge", "gaussian", "random-forest", "boosted-trees", "neural"]
    )


def attacks(
    learner: str, n_samples: int, n_features: int, random_state: int, **settings: Any
) -> dict[str, tuple[NDArray[np.float64], NDArray[np.bool_]]]:
    """Scores by attack of candidates, half of whom were in the training, higher where an attacker believes so.

    Each candidate also has a variant that nobody else has.

    Returns
    -------
    dict
        Of each attack `(2 * n_samples,)` scores, and which candidates were in the training.
    """
    cohort = simulate_cohort(n_samples=2 * n_samples, n_drugs=5, n_features=n_features, random_state=random_state)
    ids = cohort.genotypes.sample_ids
    alone = Genotypes.from_dense(np.eye(len(ids)), ids, [f"only {each}" for each in ids], kind="altered")
    genotypes = Genotypes.join([cohort.genotypes, alone])
    responses = cohort.responses.table[["sample_id", "drug_id", "response"]]
    inside = np.zeros(len(ids), bool)
    inside[np.random.default_rng(random_state).permutation(len(ids))[:n_samples]] = True
    model = DrugResponseModel(learner=learner, folds=0, random_state=random_state, **settings)
    trained = responses[responses["sample_id"].isin(ids[inside])]
    model.fit(genotypes.take(np.flatnonzero(inside)), trained, samples=cohort.samples)
    told = model.predict(genotypes, samples=cohort.samples, pairs=responses[["sample_id", "drug_id"]])
    rows = responses.merge(told, on=["sample_id", "drug_id"])
    own, mean = ((rows["response"] - rows[name]) ** 2 for name in ("prediction", "baseline"))
    by_sample = pd.DataFrame({"own": -own, "gain": mean - own, "id": rows["sample_id"]}).groupby("id").mean().loc[ids]
    seen = model.parts_.training_ids
    scores = {
        "hashes": seen.contains(ids).astype(float),
        "hashes, --forget-samples": type(seen).forgotten().contains(ids).astype(float),
        "variants of one carrier": -_unnamed(model, genotypes),
        "residuals": by_sample["own"].to_numpy(),
        "residuals beside the mean's": by_sample["gain"].to_numpy(),
    }
    return {name: (score, inside) for name, score in scores.items()}


def _unnamed(model: DrugResponseModel, genotypes: Genotypes) -> NDArray[np.float64]:
    """`(n_samples,)` how many of a candidate's alterations have no weight in the file: nobody in training had them."""
    named = genotypes.features.index.isin(_tokens(model.parts_.regressor.get_state()))
    return (np.nan_to_num(genotypes.dense())[:, ~named] != 0).sum(axis=1).astype(float)


def _tokens(state: Mapping[str, Any]) -> set[str]:
    """What has a weight anywhere in nested state."""
    inner = [_tokens(each) for each in state.values() if isinstance(each, Mapping)]
    return set(state.get("token_names", ())).union(*inner)


def advantage(scores: NDArray[np.float64], inside: NDArray[np.bool_]) -> float:
    """Share of members that are believed, less that of others, where the upper half of the scores is believed."""
    order = pd.Series(scores).rank().to_numpy()
    middle = (len(order) + 1) / 2
    believed = np.where(order > middle, 1.0, np.where(order == middle, 0.5, 0.0))
    return float(believed[inside].mean() - believed[~inside].mean())


def membership_lines(options: argparse.Namespace) -> Iterator[str]:
    """A table: attacks on each learner, with means over cohorts and their 95 % intervals."""
    yield "| learner | attack | it has | area under the curve | advantage over a coin |"
    yield "|---|---|---|---|---|"
    for learner in options.learners:
        areas: dict[str, list[float]] = defaultdict(list)
        advantages: dict[str, list[float]] = defaultdict(list)
        for number in range(options.cohorts):
            for name, (scores, inside) in attacks(learner, options.samples, options.features, number).items():
                areas[name].append(float(roc_auc_score(inside, scores)))
                advantages[name].append(advantage(scores, inside))
        for name, having in ATTACKS.items():
            yield f"| {learner} | {name} | {having} | {_interval(areas[name])} | {_interval(advantages[name])} |"


def _interval(values: Sequence[float]) -> str:
    spread = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    mean = float(np.mean(values))
    return f"{mean:.2f} ({mean - spread:.2f} to {mean + spread:.2f})"
