"""For which drugs genotype adds something to what is known without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from drugresponse.audit.findings import Finding, leak_messages
from drugresponse.data.metrics import MINIMUM_ROWS, q_values
from drugresponse.data.outcomes.outcome import Kind
from drugresponse.data.scores.labels import skill
from drugresponse.data.scores.truth import FEW_EVENTS, FEWEST_EVENTS, count_events
from drugresponse.data.splits import subject_of_pair
from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    draw_counts,
    group_of_row,
    held_out_errors,
    percentile_interval,
    resampled_sums,
    reuse_factor,
    sums_by_group,
    without_rounding,
)
from drugresponse.evaluation.comparison import group_test
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.learners.registry import COVARIATES, WITHOUT_GENOTYPE
from drugresponse.threads import one_thread

__all__ = [
    "FEW_EVENTS_WORDS",
    "HELPS",
    "LEAKS",
    "NO_GAIN",
    "TOO_FEW",
    "TOO_FEW_EVENTS",
    "UNJUDGED",
    "beside_leaks",
    "drug_verdicts",
    "genotype_errors",
]

HELPS, NO_GAIN, TOO_FEW = "genotype helps", "no gain shown", "too few rows"
TOO_FEW_EVENTS, FEW_EVENTS_WORDS = "too few events", "few events, not judged"
"""Of an outcome that is not continuous: fewer than 10 events, not scored; fewer than 30, scored with an interval."""
UNJUDGED = (TOO_FEW, TOO_FEW_EVENTS, FEW_EVENTS_WORDS)
"""Verdicts that say only that there is none."""
LEAKS = "helps, but the inputs leak"
"""In place of `genotype helps` where the audit found a leak: the gain may be the leak's."""
_RATE = 0.05
_COLUMNS = (
    "drug_id",
    "n",
    "naive_rmse",
    "covariates_rmse",
    "genotype_rmse",
    "gain",
    "lower",
    "upper",
    "p",
    "q",
    "verdict",
)
_OUTCOME_COLUMNS = (
    "drug_id",
    "n",
    "events",
    "naive_loss",
    "covariates_loss",
    "genotype_loss",
    *_COLUMNS[5:],
)


