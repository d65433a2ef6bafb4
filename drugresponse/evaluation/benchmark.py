"""Every learner on every fold, as independent units that run at once, and all they predicted together."""

from __future__ import annotations

import logging
import os
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.splits import find_scheme
from drugresponse.evaluation.folds import PlannedFold
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.held_out.outcome_layer import naive_layers, outcome_layer
from drugresponse.evaluation.outcomes.tables import outcome_table
from drugresponse.evaluation.units import Contender, UnitResult, UnitStore, run_unit
from drugresponse.learners.baselines import NaiveEffects, reference_name
from drugresponse.learners.studies.study_learner import on_one_scale
from drugresponse.model.predictions import prediction_table
from drugresponse.model.response_scales.response_scale import IDENTITY, SCALES
from drugresponse.progress import counted, doing
from drugresponse.units import units_as_done

__all__ = ["run_units", "units_of"]

progress = logging.getLogger("drugresponse.progress")


def run_units(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    learners: Sequence[Contender],
    scheme: str,
    *,
    n_jobs: int | None = 1,
    resume: str | os.PathLike[str] | None = None,
    cost_of_miss: float | None = None,
    horizon: float | None = None,
    called: Mapping[str, NDArray[np.intp]] | None = None,
) -> tuple[Evaluation, pd.DataFrame]:
    """Fit every learner on every fold.

    Parameters
    ----------
    rows
        All measured pairs.
    folds
        Proved free of leaks before.
    learners
        Contenders.
    scheme
        Decides which mean effects the naive predictions may use.
    n_jobs
        Units run at once, in processes, as `count_jobs` has it; the result does not depend on it.
    resume
        Folder in which finished units are kept, and from which those of an earlier run are taken.
    cost_of_miss, horizon
        Of an outcome that is not continuous, as for `fit_head`.
    called
        Of a learner that calls classes itself `(n_rows,)` their numbers.

    Returns
    -------
    evaluation : Evaluation
    predictions : pandas.DataFrame
        The prediction columns of `predict`, then `repeat, fold, learner, response`, a row for each held-out pair; of
        an outcome that is not continuous then what its forecasts tell beside, and `study` where studies are new.
    """
    results = units_of(rows, folds, learners, scheme, n_jobs=n_jobs, resume=resume)
    names = [contender.name for contender in learners]
    for words in _scale_words(names, folds, results):
        progress.info("%s", words)
    if rows.pairs.outcome.kind == "continuous":
        return _gather(rows, folds, names, scheme, results, learners[0].settings.get("reference_study"))
    told = {"cost_of_miss": cost_of_miss, "horizon": horizon, "called": called}
    return _gather_outcome(rows, folds, names, scheme, results, told)


def units_of(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    learners: Sequence[Contender],
    scheme: str,
    *,
    n_jobs: int | None,
    resume: str | os.PathLike[str] | None,
) -> dict[tuple[str, int], UnitResult]:
    """What each learner predicted for each fold, by its name and the `id` of the fold; arguments as for `run_units`."""
    units = [(contender, planned) for contender in learners for planned in folds]
    store = None if resume is None else UnitStore(Path(resume), rows, scheme)
    done = {} if store is None else store.find(units)
    todo = [at for at in range(len(units)) if at not in done]
    if done:
        progress.info("%d of %d units were found finished", len(done), len(units))
    doing("preparing what the fits share")
    for name in dict.fromkeys(units[at][0].name for at in todo):
        next(contender for contender in learners if contender.name == name).fresh().prepare(rows.pairs, n_jobs)

    def named(at: int) -> str:
        contender, planned = units[at]
        return f"{contender.name}: repeat {planned.repeat}, fold {planned.fold}"

    with counted(len(units), "units", len(done), each=True) as count:
        shared = {"units": units, "rows": rows}
        for place, result in units_as_done(_unit, todo, shared, n_jobs, processes=True, count=count, named=named):
            done[todo[place]] = result
            if store is not None:
                store.keep(*units[todo[place]], result)
    return {(units[at][0].name, id(units[at][1])): result for at, result in done.items()}


def _scale_words(
    names: Sequence[str], folds: Sequence[PlannedFold], results: Mapping[tuple[str, int], UnitResult]
) -> Iterator[str]:
    """In how many folds a learner had the responses on another scale than they are given."""
    for name in names:
        scales = Counter(results[name, id(planned)].response_scale for planned in folds)
        for scale in (each for each in SCALES if each in scales and each != IDENTITY):
            learned = f"{name} learned the {SCALES[scale]} of the responses"
            yield f"{learned} in {scales[scale]} of {len(folds)} folds; predictions are as they were given"


def _unit(at: int, units: Sequence[tuple[Contender, PlannedFold]], rows: TrainingRows) -> UnitResult:
    contender, planned = units[at]
    return run_unit(contender, planned, rows)


