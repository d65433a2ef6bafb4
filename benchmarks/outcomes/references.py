"""References of outcomes, one model for each drug: an afternoon with scikit-learn and XGBoost.

Penalties are chosen on whole groups of the training rows. Nothing here uses learners or heads of the package.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold

from benchmarks.columns import SampleColumns
from benchmarks.outcomes.said import Said
from benchmarks.references import REFERENCES
from drugresponse.data.joining import TrainingRows

__all__ = ["REFERENCES_OF_KIND", "Fitted", "breslow_survival", "reported_values"]

Array = NDArray[np.float64]
Ints = NDArray[np.intp]
Fitted = Callable[[TrainingRows, Ints, Ints, Ints, Array], Said]
"""Learns from rows, in groups, and says what it knows of others, of times up to stated ones."""
_SHRINKAGE = 10.0 ** np.arange(-2.0, 1.01, 0.5)
_PENALTIES = 10.0 ** np.arange(0.0, 3.01, 0.5)
_TREES = {
    "n_estimators": 200,
    "max_depth": 4,
    "learning_rate": 0.05,
    "subsample": 0.8,
    "colsample_bytree": 0.5,
    "tree_method": "hist",
    "random_state": 0,
    "n_jobs": 1,
}
_INNER = 5
_LEAST = 1e-6


class ClassesPerDrug:
    """Shares of classes; those of the training rows where a drug has one class only."""

    def __init__(self, fit: Callable[[Array, Array, Ints, int], Callable[[Array], Array]]) -> None:
        self._fit = fit

    def __call__(self, rows: TrainingRows, train: Ints, test: Ints, groups: Ints, _times: Array) -> Said:
        X, pairs = SampleColumns().fit(rows.pairs[train]).matrix(rows.pairs), rows.pairs
        n_classes = len(pairs.outcome.classes)
        shares = np.zeros((len(test), n_classes))
        for drug in np.unique(pairs.drug_index[test]):
            seen, asked = train[pairs.drug_index[train] == drug], np.flatnonzero(pairs.drug_index[test] == drug)
            counts = np.bincount(rows.y[seen].astype(np.intp), minlength=n_classes)
            if np.count_nonzero(counts) < 2:
                shares[asked] = counts / max(counts.sum(), 1)
                continue
            tell = self._fit(X[pairs.sample_index[seen]], rows.y[seen], groups[seen], n_classes)
            shares[asked] = tell(X[pairs.sample_index[test[asked]]])
        return Said(shares=shares)


def _logistic(X: Array, y: Array, groups: Ints, n_classes: int) -> Callable[[Array], Array]:
    """A cumulative logit with a ridge: rows once for each cut, with the cut's own level; with two classes logistic.

    Cuts are taken for independent, as in generalised estimating equations.
    """
    n_cuts = n_classes - 1

    def stacked(rows: Array) -> Array:
        levels = np.repeat(np.eye(n_cuts)[:, 1:], len(rows), axis=0)
        # so large that the ridge hardly sees the levels of cuts
        return np.hstack([np.tile(rows, (n_cuts, 1)), 10.0 * levels])

    def fitted(rows: Array, classes: Array, strength: float) -> Callable[[Array], Array]:
        above = np.concatenate([classes > cut for cut in range(n_cuts)])
        model = LogisticRegression(C=strength, max_iter=2000).fit(stacked(rows), above)

        def tell(asked: Array) -> Array:
            return _shares(model.predict_proba(stacked(asked))[:, 1].reshape(n_cuts, -1).T)

        return tell

    return fitted(X, y, _chosen(_SHRINKAGE, fitted, X, y, groups, n_cuts))


def _chosen(grid: Array, fitted: Any, X: Array, y: Array, groups: Ints, n_cuts: int) -> float:
    """The strength with the least log loss on groups that were left out."""
    folds = GroupKFold(min(_INNER, len(np.unique(groups))))
    loss = np.zeros(len(grid))
    for seen, left_out in folds.split(X, y, groups):
        if any(len(np.unique(y[seen] > cut)) < 2 for cut in range(n_cuts)):
            continue
        for at, strength in enumerate(grid):
            shares = fitted(X[seen], y[seen], strength)(X[left_out])
            own = shares[np.arange(len(left_out)), y[left_out].astype(np.intp)]
            loss[at] -= np.log(np.maximum(own, _LEAST)).sum()
    return float(grid[int(np.argmin(loss))])


def _shares(above: Array) -> Array:
    """Shares of classes from the probabilities of lying above each cut."""
    falling = np.minimum.accumulate(above, axis=1)
    edges = np.column_stack([np.ones(len(above)), falling, np.zeros(len(above))])
    return np.asarray(edges[:, :-1] - edges[:, 1:])


def _boosted_classes(X: Array, y: Array, _groups: Ints, n_classes: int) -> Callable[[Array], Array]:
    from xgboost import XGBClassifier

    present, codes = np.unique(y, return_inverse=True)
    model = XGBClassifier(**_TREES).fit(X, codes)

    def tell(asked: Array) -> Array:
        shares = np.zeros((len(asked), n_classes))
        shares[:, present.astype(np.intp)] = model.predict_proba(asked)
        return shares

    return tell


def _values(name: str) -> Fitted:
    """A reference of numbers, which takes limits for values."""

    def tell(rows: TrainingRows, train: Ints, test: Ints, _groups: Ints, _times: Array) -> Said:
        model = REFERENCES[name].make().fit(rows.pairs[train], reported_values(rows)[train])
        return Said(values=np.asarray(model.predict(rows.pairs[test])))

    return tell


def reported_values(rows: TrainingRows) -> Array:
    """`(n_rows,)` what the laboratory wrote: the upper end of a dilution step, a limit where there is one."""
    observed = rows.pairs.observed
    assert observed is not None and observed.lower is not None and observed.upper is not None
    return np.where(np.isfinite(observed.upper), observed.upper, observed.lower)


def _drug_mean(rows: TrainingRows, train: Ints, test: Ints, _groups: Ints, _times: Array) -> Said:
    drug = rows.pairs.drug_index
    means = np.bincount(drug[train], reported_values(rows)[train]) / np.maximum(np.bincount(drug[train]), 1)
    return Said(values=means[drug[test]])


class TimesOfOneDrug:
    """A log hazard, and survival by Breslow's baseline hazard."""

    def __init__(self, fit: Callable[[Array, Array, NDArray[np.bool_], Ints], Callable[[Array], Array]]) -> None:
        self._fit = fit

    def __call__(self, rows: TrainingRows, train: Ints, test: Ints, groups: Ints, times: Array) -> Said:
        observed = rows.pairs.observed
        assert observed is not None and observed.happened is not None
        X = SampleColumns().fit(rows.pairs[train]).matrix(rows.pairs)[rows.pairs.sample_index]
        spread = X[train].std(axis=0)
        X = (X[:, spread > 0] - X[train][:, spread > 0].mean(axis=0)) / spread[spread > 0]
        happened = observed.happened
        tell = self._fit(X[train], rows.y[train], happened[train], groups[train])
        of_train, ranks = tell(X[train]), tell(X[test])
        return Said(ranks=ranks, survival=breslow_survival(of_train, rows.y[train], happened[train], ranks, times))


