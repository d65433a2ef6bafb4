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
from drugresponse.data.splits import subject_of_pair
from drugresponse.evaluation._comparison import group_test
from drugresponse.evaluation.bootstrap import (
    MINIMUM_GROUPS,
    N_DRAWS,
    draw_counts,
    group_of_row,
    held_out_errors,
    noise_of_rows,
    percentile_interval,
    resampled_sums,
    reuse_factor,
    sums_by_group,
)
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.learners.registry import COVARIATES, WITHOUT_GENOTYPE
from drugresponse.threads import one_thread

__all__ = ["HELPS", "LEAKS", "NO_GAIN", "TOO_FEW", "beside_leaks", "drug_verdicts", "genotype_errors"]

HELPS, NO_GAIN, TOO_FEW = "genotype helps", "no gain shown", "too few rows"
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
        groups: no gain, p and q). Without a learner that uses genotype the table is empty.

    Raises
    ------
    InputError
        A model has no prediction for a held-out row.
    """
    errors = held_out_errors(evaluation)
    genotype = genotype_errors(evaluation)
    if genotype is None:
        return pd.DataFrame({name: pd.Series(dtype=object if name in _TEXT else np.float64) for name in _COLUMNS})
    naive = errors[evaluation.names.index(evaluation.best_naive())]
    known = COVARIATES in evaluation.learners
    covariates = errors[evaluation.learners.index(COVARIATES)] if known else naive
    with one_thread():
        drugs = _Drugs.of_rows(evaluation, np.stack([naive, covariates, genotype]))
        gain, lower, upper = drugs.gain(n_draws, random_state)
    p = drugs.p_value()
    q = q_values(p)
    rmse = np.sqrt(drugs.sums.sum(axis=1) / drugs.n)
    verdict = np.where(np.isnan(p), TOO_FEW, np.where((q <= _RATE) & (gain > 0), HELPS, NO_GAIN))
    columns = (drugs.ids, drugs.n, rmse[0], rmse[1] if known else np.nan, rmse[2], gain, lower, upper, p, q, verdict)
    table = pd.DataFrame(dict(zip(_COLUMNS, columns, strict=True)))
    return table.sort_values(["gain", "drug_id"], ascending=[False, True], na_position="last", ignore_index=True)


_TEXT = ("drug_id", "verdict")


def beside_leaks(verdicts: pd.DataFrame, findings: Sequence[Finding]) -> pd.DataFrame:
    """The same table, in which no drug is said to be helped by genotype where the inputs leak."""
    return verdicts.assign(verdict=verdicts["verdict"].replace(HELPS, LEAKS)) if leak_messages(findings) else verdicts


def genotype_errors(evaluation: Evaluation) -> NDArray[np.float64] | None:
    """`(n_rows,)` squared error of the genotype learner that the other folds choose, averaged over repeats.

    NaN where a row was never held out; None without a learner that uses genotype.
    """
    learners = [i for i, name in enumerate(evaluation.learners) if name not in WITHOUT_GENOTYPE]
    if not learners:
        return None
    squared = (evaluation.predicted[learners] - evaluation.rows.y) ** 2
    squared = np.where(squared > noise_of_rows(evaluation.rows) ** 2, squared, 0.0)
    chosen = np.full(evaluation.fold.shape, np.nan)
    for repeat, fold in enumerate(evaluation.fold):
        numbers = np.unique(fold[fold >= 0])
        total = np.stack([squared[:, repeat, fold == number].sum(axis=1) for number in numbers])
        for i, number in enumerate(numbers):
            others = total.sum(axis=0) - total[i] if len(numbers) > 1 else total[i]
            chosen[repeat, fold == number] = squared[np.argmin(others), repeat, fold == number]
    held = evaluation.fold >= 0
    times = held.sum(axis=0)
    return np.where(times > 0, np.where(held, chosen, 0.0).sum(axis=0) / np.maximum(times, 1), np.nan)


@dataclass(frozen=True, eq=False)
class _Drugs:
    """Squared errors of the best naive, the covariates and the genotype model, by group and drug.

    `ids, n` are `(n_drugs,)`, `sums` is `(3, n_groups, n_drugs)`, `present` `(n_groups, n_drugs)`; `reuse` is the
    factor on standard errors.
    """

    ids: NDArray[np.object_]
    n: NDArray[np.intp]
    sums: NDArray[np.float64]
    present: NDArray[np.bool_]
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
        return cls(
            pairs.drugs.index.to_numpy(dtype=object)[used],
            rows.sum(axis=0).astype(np.intp),
            np.stack([sums_by_group(of_model[held], group, *shape) for of_model in errors]),
            rows > 0,
            reuse_factor(evaluation),
        )

    def enough(self) -> NDArray[np.bool_]:
        return (self.n >= MINIMUM_ROWS) & (self.present.sum(axis=0) >= MINIMUM_GROUPS)

    def p_value(self) -> NDArray[np.float64]:
        """`(n_drugs,)` that genotype beats neither, or only one, of the two others."""
        naive, covariates, genotype = self.sums
        greater = np.zeros(len(self.n))
        for other in (naive, covariates):
            t, df = group_test(other - genotype, self.present, np.minimum(other, genotype), self.reuse)
            greater = np.maximum(greater, np.where(t == 0, 1.0, stats.t.sf(t, df)))
        return np.where(self.enough(), greater, np.nan)

    def gain(
        self, n_draws: int, random_state: int
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
        """`(n_drugs,)` gain over covariates and its bounds; NaN for a drug with too few rows."""
        counts = draw_counts(self.sums.shape[1], n_draws, random_state)
        total = [of_model.sum(axis=0) for of_model in self.sums[1:]]
        drawn = [resampled_sums(counts, of_model) for of_model in self.sums[1:]]
        with np.errstate(divide="ignore", invalid="ignore"):
            value, draws = (np.where(base > 0, 1 - own / base, np.nan) for base, own in (total, drawn))
        value = np.where(self.enough(), value, np.nan)
        return value, *percentile_interval(draws, value, widen=self.reuse)
