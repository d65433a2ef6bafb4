"""Learners as the package's `evaluate` measures them, and references on the same folds."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import benchmarks
from benchmarks.cache import code_hash
from benchmarks.outcomes.measures import Held
from benchmarks.outcomes.questions import Question, Tables
from benchmarks.outcomes.references import REFERENCES_OF_KIND, Fitted
from benchmarks.outcomes.said import Said, SaidStore
from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.scores.follow_up import STATED_SHARES
from drugresponse.data.scores.losses import survival_at
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError
from drugresponse.evaluation.benchmark import run_units
from drugresponse.evaluation.bootstrap import group_of_row
from drugresponse.evaluation.folds import as_splits, folds_of_table, prove_free_of_leaks
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.held_out.outcome_layer import OutcomeLayer, called_classes
from drugresponse.evaluation.units import contenders

__all__ = ["measure_question"]

Array = NDArray[np.float64]
_NAIVE = "best naive"
_MAJOR_ERRORS = 0.03
_HALF_A_STEP = 0.5
"""From the middle of a dilution step, which the package predicts, to its upper end, which laboratories write."""


def measure_question(
    question: Question, data: Path, store: SaidStore, learners: Sequence[str]
) -> tuple[Held, dict[str, Said]]:
    """What every reference and every learner said of the held-out rows.

    Parameters
    ----------
    question, data
        What is asked, and the data folder.
    store
        Where finished models are kept.
    learners
        Names.
    """
    tables = question.read(data)
    held = _held(question, tables)
    said: dict[str, Said] = {}
    for name, fitted in REFERENCES_OF_KIND[question.kind].items():
        kept = store.find(question.name, name, _code_of_references())
        if kept is None:
            began = time.process_time()
            kept = _over_folds(fitted, held)
            store.keep(question.name, name, _code_of_references(), kept)
            _tell(question, name, began)
        said[name] = kept
    for variant in question.variants:
        for name in learners:
            said.update(_learner(question, tables, held, store, name, variant))
    return held, said


def _learner(
    question: Question, tables: Tables, held: Held, store: SaidStore, name: str, variant: str
) -> dict[str, Said]:
    """What a learner said, and beside the first one the best naive model."""
    names, code = (f"{name}{variant}", f"{_NAIVE} of {name}{variant}"), code_hash(name)
    own, naive = (store.find(question.name, each, code) for each in names)
    if own is None or naive is None:
        began = time.process_time()
        evaluation = _evaluation(question, tables, name, variant, store.folder / "units" / code)
        own, naive = _said_of(evaluation, name, held), _naive_of(evaluation, held)
        for each, said in zip(names, (own, naive), strict=True):
            store.keep(question.name, each, code, said)
        _tell(question, names[0], began)
    return {_NAIVE: naive, names[0]: own}


def _evaluation(question: Question, tables: Tables, name: str, variant: str, resume: Path) -> Evaluation:
    """What `evaluate` measures before it draws bootstraps, which take longer than all else."""
    rows = tables.rows(question.scheme, variant)
    planned = folds_of_table(rows.pairs, as_splits(tables.splits))
    prove_free_of_leaks(rows.pairs, question.scheme, planned)
    learner = contenders([name], {"device": "cpu", "scheme": question.scheme, "random_state": 0})
    return run_units(rows, planned, learner, question.scheme, resume=resume)[0]


def _held(question: Question, tables: Tables) -> Held:
    rows = tables.rows(question.scheme)
    fold = tables.splits.set_index("sample_id")["fold"].reindex(rows.pairs.sample_ids).to_numpy(dtype=np.intp)
    groups = group_of_row(rows, find_scheme(question.scheme))
    observed, times = rows.pairs.observed, np.zeros(0)
    if observed is not None and observed.happened is not None:
        times = np.quantile(rows.y[observed.happened], STATED_SHARES)
    return Held(rows, fold, groups, times)


def _over_folds(fitted: Fitted, held: Held) -> Said:
    """A reference on every fold."""
    parts, tests = [], []
    for fold in np.unique(held.fold):
        train, test = np.flatnonzero(held.fold != fold), np.flatnonzero(held.fold == fold)
        parts.append(fitted(held.rows, train, test, held.groups, held.times))
        tests.append(test)
    order = np.argsort(np.concatenate(tests))
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts])[order]
        for name in ("shares", "values", "ranks", "survival")
        if getattr(parts[0], name) is not None
    }
    called = called_by_others(held, joined["shares"][:, 1]) if held.rows.pairs.outcome.kind == "binary" else None
    return Said(**joined, called=called)


def called_by_others(held: Held, probability: Array) -> Array:
    """`(n_rows,)` 1 where the event is called from the lowest threshold with 3 % major errors in other folds."""
    called = np.zeros(len(probability))
    for fold in np.unique(held.fold):
        others = held.fold != fold
        negative = np.sort(probability[others & (held.rows.y == 0) & held.judged])[::-1]
        threshold = negative[int(np.floor(_MAJOR_ERRORS * len(negative)))]
        called[~others] = probability[~others] > threshold
    return called


def _said_of(evaluation: Evaluation, name: str, held: Held) -> Said:
    layer = _layer(evaluation, held)
    called, values = None, None
    if evaluation.kind == "binary":
        called = called_classes(layer.told[name], layer.rows)
    if evaluation.kind == "interval":
        values = np.empty(len(layer.rows))
        for rows, forecast in layer.told[name]:
            values[np.searchsorted(layer.rows, rows)] = forecast.prediction + _HALF_A_STEP
    made = _parts(layer.said[name], layer.scores[name].losses, held)
    return Said(**made, called=None if called is None else called.astype(np.float64), values=values)


def _naive_of(evaluation: Evaluation, held: Held) -> Said:
    layer, name = _layer(evaluation, held), evaluation.best_naive()
    said = layer.said[name]
    values = None if said.point is None else said.point + _HALF_A_STEP
    return Said(**_parts(said, layer.scores[name].losses, held), values=values)


def _layer(evaluation: Evaluation, held: Held) -> OutcomeLayer:
    pairs, own = evaluation.rows.pairs, held.rows.pairs
    if (pairs.sample_ids != own.sample_ids).any() or (pairs.drug_ids != own.drug_ids).any():
        raise InputError("outcomes: the rows of evaluate are not those of the references. Mend the question.")
    return evaluation.layers[0]


def _parts(said: Distribution, losses: Array, held: Held) -> dict[str, Array]:
    made = {"losses": losses}
    if said.shares is not None:
        made["shares"] = said.shares
    if said.survival is not None:
        times = np.broadcast_to(held.times, (len(losses), len(held.times)))
        made |= {"ranks": said.scores, "survival": survival_at(said, times)}
    return made


def _code_of_references() -> str:
    here = Path(benchmarks.__file__).parent
    files = (here / "columns.py", here / "references.py", here / "outcomes" / "references.py")
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


def _tell(question: Question, name: str, began: float) -> None:
    sys.stderr.write(f"{question.name}: {name}, {time.process_time() - began:.0f} s of CPU\n")
    sys.stderr.flush()