def drug_verdicts(evaluation: Evaluation, *, n_draws: int = N_DRAWS, random_state: int = 0) -> pd.DataFrame:
    """Compare, drug by drug, a learner that uses genotype with covariates alone and with the best naive prediction.

    With several genotype learners the one for a fold is that with the least squared error in the *other* folds of
    the repeat, so that no row helps to choose the model that it judges; with one fold it is the best of that fold.
    The best naive prediction is one for all drugs.

    The test within a drug is a one-sided paired t test on summed squared errors, with subjects (tissues or
    lineages where these are new) as observations. Genotype must beat covariates *and* the best naive prediction: p is
    the greater of the two, so that a bad covariate model makes no genotype look good. q is p adjusted over drugs
    (Benjamini and Hochberg). With several folds standard errors and intervals are wider by the root of 2, because rows
    that are tested also train: without it additive data give false discoveries (see `reuse_factor`).

    Parameters
    ----------
    evaluation
        Held-out predictions.
    n_draws, random_state
        Of the bootstrap of the gain, over the same groups as the test.

    Returns
    -------
    pandas.DataFrame
        Columns `drug_id, n, naive_rmse, covariates_rmse, genotype_rmse, gain, lower, upper, p, q, verdict`, best gain
        first. n counts held-out pairs; gain is 1 - squared error of the genotype learner / that of covariates, or of
        the best naive prediction where covariates were not evaluated (`covariates_rmse` is then NaN). The verdict is
        `genotype helps` (q <= 0.05 and gain > 0), `no gain shown`, or `too few rows` (fewer than 10 rows, or than 5
        groups: no gain, p and q). Without a learner that uses genotype the table is empty. Of an outcome that is
        not continuous there are mean proper losses `naive_loss, covariates_loss, genotype_loss` instead of errors,
        gain is `skill` over covariates, `events` is how many rows tell something, and with fewer than 10 of them the
        drug is not scored (`too few events`), with fewer than 30 not judged (`few events, not judged`).

    Raises
    ------
    InputError
        A model has no prediction for a held-out row.
    """
    errors = held_out_errors(evaluation)
    genotype = genotype_errors(evaluation)
    columns = _OUTCOME_COLUMNS if evaluation.layers else _COLUMNS
    if genotype is None:
        return pd.DataFrame({name: pd.Series(dtype=object if name in _TEXT else np.float64) for name in columns})
    naive = errors[evaluation.names.index(evaluation.best_naive())]
    known = COVARIATES in evaluation.learners
    covariates = errors[evaluation.learners.index(COVARIATES)] if known else naive
    with one_thread():
        drugs = _Drugs.of_rows(evaluation, np.stack([naive, covariates, genotype]))
        gain, lower, upper = drugs.gain(n_draws, random_state)
    p = drugs.p_value()
    q = q_values(p)
    verdict = np.where(np.isnan(p), TOO_FEW, np.where((q <= _RATE) & (gain > 0), HELPS, NO_GAIN))
    loss = drugs.sums.sum(axis=1) / drugs.n
    if evaluation.layers:
        few, too_few = drugs.events < FEW_EVENTS, drugs.events < FEWEST_EVENTS
        enough = drugs.enough_rows()
        verdict = np.where(enough & few, np.where(too_few, TOO_FEW_EVENTS, FEW_EVENTS_WORDS), verdict)
        counted: tuple[NDArray, ...] = (drugs.n, drugs.events)
    else:
        loss, counted = np.sqrt(loss), (drugs.n,)
    found = (drugs.ids, *counted, loss[0], loss[1] if known else np.nan, loss[2], gain, lower, upper, p, q, verdict)
    table = pd.DataFrame(dict(zip(columns, found, strict=True)))
    return table.sort_values(["gain", "drug_id"], ascending=[False, True], na_position="last", ignore_index=True)


_TEXT = ("drug_id", "verdict")


def beside_leaks(verdicts: pd.DataFrame, findings: Sequence[Finding]) -> pd.DataFrame:
    """The same table, in which no drug is said to be helped by genotype where the inputs leak."""
    return verdicts.assign(verdict=verdicts["verdict"].replace(HELPS, LEAKS)) if leak_messages(findings) else verdicts


def genotype_errors(evaluation: Evaluation) -> NDArray[np.float64] | None:
    """`(n_rows,)` loss of the genotype learner that the other folds choose, averaged over repeats.

    NaN where a row was never held out; None without a learner that uses genotype.
    """
    learners = [name for name in evaluation.trained if name not in WITHOUT_GENOTYPE]
    if not learners:
        return None
    losses = without_rounding(evaluation, np.stack([evaluation.losses(name) for name in learners]))
    chosen = np.full(evaluation.fold.shape, np.nan)
    for repeat, fold in enumerate(evaluation.fold):
        numbers = np.unique(fold[fold >= 0])
        total = np.stack([losses[:, repeat, fold == number].sum(axis=1) for number in numbers])
        for i, number in enumerate(numbers):
            others = total.sum(axis=0) - total[i] if len(numbers) > 1 else total[i]
            chosen[repeat, fold == number] = losses[np.argmin(others), repeat, fold == number]
    held = evaluation.fold >= 0
    times = held.sum(axis=0)
    return np.where(times > 0, np.where(held, chosen, 0.0).sum(axis=0) / np.maximum(times, 1), np.nan)