def breslow_survival(of_train: Array, time: Array, happened: NDArray[np.bool_], asked: Array, times: Array) -> Array:
    """`(n_asked, n_times)` survival of log hazards, by the baseline hazard of training rows.

    Examples
    --------
    >>> time, happened = np.array([1.0, 2.0]), np.array([True, True])
    >>> breslow_survival(np.zeros(2), time, happened, np.zeros(1), np.array([1.5])).round(3)
    array([[0.607]])
    """
    middle = of_train.mean()
    at_risk = np.array([np.exp(of_train[time >= end] - middle).sum() for end in time])
    steps = np.where(happened, 1 / at_risk, 0.0)
    baseline = np.array([steps[time <= end].sum() for end in times])
    return np.exp(-np.exp(asked - middle)[:, None] * baseline)


def _cox_ridge(X: Array, time: Array, happened: NDArray[np.bool_], groups: Ints) -> Callable[[Array], Array]:
    """Cox's partial likelihood with a ridge on standardised columns, the penalty by left-out groups."""
    loss = np.zeros(len(_PENALTIES))
    for seen, _ in GroupKFold(min(_INNER, len(np.unique(groups)))).split(X, time, groups):
        for at, penalty in enumerate(_PENALTIES):
            beta = _cox(X[seen], time[seen], happened[seen], penalty)
            # the likelihood of all rows less that of the seen ones: Verweij and van Houwelingen 1993
            whole = _partial(beta, X, time, happened, 0.0)[0]
            loss[at] += whole - _partial(beta, X[seen], time[seen], happened[seen], 0.0)[0]
    chosen = _cox(X, time, happened, float(_PENALTIES[int(np.argmin(loss))]))
    return lambda asked: np.asarray(asked @ chosen)


