"""Checks of what is learned: closed forms against other libraries, each learner against truth and earlier runs."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.learners.ridge_solver import PENALTIES, fit_kernel_ridge, fit_ridge
from drugresponse.model.loading import load_model
from drugresponse.model.model import DrugResponseModel
from drugresponse.validation._outcomes import N_NEW
from drugresponse.validation.bench import Bench
from drugresponse.validation.checks import Check, at_least, close, equal, within

__all__ = ["CHECKS"]

_CLOSED_FORMS = ("additive-mean", "covariates", "ridge", "sparse", "gaussian")
_TOLERANCE, _TOLERANCE_OF_SEARCHES = 1e-5, 1e-3
"""What other processors, which add sums in another order, may change: of closed forms, and of trees and networks."""
_WITHOUT_GENOTYPE = ("additive-mean", "covariates")
_LEAST_CORRELATION = {"random-forest": 0.85, "pair-ridge": 0.88, "boosted-trees": 0.85, "neural": 0.9}
_STORED = ("ridge", "boosted-trees", "neural")


def _ridge(_bench: Bench) -> Iterator[Check]:
    """Ridge in closed form is that of scikit-learn"""
    from sklearn.linear_model import Ridge

    rng = np.random.default_rng(1)
    for n, p in ((40, 8), (20, 50)):
        tokens, weights = rng.normal(size=(n, p)), rng.uniform(0.3, 3, n)
        targets = 7 + tokens @ rng.normal(size=(p, 2)) + rng.normal(size=(n, 2))
        scaled = weights / weights.mean()
        fit = fit_ridge(tokens, targets, weights=weights, penalties=np.array([0.7]))
        reference = Ridge(alpha=0.7).fit(tokens, targets, sample_weight=scaled)
        name = f"{n} rows and {p} columns"
        yield close(f"Coefficients of ridge on {name}", fit.coefficients, reference.coef_.T, 1e-7)
        yield close(f"Intercepts of ridge on {name}", fit.intercepts, reference.intercept_, 1e-7)
        dual = fit_kernel_ridge(tokens @ tokens.T, targets, weights=weights, penalties=np.array([0.7]))
        yield close(f"The same by the kernel, {name}", tokens.T @ dual.coefficients, reference.coef_.T, 1e-6)
        groups = np.arange(n) // 2
        rest = groups != 3
        refit = Ridge(alpha=0.7).fit(tokens[rest], targets[rest], sample_weight=scaled[rest])
        left = fit_ridge(tokens, targets, weights=weights, groups=groups, penalties=np.array([0.7])).left_out
        yield close(f"Predictions of rows left out, {name}", left[~rest], refit.predict(tokens[~rest]), 1e-6)
        if n > p:
            every = [fit_ridge(tokens, targets, groups=groups, penalties=np.array([each])).errors for each in PENALTIES]
            least = fit_ridge(tokens, targets, groups=groups).errors
            yield close("The penalty of least error", least, np.min(every, axis=0), 1e-9)


def _means(bench: Bench) -> Iterator[Check]:
    """The naive model is made of means that pandas gives"""
    model = bench.model("additive-mean", folds=0)
    predicted = model.predict(bench.new_genotypes, samples=bench.samples)
    rows = bench.responses
    within_range = predicted.set_index(["sample_id", "drug_id"])["prediction"].unstack()
    low, high = rows.groupby("drug_id")["response"].min(), rows.groupby("drug_id")["response"].max()
    yield equal(
        "Naive predictions within what was measured",
        bool(((within_range >= low) & (within_range <= high)).all(axis=None)),
        True,
    )
    means = rows.groupby("drug_id")["response"].mean()
    apart = (within_range.mean() - means).abs().max()
    yield within("How far naive predictions of a drug are from its mean", float(apart), 0, 0.3)


def _learner(name: str, bench: Bench) -> Iterator[Check]:
    """One learner, trained here."""
    known = bench.json("earlier.json")[name]
    model = bench.model(name, **known["settings"])
    predicted = model.predict(bench.new_genotypes, samples=bench.samples)
    tolerance = _TOLERANCE if name in _CLOSED_FORMS else _TOLERANCE_OF_SEARCHES
    some = predicted[predicted["sample_id"].isin(bench.new_genotypes.index[:N_NEW])]
    yield close(
        f"Predictions of {name}, by an earlier run", some["prediction"].to_numpy(), known["predictions"], tolerance
    )
    correlation, error = _against_truth(bench, predicted)
    if name not in _WITHOUT_GENOTYPE:
        yield at_least(
            f"Correlation of {name} with the truth, within drugs", correlation, _LEAST_CORRELATION.get(name, 0.93)
        )
    noise = bench.truth["noise"]
    most = 2.2 if name in _WITHOUT_GENOTYPE else 1.45
    yield within(f"RMSE of {name} on new samples, in units of the noise", error / noise, 0.9, most)
    attributed = model.contributions(bench.new_genotypes, samples=bench.samples)
    sums = np.full(len(predicted), np.nan)
    for of_drug in attributed.by_drug:
        sums[of_drug.rows] = of_drug.values.sum(axis=1)
    yield close(f"Parts of predictions of {name} add up", sums, predicted["prediction"].to_numpy(), 1e-6)


def _against_truth(bench: Bench, predicted: pd.DataFrame) -> tuple[float, float]:
    """Mean correlation within drugs with the responses without noise, and the RMSE on measured ones."""
    grid = predicted.pivot(index="sample_id", columns="drug_id", values="prediction")
    truth = bench.expected.reindex(index=grid.index, columns=grid.columns)
    correlation = float(np.nanmean(grid.corrwith(truth)))
    measured = bench.table("screen/new_responses.tsv").merge(predicted, on=["sample_id", "drug_id"])
    return correlation, float(np.sqrt(((measured["response"] - measured["prediction"]) ** 2).mean()))


def _held_out(bench: Bench) -> Iterator[Check]:
    """The check on held-out rows tells what new samples show"""
    manifest = bench.ridge.manifest_
    held = manifest["held_out"]
    predicted = bench.ridge.predict(bench.new_genotypes, samples=bench.samples)
    _, error = _against_truth(bench, predicted)
    yield within("RMSE told of held-out rows, in units of that on new samples", held["rmse"] / error, 0.85, 1.35)
    naive = held["best_naive_rmse"]
    ceiling = 1 - bench.truth["noise"] ** 2 / naive**2
    skill = held["skill"]
    yield within("Held-out skill beside the ceiling that the noise leaves", skill / ceiling, 0.5, 1.02)
    by_hand = 1 - held["rmse"] ** 2 / naive**2
    yield within("Skill, in units of that by its definition", skill / by_hand, 0.9, 1.1)
    shuffled = bench.genotypes.sample(frac=1, random_state=0).set_axis(bench.genotypes.index)
    told = DrugResponseModel("ridge", n_jobs=1).fit(shuffled, bench.responses, samples=bench.samples)
    yield within("Skill where genotypes are dealt to other samples", told.manifest_["held_out"]["skill"], -0.5, 0.12)
    yield equal("Samples and pairs of the training", [manifest["training"][name] for name in ("samples", "pairs")], [
        int(bench.responses["sample_id"].nunique()),
        len(bench.responses),
    ])  # fmt: skip


def _intervals(bench: Bench) -> Iterator[Check]:
    """Intervals hold the share of new measurements that they claim"""
    predicted = bench.ridge.predict(bench.new_genotypes, samples=bench.samples)
    measured = bench.table("screen/new_responses.tsv").merge(predicted, on=["sample_id", "drug_id"])
    inside = measured["response"].between(measured["lower"], measured["upper"]).mean()
    yield within("Share of new measurements inside 90 % intervals", float(inside), 0.84, 0.98)
    width = float((measured["upper"] - measured["lower"]).median())
    normal = 2 * 1.645 * bench.truth["noise"]
    yield within("Width of intervals, in units of those of the noise alone", width / normal, 0.9, 1.5)


def _schemes(bench: Bench) -> Iterator[Check]:
    """What a scheme holds out is never trained on"""
    rows = bench.responses
    pairs = Pairs.build(as_genotypes(bench.genotypes), bench.samples.reindex(bench.genotypes.index), bench.drugs, rows)
    ids = {"new-samples": ("sample_id",), "new-drugs": ("drug_id",), "new-samples-and-drugs": ("sample_id", "drug_id")}
    for scheme, columns in ids.items():
        tested = np.zeros(len(rows), dtype=int)
        shared = 0
        for train, test in make_folds(pairs, scheme, 3, 0):
            tested[test] += 1
            shared += sum(len(set(rows[column].iloc[train]) & set(rows[column].iloc[test])) for column in columns)
        yield equal(f"Ids that are trained on and held out, by {scheme}", shared, 0)
        once = tested <= 1 if len(columns) > 1 else tested == 1
        yield equal(f"Rows held out once, by {scheme}", bool(once.all()), True)


def _stored(bench: Bench) -> Iterator[Check]:
    """Models that an earlier version stored predict what they did"""
    some = bench.new_genotypes.iloc[:N_NEW]
    for name in _STORED:
        model = load_model(bench.pack / "models" / f"{name}.safetensors")
        predicted = model.predict(some, samples=bench.samples)
        for column, known in bench.json(f"models/{name}.json").items():
            stored = np.array([np.nan if value is None else value for value in known])
            yield close(f"The {column} of the stored {name}", predicted[column].to_numpy(), stored, 1e-5)


def _alleles(_bench: Bench) -> Iterator[Check]:
    """Swapped alleles, absent features and unknown samples"""
    rng = np.random.default_rng(2)
    names = [f"1:{1000 * (i + 1)}:A:G" for i in range(8)]
    ids = [f"P{i}" for i in range(60)]
    calls = pd.DataFrame(rng.binomial(2, 0.4, (60, 8)), index=ids, columns=names)
    responses = pd.DataFrame({"sample_id": ids, "response": calls[names[0]] - calls[names[1]] + rng.normal(0, 0.1, 60)})
    model = DrugResponseModel("ridge", folds=0, n_jobs=1).fit(_at_places(calls), responses)
    first = calls.head(5)
    plain = model.predict(_at_places(first))["prediction"].to_numpy()
    swapped = model.predict(_at_places(2 - first, swapped=True))["prediction"].to_numpy()
    yield close("Predictions with reference and alternate swapped", swapped, plain, 1e-6)
    few = model.predict(_at_places(first[names[6:]]))["prediction"]
    yield equal("Predictions without the features that matter", int(few.notna().sum()), 0)
    shuffled = model.predict(_at_places(first[names[::-1]]))["prediction"].to_numpy()
    yield close("Predictions with columns in another order", shuffled, plain, 1e-9)
    yield equal("Known samples are flagged", bool(model.predict(_at_places(first))["sample_seen"].all()), True)


def _at_places(calls: pd.DataFrame, *, swapped: bool = False) -> Genotypes:
    """Dosages whose features are told by their places; swapped: the reference is the other allele."""
    places = [name.split(":") for name in calls.columns]
    alleles = (3, 2) if swapped else (2, 3)
    features = pd.DataFrame(
        {
            "kind": "dosage",
            "chromosome": [place[0] for place in places],
            "position": [float(place[1]) for place in places],
            "ref": [place[alleles[0]] for place in places],
            "alt": [place[alleles[1]] for place in places],
        },
        index=pd.Index([":".join([*place[:2], place[alleles[0]], place[alleles[1]]]) for place in places]),
    )
    return Genotypes.build(calls.to_numpy(dtype=np.float32), list(calls.index), features)


def _named(name: str) -> Any:
    check = partial(_learner, name)
    check.__doc__ = f"The learner {name}, trained here"
    return check


_EVERY = (*_CLOSED_FORMS, "pair-ridge", "boosted-trees", "random-forest", "neural", "auto")
CHECKS = (_ridge, _means, *map(_named, _EVERY), _held_out, _intervals, _schemes, _stored, _alleles)
