"""`python -m benchmarks membership`: how much better than a coin a model tells who was in its training."""

from __future__ import annotations

import argparse
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score

from drugresponse.data.genotypes import Genotypes
from drugresponse.model.model import DrugResponseModel
from drugresponse.simulation.cohort import simulate_cohort

__all__ = ["ATTACKS", "Attacked", "add_membership_options", "advantage", "attacks", "membership_lines"]

ATTACKS: Mapping[str, str] = {
    "hashes": "the file, and guessed ids",
    "hashes, --forget-samples": "the file, and guessed ids",
    "variants of one carrier": "the file, and genotypes",
    "residuals": "predictions, genotypes and measured responses",
    "residuals beside the mean's": "predictions, genotypes and measured responses",
}
"""What each attack has of candidates beside the model."""


@dataclass(frozen=True, eq=False)
class Attacked:
    """What attacks make of a model, and what it is worth.

    Attributes
    ----------
    scores
        Of each attack `(n_candidates,)`, higher where an attacker believes that somebody was in the training.
    inside
        `(n_candidates,)` who was.
    accuracy
        Correlation of predictions with the responses of those who were not, a mean over drugs.
    """

    scores: Mapping[str, NDArray[np.float64]]
    inside: NDArray[np.bool_]
    accuracy: float


def add_membership_options(parser: argparse.ArgumentParser) -> None:
    """The options of `python -m benchmarks membership`."""
    parser.add_argument("--cohorts", type=int, default=10)
    parser.add_argument("--samples", type=int, default=100, help="in the training; as many again were not")
    parser.add_argument("--features", type=int, default=300)
    parser.add_argument(
        "--learners", nargs="+", default=["ridge", "gaussian", "random-forest", "boosted-trees", "neural"]
    )
    parser.add_argument("--minimum-carriers", type=int, nargs="+", default=[1], help="floors, each tried")


def attacks(learner: str, n_samples: int, n_features: int, random_state: int, **settings: Any) -> Attacked:
    """Attacks on a model by candidates, half of whom were in its training; each has a variant that nobody else has."""
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
    new = rows[~rows["sample_id"].isin(ids[inside])]
    by_drug = [drug["response"].corr(drug["prediction"]) for _, drug in new.groupby("drug_id")]
    return Attacked(scores, inside, float(np.mean(by_drug)))


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
    yield "| learner | carriers, at least | attack | it has | area under the curve | advantage over a coin |"
    yield "|---|---|---|---|---|---|"
    for learner, least in itertools.product(options.learners, options.minimum_carriers):
        areas: dict[str, list[float]] = defaultdict(list)
        advantages: dict[str, list[float]] = defaultdict(list)
        accuracies = []
        for number in range(options.cohorts):
            tried = attacks(learner, options.samples, options.features, number, minimum_carriers=least)
            accuracies.append(tried.accuracy)
            for name, scores in tried.scores.items():
                areas[name].append(float(roc_auc_score(tried.inside, scores)))
                advantages[name].append(advantage(scores, tried.inside))
        for name, having in ATTACKS.items():
            figures = f"{_interval(areas[name])} | {_interval(advantages[name])}"
            yield f"| {learner} | {least} | {name} | {having} | {figures} |"
        yield f"| {learner} | {least} | correlation with the responses of new samples | | {_interval(accuracies)} | |"


def _interval(values: Sequence[float]) -> str:
    spread = 1.96 * np.std(values, ddof=1) / np.sqrt(len(values)) if len(values) > 1 else np.nan
    mean = float(np.mean(values))
    return f"{mean:.2f} ({mean - spread:.2f} to {mean + spread:.2f})"
