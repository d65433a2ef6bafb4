"""The units that a run asks for, the cheap ones first; what is in the cache is not measured again."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.cache import NAIVE, Cache, Record
from benchmarks.cohorts import Cohort, read_cohort
from benchmarks.folds import Fold, folds_of
from benchmarks.references import REFERENCES, Reference
from benchmarks.unit import run_unit
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError, nearest
from drugresponse.learners.registry import LEARNERS

__all__ = ["Plan", "affordable_folds", "known_learners", "run"]


@dataclass(frozen=True)
class Plan:
    """What is asked for.

    Attributes
    ----------
    cohorts
        Folders.
    schemes
        Names; none asks for all that a cohort can answer.
    learners
        Names of learners and references. The naive predictions come with every fold.
    folds
        How many, where none lie beside the data.
    only_folds
        Numbers of the folds that are run; none asks for all.
    threads
        Of each learner.
    minutes
        After which a unit is stopped.
    again
        Whether units that failed or were stopped are tried again.
    every_fold
        Whether the slow references are run on every fold, not only on the first.
    """

    cohorts: tuple[Path, ...]
    schemes: tuple[str, ...]
    learners: tuple[str, ...]
    folds: int = 5
    only_folds: tuple[int, ...] = ()
    threads: int = 1
    minutes: float = 30.0
    again: bool = False
    every_fold: bool = False


def known_learners() -> list[str]:
    return [*REFERENCES, *LEARNERS]


def run(plan: Plan, cache: Cache) -> int:
    """Measure all units that the cache lacks, one after the other.

    Returns
    -------
    int
        How many learners failed or were stopped, counted once in each cohort and scheme.

    Raises
    ------
    InputError
        A learner or scheme is unknown.
    """
    for name in plan.learners:
        if name not in known_learners():
            raise InputError(f'--learners: "{name}" is unknown. {nearest(name, known_learners())}')
    failed = 0
    for learner, folds in _units([read_cohort(folder) for folder in plan.cohorts], plan):
        for fold in folds:
            record = cache.find(fold, learner)
            if record is None or (record.status != "done" and plan.again):
                record = _run_aloud(plan, cache, fold, learner)
            if record.status != "done":
                failed += 1
                # what breaks or is too slow on one fold is so on the next
                break
    return failed


def _run_aloud(plan: Plan, cache: Cache, fold: Fold, learner: str) -> Record:
    start = time.perf_counter()
    record = run_unit(cache, fold, learner, folds=plan.folds, threads=plan.threads, minutes=plan.minutes)
    place = f"{record.cohort} {record.scheme} {record.repeat}-{record.fold} {learner}"
    sys.stderr.write(f"{place}: {record.status}, {time.perf_counter() - start:.1f} s\n")
    sys.stderr.flush()
    return record


def _units(cohorts: list[Cohort], plan: Plan) -> Iterator[tuple[str, list[Fold]]]:
    cuts = [
        (cohort, scheme, [fold for fold in folds_of(cohort, scheme, plan.folds) if _wanted(fold, plan)])
        for cohort in cohorts
        for scheme in plan.schemes or cohort.schemes()
    ]
    for learner in (NAIVE, *plan.learners):
        for cohort, scheme, folds in cuts:
            if learner not in REFERENCES:
                yield learner, folds
            elif _applies(learner, cohort, scheme):
                yield learner, folds if plan.every_fold else affordable_folds(REFERENCES[learner], folds)


def affordable_folds(reference: Reference, folds: list[Fold]) -> list[Fold]:
    """All folds, or the first alone where a reference is slow on so many rows."""
    limit = reference.most_rows
    return folds[:1] if limit is not None and any(len(fold.train) > limit for fold in folds) else folds


def _wanted(fold: Fold, plan: Plan) -> bool:
    return not plan.only_folds or fold.number in plan.only_folds


def _applies(name: str, cohort: Cohort, scheme: str) -> bool:
    reference, drugs = REFERENCES[name], cohort.pairs.drugs
    knows = find_scheme(cohort.find_scheme(scheme)).drug_effect or not reference.known_drugs
    structured = (drugs["smiles"] != "").all() or not reference.structures
    return knows and structured and (reference.most_drugs is None or len(drugs) <= reference.most_drugs)
