"""What each named block adds to the others and to covariates: the same ridge on the same folds, with and without it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.errors import count
from drugresponse.evaluation.benchmark import run_units
from drugresponse.evaluation.comparison import compare_learners, holm
from drugresponse.evaluation.folds import PlannedFold
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.units import Contender
from drugresponse.model.intervals.absent_blocks import block_with_sums, blocks_of

__all__ = ["ADDS", "BLOCK_COLUMNS", "COSTS", "NOT_SHOWN", "block_verdict_words", "block_verdicts"]

BLOCK_COLUMNS = ("block", "n_features", "rmse", "rmse_without", "gain", "lower", "upper", "p", "q", "verdict")
ADDS, COSTS, NOT_SHOWN, TOO_FEW = "adds", "costs", "not shown to add", "too few groups"
_LEVEL = 0.05
_LEARNER = "ridge"


def block_verdicts(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    evaluation: Evaluation,
    contenders: Sequence[Contender],
    settings: Mapping[str, Any],
    *,
    n_jobs: int | None = 1,
    random_state: int = 0,
) -> pd.DataFrame:
    """Leave one block out at a time, of a ridge on the folds of an evaluation.

    Parameters
    ----------
    rows, folds
        What is fitted, and what is held out.
    evaluation, contenders
        Of the same folds, and who contended: a ridge on all blocks that it holds already is not fitted again.
    settings
        Of learners, with `scheme` and `random_state`.
    n_jobs
        Fits run at once.
    random_state
        Seed of the bootstrap.

    Returns
    -------
    pandas.DataFrame
        A row for each block: its features; root mean square error of held-out rows with it and without it; `gain`, 1 -
        squared error with it / without it, with the 95 % bootstrap interval over the scheme's groups; p of the paired
        test, q adjusted by Holm's method over the blocks, and the verdict. Empty without two named blocks, of stored
        genotypes, and of outcomes that are not continuous.
    """
    genotypes = rows.pairs.genotypes
    blocks = {} if genotypes.is_stored or evaluation.layers else blocks_of(genotypes.features)
    if not blocks:
        return pd.DataFrame(columns=list(BLOCK_COLUMNS))
    scheme, ridge = evaluation.scheme.name, Contender(_LEARNER, dict(settings))

    def predicted(asked: TrainingRows) -> NDArray[np.float64]:
        made, _ = run_units(asked, folds, [ridge], scheme, n_jobs=n_jobs)
        return np.asarray(made.predicted[:1])

    is_known = Contender(_LEARNER, {}) in [replace(contender, settings={}) for contender in contenders]
    whole = evaluation.of(_LEARNER)[None] if is_known else predicted(rows)
    layers = [whole, *(predicted(_without(rows, columns)) for columns in blocks.values())]
    naive = evaluation.predicted[len(evaluation.learners) :]
    beside = replace(evaluation, learners=("", *blocks), predicted=np.concatenate([*layers, naive]), rule="")
    table = compare_learners(beside, random_state=random_state)
    table = table[(table["learner"] == "") & table["other"].isin(blocks)].set_index("other")
    errors = {name: float(np.nanmean(beside.losses(name)[beside.fold >= 0])) for name in beside.learners}
    without = np.array([errors[name] for name in table.index])
    told = pd.DataFrame(
        {
            "block": list(table.index),
            "n_features": [len(blocks[name]) for name in table.index],
            "rmse": math.sqrt(errors[""]),
            "rmse_without": np.sqrt(without),
            "gain": -table["difference"].to_numpy() / without,
            "lower": -table["upper"].to_numpy() / without,
            "upper": -table["lower"].to_numpy() / without,
            "p": table["p"].to_numpy(),
            "q": holm(table["p"].to_numpy(dtype=np.float64)),
        }
    )
    return told.assign(verdict=list(map(_verdict, told["gain"], told["q"])))[list(BLOCK_COLUMNS)]


def block_verdict_words(table: pd.DataFrame) -> list[str]:
    """What each block adds, in a sentence.

    Examples
    --------
    >>> row = ["rna", 706, 1.30, 1.33, 0.045, 0.02, 0.07, 0.001, 0.002, "adds"]
    >>> for words in block_verdict_words(pd.DataFrame([row], columns=list(BLOCK_COLUMNS)))[0].split(" (", 1):
    ...     print(words)
    Block rna adds to the others: squared error -4.5 % with its 706 features
    95 % interval -7.0 to -2.0 %; ridge, RMSE 1.3 against 1.33 without it; q 0.002).
    """
    return [_words(row) for row in table.to_dict("records")]


def _words(row: Mapping[Any, Any]) -> str:
    verdict = row["verdict"]
    what = {TOO_FEW: "is not judged (too few groups)", NOT_SHOWN: f"is {NOT_SHOWN}"}.get(verdict, verdict)
    beside = " to the others" if verdict in (ADDS, NOT_SHOWN) else ""
    bounds = ""
    if math.isfinite(row["lower"]):
        bounds = f"95 % interval {-100 * row['upper']:+.1f} to {-100 * row['lower']:+.1f} %; "
    level = f"; q {row['q']:.2g}" if math.isfinite(row["q"]) else ""
    return (
        f"Block {row['block']} {what}{beside}: squared error {-100 * row['gain']:+.1f} % with its "
        f"{count(row['n_features'], 'feature')} ({bounds}{_LEARNER}, RMSE {row['rmse']:.4g} against "
        f"{row['rmse_without']:.4g} without it{level})."
    )


def _verdict(gain: float, q: float) -> str:
    if not math.isfinite(q):
        return TOO_FEW
    if q > _LEVEL:
        return NOT_SHOWN
    return ADDS if gain > 0 else COSTS


def _without(rows: TrainingRows, columns: NDArray[np.intp]) -> TrainingRows:
    genotypes = rows.pairs.genotypes
    kept = np.setdiff1d(np.arange(genotypes.shape[1]), block_with_sums(genotypes.features, columns))
    return replace(rows, pairs=replace(rows.pairs, genotypes=genotypes.select(kept)))