@dataclass(frozen=True, eq=False)
class _Drugs:
    """Losses of the best naive, the covariates and the genotype model, by group and drug.

    `ids, n, events` are `(n_drugs,)`, `sums` is `(3, n_groups, n_drugs)`, `sizes` `(n_groups, n_drugs)`; `reuse` is
    the factor on standard errors. Events are counted where an outcome has any, else they are as many as rows.
    """

    kind: Kind
    ids: NDArray[np.object_]
    n: NDArray[np.intp]
    events: NDArray[np.intp]
    sums: NDArray[np.float64]
    sizes: NDArray[np.float64]
    reuse: float

    @classmethod
    def of_rows(cls, evaluation: Evaluation, errors: NDArray[np.float64]) -> _Drugs:
        pairs, scheme = evaluation.rows.pairs, evaluation.scheme
        held = np.isfinite(errors[0])
        # one drug is one group of new-drugs; whom it is given to still varies
        every = subject_of_pair(pairs) if scheme.name == "new-drugs" else group_of_row(evaluation.rows, scheme)
        group = np.unique(every[held], return_inverse=True)[1]
        used, drug = np.unique(pairs.drug_index[held], return_inverse=True)
        shape = int(group.max()) + 1, drug, len(used)
        rows = sums_by_group(np.ones(len(drug)), group, *shape)
        n = rows.sum(axis=0).astype(np.intp)
        return cls(
            evaluation.kind,
            pairs.drugs.index.to_numpy(dtype=object)[used],
            n,
            _events(evaluation, held, used) if evaluation.layers else n,
            np.stack([sums_by_group(of_model[held], group, *shape) for of_model in errors]),
            rows,
            reuse_factor(evaluation),
        )

    @property
    def present(self) -> NDArray[np.bool_]:
        """`(n_groups, n_drugs)` whether the group has a row of the drug."""
        return self.sizes > 0

    def enough_rows(self) -> NDArray[np.bool_]:
        return (self.n >= MINIMUM_ROWS) & (self.present.sum(axis=0) >= MINIMUM_GROUPS)

    def enough(self, fewest_events: int) -> NDArray[np.bool_]:
        return self.enough_rows() & ((self.events >= fewest_events) | (self.kind == "continuous"))

    def p_value(self) -> NDArray[np.float64]:
        """`(n_drugs,)` that genotype beats neither, or only one, of the two others."""
        naive, covariates, genotype = self.sums
        greater = np.zeros(len(self.n))
        for other in (naive, covariates):
            scale = np.minimum(np.abs(other), np.abs(genotype))
            t, df = group_test(other - genotype, self.present, scale, self.reuse)
            greater = np.maximum(greater, np.where(t == 0, 1.0, stats.t.sf(t, df)))
        return np.where(self.enough(FEW_EVENTS), greater, np.nan)

    def gain(
        self, n_draws: int, random_state: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """`(n_drugs,)` gain over covariates and its bounds; NaN for a drug with too few rows."""
        counts = draw_counts(self.sums.shape[1], n_draws, random_state)
        total = [of_model.sum(axis=0) for of_model in self.sums[1:]]
        drawn = [resampled_sums(counts, of_model) for of_model in self.sums[1:]]
        if self.kind == "continuous":
            with np.errstate(divide="ignore", invalid="ignore"):
                value, draws = (np.where(base > 0, 1 - own / base, np.nan) for base, own in (total, drawn))
        else:
            rows = self.sizes.sum(axis=0), resampled_sums(counts, self.sizes)
            with np.errstate(divide="ignore", invalid="ignore"):
                value, draws = (
                    skill(self.kind, own / n, base / n) for (base, own), n in zip((total, drawn), rows, strict=True)
                )
        value = np.where(self.enough(FEWEST_EVENTS), value, np.nan)
        return value, *percentile_interval(draws, value, widen=self.reuse)


def _events(evaluation: Evaluation, held: NDArray[np.bool_], used: NDArray[np.intp]) -> NDArray[np.intp]:
    """`(n_used,)` how many held-out rows of each drug tell something that the others do not."""
    pairs, y = evaluation.rows.pairs, evaluation.rows.y
    observed = pairs.observed
    if observed is None:
        return np.zeros(len(used), dtype=np.intp)
    rows = [np.flatnonzero(held & (pairs.drug_index == drug)) for drug in used]
    return np.array([count_events(observed[at], y[at]) for at in rows], dtype=np.intp)
