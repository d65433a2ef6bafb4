"""By how much samples that another study measured flatter: held-out studies, with their samples in training and not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.joining import TrainingRows
from drugresponse.data.splits import Fold, study_of_pair, subject_of_pair
from drugresponse.errors import count
from drugresponse.learners.base import predictions_of
from drugresponse.learners.registry import make_learner
from drugresponse.learners.studies.study_learner import on_one_scale
from drugresponse.threads import one_thread
from drugresponse.units import units_in_order

__all__ = ["SeenSamples", "compare_seen_samples", "seen_samples_words"]

_LEARNER = "ridge"


@dataclass(frozen=True)
class SeenSamples:
    """Held-out rows of samples that other studies measured too.

    Attributes
    ----------
    samples, rows
        How many samples several studies measured, and their held-out rows.
    new, seen, copied
        Correlation of response and prediction beside the mean of their study and drug: by a ridge that was trained
        without these samples, by one that had what other studies measured of them, and of those measurements
        themselves, where the same drug was measured. NaN where it is not defined.
    """

    samples: int
    rows: int
    new: float
    seen: float
    copied: float


def compare_seen_samples(
    rows: TrainingRows,
    folds: Sequence[Fold],
    *,
    n_jobs: int | None = 1,
    random_state: int = 0,
    settings: Mapping[str, Any] | None = None,
) -> SeenSamples | None:
    """Fit a ridge to the other studies with and without the samples that are tested, shifts taken off in both.

    Parameters
    ----------
    rows
        All measured pairs, with the study of each.
    folds
        `(train, test)` row numbers that hold out whole studies, and samples.
    n_jobs
        Fits run at once.
    random_state, settings
        Of the ridge.

    Returns
    -------
    SeenSamples or None
        None where no sample was measured in several studies.
    """
    study, subject = study_of_pair(rows.pairs), subject_of_pair(rows.pairs)
    several = pd.Series(study).groupby(subject).transform("nunique").to_numpy() > 1
    units = []
    for train, test in folds:
        tested = test[several[test]]
        others = np.flatnonzero(~np.isin(study, np.unique(study[test])))
        if len(tested):
            units += [(train, tested), (others, tested)]
    if not units:
        return None
    shared = {"rows": rows, "units": units, "settings": {"random_state": random_state, **(settings or {})}}
    with one_thread():
        made = units_in_order(_predicted, range(len(units)), shared, n_jobs, "fits with and without seen samples")
    at = np.concatenate([tested for _, tested in units[::2]])
    new, seen = (np.concatenate([values for values, _ in made[side::2]]) for side in (0, 1))
    copied = np.concatenate([values for _, values in made[1::2]])
    cell = study[at] * len(rows.pairs.drugs) + rows.pairs.drug_index[at]
    both = np.isfinite(copied)
    return SeenSamples(
        len(np.unique(rows.pairs.sample_index[at])),
        len(at),
        _within(rows.y[at], new, cell),
        _within(rows.y[at], seen, cell),
        _within(rows.y[at][both], copied[both], cell[both]),
    )


def _predicted(
    number: int, rows: TrainingRows, units: Sequence[Fold], settings: Mapping[str, Any]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """By a ridge, and by what was measured of the same sample and drug in training; NaN where nothing was."""
    train, test = units[number]
    pairs, y, weights = on_one_scale(
        rows.pairs[train], rows.y[train], rows.weights[train], settings.get("reference_study")
    )
    fitted = make_learner(_LEARNER, settings).fit(pairs, y, weights)
    n_drugs, tested = len(pairs.drugs), rows.pairs[test]
    measured = pd.Series(y, index=pairs.sample_index * n_drugs + pairs.drug_index)
    copied = measured.reindex(tested.sample_index * n_drugs + tested.drug_index)
    return predictions_of(fitted, tested), copied.to_numpy(dtype=np.float64)


def _within(measured: NDArray[np.float64], predicted: NDArray[np.float64], cell: NDArray[np.intp]) -> float:
    """Correlation beside the means of the cells."""
    table = pd.DataFrame({"measured": measured, "predicted": predicted})
    apart = table - table.groupby(cell).transform("mean")
    norm = float(np.sqrt((apart["measured"] ** 2).sum() * (apart["predicted"] ** 2).sum()))
    return float((apart["measured"] * apart["predicted"]).sum()) / norm if norm > 0 else float("nan")


def seen_samples_words(beside: SeenSamples) -> str:
    """How much easier seen samples are, and that no score above is of them.

    Examples
    --------
    >>> print(seen_samples_words(SeenSamples(40, 278, 0.41, 0.74, 0.92)))
    40 samples were measured in several studies, and are new to the models that predict them here: correlation within \
study and drug 0.41 (ridge, 278 held-out rows). With what another study measured of them in training it would be 0.74, \
and that measurement itself has 0.92: an easier question, which no score answers here.
    """
    copy = f", and that measurement itself has {beside.copied:.2f}" if np.isfinite(beside.copied) else ""
    was, now = ("was", "is") if beside.samples == 1 else ("were", "are")
    return (
        f"{count(beside.samples, 'sample')} {was} measured in several studies, and {now} new to the models that "
        f"predict them here: correlation within study and drug {beside.new:.2f} (ridge, "
        f"{count(beside.rows, 'held-out row')}). With what another study measured of them in training it would be "
        f"{beside.seen:.2f}{copy}: an easier question, which no score answers here."
    )