def _gather(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    learners: list[str],
    scheme: str,
    results: Mapping[tuple[str, int], UnitResult],
    reference_study: str | None,
) -> tuple[Evaluation, pd.DataFrame]:
    n_repeats, n_rows = max(planned.repeat for planned in folds) + 1, len(rows.y)
    fold = np.full((n_repeats, n_rows), -1, dtype=np.intp)
    layers: dict[str, NDArray[np.float64]] = {name: np.full((n_repeats, n_rows), np.nan) for name in learners}
    naive_names: list[str] = []
    tables: dict[str, list[pd.DataFrame]] = {name: [] for name in learners}
    for planned in folds:
        held = rows.pairs[planned.test]
        fold[planned.repeat, planned.test] = planned.fold
        train = planned.train
        trained = on_one_scale(rows.pairs[train], rows.y[train], rows.weights[train], reference_study)
        naive = NaiveEffects.fit(*trained, scheme=scheme)
        for name, predicted in naive.predict(held).items():
            if name not in layers:
                naive_names.append(name)
                layers[name] = np.full((n_repeats, n_rows), np.nan)
            layers[name][planned.repeat, planned.test] = predicted
        for name in learners:
            result = results[name, id(planned)]
            layers[name][planned.repeat, planned.test] = result.predicted
            tables[name].append(_fold_table(rows, planned, name, result, naive.finest(held), scheme))
    reference = reference_name(scheme, naive_names)
    predicted = np.stack([layers[name] for name in (*learners, *naive_names)])
    evaluation = Evaluation(rows, find_scheme(scheme), tuple(learners), tuple(naive_names), reference, fold, predicted)
    return evaluation, pd.concat([table for name in learners for table in tables[name]], ignore_index=True)


def _gather_outcome(
    rows: TrainingRows,
    folds: Sequence[PlannedFold],
    learners: list[str],
    scheme: str,
    results: Mapping[tuple[str, int], UnitResult],
    told: Mapping[str, Any],
) -> tuple[Evaluation, pd.DataFrame]:
    """The same of an outcome that is not continuous: scores become distributions, repeat by repeat.

    `told` is what `outcome_layer` takes beside.
    """
    n_repeats, n_rows = max(planned.repeat for planned in folds) + 1, len(rows.y)
    fold = np.full((n_repeats, n_rows), -1, dtype=np.intp)
    scores = {name: np.full((n_repeats, n_rows), np.nan) for name in learners}
    layers = []
    for repeat in range(n_repeats):
        of_repeat = [planned for planned in folds if planned.repeat == repeat]
        parts = [(planned.train, planned.test) for planned in of_repeat]
        for planned in of_repeat:
            fold[repeat, planned.test] = planned.fold
            for name in learners:
                scores[name][repeat, planned.test] = results[name, id(planned)].predicted
        naive = naive_layers(rows, parts, scheme, told["horizon"])
        reference = reference_name(scheme, naive)
        layers.append(
            outcome_layer(
                rows,
                parts,
                {name: scores[name][repeat] for name in learners},
                scheme=scheme,
                reference=reference,
                naive=naive,
                **told,
            )
        )
    naive_names = [name for name in layers[0].said if name not in learners]
    for name in naive_names:
        scores[name] = np.full((n_repeats, n_rows), np.nan)
        for repeat, layer in enumerate(layers):
            scores[name][repeat, layer.rows] = layer.said[name].scores
    predicted = np.stack([scores[name] for name in (*learners, *naive_names)])
    evaluation = Evaluation(
        rows, find_scheme(scheme), tuple(learners), tuple(naive_names), reference, fold, predicted, tuple(layers)
    )
    tables = [
        outcome_table(
            _fold_table(rows, planned, name, results[name, id(planned)], np.zeros(len(planned.test)), scheme),
            layers[planned.repeat],
            planned.test,
            name,
            reference,
        )
        for name in learners
        for planned in folds
    ]
    return evaluation, pd.concat(tables, ignore_index=True)


def _fold_table(
    rows: TrainingRows, planned: PlannedFold, name: str, result: UnitResult, baseline: NDArray[np.float64], scheme: str
) -> pd.DataFrame:
    held, trained = rows.pairs[planned.test], rows.pairs[planned.train]
    share_known = np.ones(held.genotypes.shape[0])
    share_known[held.sample_index] = result.share_known
    table = prediction_table(
        held,
        result.predicted,
        baseline,
        scheme=scheme,
        known_weight=share_known,
        minimum_features=0.0,
        sample_seen=_used(trained.sample_index, held.genotypes.shape[0]),
        drug_seen=_used(trained.drug_index, len(held.drugs)),
    )
    table = table.assign(repeat=planned.repeat, fold=planned.fold, learner=name, response=rows.y[planned.test])
    return table if held.studies is None else table.assign(study=held.studies)


def _used(index: NDArray[np.intp], size: int) -> NDArray[np.bool_]:
    return np.bincount(index, minlength=size) > 0
