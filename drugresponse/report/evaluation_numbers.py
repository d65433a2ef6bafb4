"""The numbers of an evaluation as a report tells them: looked up once, and written one way."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from drugresponse.audit.findings import leak_messages
from drugresponse.data.scores.labels import LOSS_METRICS, skill
from drugresponse.evaluation.bootstrap import held_out_errors
from drugresponse.evaluation.drug_verdicts import HELPS, LEAKS
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.learners.registry import COVARIATES, WITHOUT_GENOTYPE
from drugresponse.report.drug_names import drug_names
from drugresponse.report.page import number

__all__ = ["COVARIATES", "Estimate", "Numbers", "interval", "p_words", "percent_interval", "percent_words", "shown"]

_IN_UNITS = ("rmse", "mae")


@dataclass(frozen=True)
class Estimate:
    """A value and its 95 % interval; NaN where not known."""

    value: float = math.nan
    lower: float = math.nan
    upper: float = math.nan

    def has_interval(self) -> bool:
        """Whether both bounds are known."""
        return math.isfinite(self.lower) and math.isfinite(self.upper)


def shown(value: float, metric: str = "skill") -> str:
    """A score in words; on a scale of shares and correlations a thousandth is as fine as it gets.

    Examples
    --------
    >>> shown(0.02617), shown(-0.0001), shown(-3.1415), shown(0.0001, "rmse")
    ('0.026', '0', '−3.14', '0.000100')
    """
    if metric in _IN_UNITS or not abs(value) < 1:
        return number(value)
    return "0" if abs(value) < 5e-4 else f"{value:.3f}".replace("-", "\N{MINUS SIGN}")


def interval(estimate: Estimate, metric: str = "skill") -> str:
    """The bounds in words; empty where not known."""
    if not estimate.has_interval():
        return ""
    return f"{shown(estimate.lower, metric)} to {shown(estimate.upper, metric)}"


def percent_interval(estimate: Estimate) -> str:
    """The bounds in percent; empty where not known."""
    if not estimate.has_interval():
        return ""
    return f"{percent_words(estimate.lower)} to {percent_words(estimate.upper)}"


def percent_words(share: float) -> str:
    """A share in percent, no finer than its interval deserves.

    Examples
    --------
    >>> percent_words(0.02617), percent_words(-0.0004), percent_words(0.961)
    ('2.6%', '−0.04%', '96%')
    """
    points = 100 * share
    digits = 0 if abs(points) >= 9.95 else 1 if abs(points) >= 0.995 else 2
    return f"{points:.{digits}f}%".replace("-", "\N{MINUS SIGN}") if math.isfinite(share) else number(share)


def p_words(p: float) -> str:
    """A p value, two digits that matter.

    Examples
    --------
    >>> p_words(0.0476), p_words(1e-9), p_words(0.5), p_words(float("nan"))
    ('0.048', '<0.001', '0.50', '–')
    """
    if not math.isfinite(p):
        return number(p)
    return "<0.001" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


class Numbers:
    """Scores, errors and counts of one evaluation, by model and metric."""

    def __init__(self, summary: EvaluationSummary) -> None:
        self.summary = summary
        self.evaluation = summary.evaluation
        metrics = summary.metrics.assign(fold=summary.metrics["fold"].astype(str))
        average = metrics[(metrics["fold"] == "all") & metrics["id"].isin(("all", "mean"))]
        keys = zip(average["level"], average["learner"], average["metric"], strict=True)
        bounds = average[["value", "lower", "upper"]].to_numpy(dtype=np.float64)
        self._scores = {key: Estimate(*map(float, row)) for key, row in zip(keys, bounds, strict=True)}
        single = metrics[(metrics["fold"] != "all") & (metrics["level"] == "global")]
        self._folds = single.groupby(["learner", "metric"])["value"].agg(list)
        with_errors = np.nanmean(held_out_errors(self.evaluation), axis=1)
        self._squared = dict(zip(self.evaluation.names, map(float, with_errors), strict=True))

    def levels(self) -> list[str]:
        """Levels that have scores, of `global`, `drug` and `sample`."""
        known = {level for level, _, _ in self._scores}
        return [level for level in ("global", "drug", "sample") if level in known]

    def score(self, name: str, metric: str, level: str = "global") -> Estimate:
        """A score averaged over folds, with its interval."""
        return self._scores.get((level, name, metric), Estimate())

    def by_fold(self, name: str, metric: str) -> list[float]:
        """A pooled score in each fold of each repeat."""
        return [float(score) for score in self._folds.get((name, metric), [])]

    def metrics(self, level: str) -> list[str]:
        """Names of the metrics that have a score at a level, in the order of the table."""
        return list(dict.fromkeys(metric for known, _, metric in self._scores if known == level))

    def by_loss(self) -> list[str]:
        """Learners, then naive predictions, each from the least error, or mean proper loss, up."""
        learners, naive = self.evaluation.learners, self.evaluation.naive
        return [*sorted(learners, key=self._order), *sorted(naive, key=self._order)]

    def _order(self, name: str) -> tuple[float, str]:
        return self.score(name, LOSS_METRICS[self.evaluation.kind]).value, name

    def is_learner(self, name: str) -> bool:
        """Whether it was fitted, and is no naive prediction."""
        return name in self.evaluation.learners

    def best_naive(self) -> str:
        """The naive prediction with the least error over all held-out rows."""
        return self.evaluation.best_naive()

    def best(self) -> str:
        """The learner with the least error over all held-out rows."""
        return min(self.evaluation.trained, key=lambda name: self._squared[name])

    def genotype_learner(self) -> str | None:
        """The best learner that uses genotype; None where none was evaluated."""
        using = [name for name in self.evaluation.trained if name not in WITHOUT_GENOTYPE]
        return min(using, key=lambda name: self._squared[name]) if using else None

    def without_genotype(self) -> str:
        """What genotype has to add to: `covariates`, or the best naive prediction where these were not evaluated."""
        return COVARIATES if COVARIATES in self.evaluation.learners else self.best_naive()

    def gain(self, name: str, other: str) -> tuple[Estimate, float]:
        """Share of the squared error (loss) of `other` that `name` saves, and its q value."""
        table = self.summary.comparison
        for ours, theirs, sign in ((name, other, -1.0), (other, name, 1.0)):
            row = table[(table["learner"] == ours) & (table["other"] == theirs)]
            if len(row) and self.evaluation.kind == "interval":
                # likelihoods have no natural 0, and are compared as such
                differences = row[["difference", "lower", "upper"]].iloc[0].to_numpy(float)
                value, *ends = (float(bound) for bound in skill("interval", -sign * differences, 0.0))
                return Estimate(value, *sorted(ends)), float(row["q"].iloc[0])
            if len(row) and self._squared[other] > 0:
                share = sign / self._squared[other] * row[["difference", "lower", "upper"]].iloc[0].to_numpy(float)
                value, *bounds = (float(bound) for bound in share)
                return Estimate(value, *sorted(bounds)), float(row["q"].iloc[0])
        return Estimate(), math.nan

    def helped_drugs(self) -> tuple[int, int]:
        """For how many drugs genotype helps (or a leak), and of how many that could be told."""
        verdicts = self.summary.drug_verdicts
        return int(verdicts["verdict"].isin((HELPS, LEAKS)).sum()), int(verdicts["q"].notna().sum())

    def leaks(self) -> list[str]:
        """What makes the scores too good."""
        return leak_messages(self.summary.audit)

    def n_drugs(self) -> int:
        """Drugs that were measured."""
        return len(self.evaluation.rows.pairs.drugs)

    def covariates(self) -> list[str]:
        """Columns that stand beside genotype."""
        return [str(name) for name in self.evaluation.rows.pairs.covariates.columns]

    def settings(self) -> dict[str, Any]:
        """What is needed to repeat the evaluation."""
        return dict(self.summary.settings)

    def drug_names(self) -> dict[str, str]:
        """Names of the drugs by id, where the drugs table has any."""
        return drug_names(self.evaluation.rows.pairs.drugs)
