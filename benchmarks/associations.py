"""Whether associations keep their promises: false discoveries over simulated cohorts, and the time of a whole screen.

    python -m benchmarks.associations [--cohorts 50] [--features 678 14500] [--threads 2]

Planted cohorts: 300 samples of 6 tissues, 200 features and 20 drugs with 15 % of the responses missing; 30 features act
on one drug each, tissue moves responses and features, and errors are normal or heavy-tailed. Every fifth feature has a
neighbour that differs in one sample of its carriers. A find is true where its group holds a feature that acts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import numpy as np
import pandas as pd

from benchmarks.unit import peak_megabytes
from drugresponse.association.associations import Associations, associate_pairs
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs

_ERRORS = ("normal", "heavy-tailed")
_RATES = (0.05, 0.2)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cohorts", type=int, default=50)
    parser.add_argument("--features", type=int, nargs="*", default=[678, 14_500])
    parser.add_argument("--threads", type=int, default=2)
    options = parser.parse_args()
    print(
        "| errors | effect | q at most | finds in a cohort | false share | planted found | null cohorts with a find |"
    )
    print("|---|---|---|---|---|---|---|")
    for errors in _ERRORS:
        for effect in (1.0, 2.0):
            print("\n".join(_rates(errors, effect, options.cohorts)), flush=True)
    for n_features in options.features:
        print(_timed_screen(n_features, options.threads), flush=True)


def _rates(errors: str, effect: float, n_cohorts: int) -> list[str]:
    """Lines of the table: mean over cohorts of false finds / finds, which is 0 without a find."""
    counts: dict[float, list[tuple[int, float, float, bool]]] = {rate: [] for rate in _RATES}
    for seed in range(n_cohorts):
        pairs, y, planted = _planted_cohort(errors, effect, seed)
        found = associate_pairs(pairs, y)
        null = associate_pairs(*_planted_cohort(errors, 0.0, seed)[:2])
        truth = _true_rows(found, planted)
        for rate in _RATES:
            called = found.table["q"] <= rate
            hits = found.table[called & truth][["drug_id", "group"]].drop_duplicates()
            n_finds = int(called.sum())
            false = float((called & ~truth).sum() / max(n_finds, 1))
            counts[rate].append((n_finds, false, len(hits) / len(planted), bool((null.table["q"] <= rate).any())))
    means = {rate: np.mean(np.array(rows, dtype=np.float64), axis=0) for rate, rows in counts.items()}
    return [
        f"| {errors} | {effect} | {rate} | {finds:.1f} | {false:.3f} | {power:.2f} | {any_:.2f} |"
        for rate, (finds, false, power, any_) in means.items()
    ]


def _true_rows(found: Associations, planted: pd.DataFrame) -> pd.Series:
    groups = found.table.drop_duplicates("feature_id").set_index("feature_id")["group"]
    acts = set(zip(planted["drug_id"], planted["feature_id"].map(groups), strict=True))
    pairs = zip(found.table["drug_id"], found.table["group"], strict=True)
    return pd.Series([each in acts for each in pairs], index=found.table.index)


def _planted_cohort(errors: str, effect: float, seed: int) -> tuple[Pairs, np.ndarray, pd.DataFrame]:
    n_samples, n_features, n_drugs, n_planted = 300, 200, 20, 30
    generator = np.random.default_rng(seed)
    tissue = generator.integers(0, 6, n_samples)
    frequency = generator.beta(0.6, 4, (1, n_features)) * generator.uniform(0.3, 1.7, (6, n_features))
    calls = (generator.random((n_samples, n_features)) < frequency[tissue]).astype(np.float32)
    for first in range(0, n_features, 5):
        calls[:, first + 1] = calls[:, first]
        calls[np.flatnonzero(calls[:, first])[:1], first + 1] = 0
    noise = generator.standard_normal((n_samples, n_drugs))
    noise = noise if errors == "normal" else noise / np.sqrt(generator.chisquare(3, noise.shape) / 3)
    responses = noise + generator.standard_normal((6, n_drugs))[tissue]
    able = np.flatnonzero((calls.sum(axis=0) >= 5) & (np.arange(n_features) % 5 != 1))
    acting, drugs = generator.choice(able, n_planted, replace=False), generator.integers(0, n_drugs, n_planted)
    for feature, drug in zip(acting, drugs, strict=True):
        responses[:, drug] += effect * calls[:, feature]
    planted = pd.DataFrame({"drug_id": [f"d{i:02d}" for i in drugs], "feature_id": [f"f{i:03d}" for i in acting]})
    names = [f"f{i:03d}" for i in range(n_features)]
    return *_pairs(calls, names, responses, tissue[:, None], 0.15, generator), planted


def _pairs(
    calls: np.ndarray,
    feature_ids: Sequence[str],
    responses: np.ndarray,
    labels: np.ndarray,
    missing: float,
    generator: np.random.Generator,
) -> tuple[Pairs, np.ndarray]:
    genotypes = Genotypes.from_dense(calls, [f"s{i:04d}" for i in range(len(calls))], feature_ids, kind="altered")
    texts = {
        f"column {i}": pd.Series(column).map("level {}".format).astype(object) for i, column in enumerate(labels.T)
    }
    covariates = pd.DataFrame(texts).set_axis(genotypes.sample_ids)
    sample, drug = np.nonzero(generator.random(responses.shape) >= missing)
    drugs = pd.Index([f"d{i:02d}" for i in range(responses.shape[1])], name="drug_id", dtype=object)
    rows = pd.DataFrame({"sample_id": genotypes.sample_ids[sample], "drug_id": drugs[drug]})
    return Pairs.build(genotypes, covariates, pd.DataFrame(index=drugs), rows), responses[sample, drug]


def _timed_screen(n_features: int, n_threads: int) -> str:
    """988 samples x 265 drugs with 18 % missing, 27 and 53 levels of covariates, alterations with linked neighbours."""
    generator = np.random.default_rng(0)
    calls = (generator.random((988, n_features)) < generator.beta(0.5, 8, n_features)).astype(np.float32)
    for first in range(0, n_features - 1, 5):
        calls[:, first + 1] = np.where(generator.random(988) < 0.97, calls[:, first], calls[:, first + 1])
    labels = np.column_stack([generator.integers(0, 27, 988), generator.integers(0, 53, 988)])
    names = [f"f{i:05d}" for i in range(n_features)]
    pairs, y = _pairs(calls, names, generator.standard_normal((988, 265)), labels, 0.18, generator)
    wall, cpu, before = time.perf_counter(), time.process_time(), peak_megabytes()
    found = associate_pairs(pairs, y, n_jobs=n_threads)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    return (
        f"{n_features} features x 265 drugs x 988 samples, {found.n_tests} tests: {wall:.1f} s on {n_threads} threads "
        f"({cpu:.1f} s of CPU), {peak_megabytes() - before:.0f} MB above the data"
    )


if __name__ == "__main__":
    main()