def _cox(X: Array, time: Array, happened: NDArray[np.bool_], penalty: float) -> Array:
    start = np.zeros(X.shape[1])
    return np.asarray(minimize(_partial, start, (X, time, happened, penalty), jac=True, method="L-BFGS-B").x)


def _partial(beta: Array, X: Array, time: Array, happened: NDArray[np.bool_], penalty: float) -> tuple[float, Array]:
    """Negative log partial likelihood, ties by Breslow, and its slopes."""
    order = np.argsort(-time, kind="stable")
    X, time, events = X[order], time[order], happened[order].astype(np.float64)
    scores = X @ beta
    top = scores.max(initial=0.0)
    hazard = np.exp(scores - top)
    # all rows of one time are at risk together
    last = np.searchsorted(-time, -time, side="right") - 1
    at_risk = np.cumsum(hazard)[last]
    taken = np.bincount(last, events / at_risk, len(time))
    taken = np.cumsum(taken[::-1])[::-1]
    value = -float((events * (scores - top - np.log(at_risk))).sum()) + penalty / 2 * float(beta @ beta)
    return value, penalty * beta - X.T @ (events - hazard * taken)


def _cox_trees(X: Array, time: Array, happened: NDArray[np.bool_], _groups: Ints) -> Callable[[Array], Array]:
    from xgboost import XGBRegressor

    settings = _TREES | {"n_estimators": 100, "max_depth": 2}
    model = XGBRegressor(objective="survival:cox", **settings).fit(X, np.where(happened, time, -time))
    return lambda asked: np.asarray(model.predict(asked, output_margin=True), dtype=np.float64)


def _no_genotype(_X: Array, _time: Array, _happened: NDArray[np.bool_], _groups: Ints) -> Callable[[Array], Array]:
    return lambda asked: np.zeros(len(asked))


REFERENCES_OF_KIND: Mapping[str, Mapping[str, Fitted]] = {
    "binary": {
        "logistic ridge per drug": ClassesPerDrug(_logistic),
        "XGBoost per drug": ClassesPerDrug(_boosted_classes),
    },
    "ordinal": {
        "cumulative logit per drug": ClassesPerDrug(_logistic),
        "XGBoost per drug": ClassesPerDrug(_boosted_classes),
    },
    "interval": {
        "drug mean": _drug_mean,
        "ridge per drug": _values("ridge per drug"),
        "XGBoost per drug": _values("XGBoost per drug"),
    },
    "time-to-event": {
        "Nelson-Aalen": TimesOfOneDrug(_no_genotype),
        "Cox ridge": TimesOfOneDrug(_cox_ridge),
        "XGBoost Cox": TimesOfOneDrug(_cox_trees),
    },
}
"""By the kind of the outcome."""
