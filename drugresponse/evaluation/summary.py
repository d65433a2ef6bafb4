"""All that an evaluation found, ready to be written as tables or shown on a page."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from drugresponse.audit.findings import Finding
from drugresponse.data.tables import Measure
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.studies.seen_samples import SeenSamples
from drugresponse.shown import Shown

__all__ = [
    "EvaluationSummary",
    "NoiseCeiling",
    "PermutationCheck",
    "RandomFolds",
    "RankStability",
    "random_folds_words",
    "rule_words",
]

_LEVEL = 0.05


@dataclass(frozen=True)
class RankStability:
    """Whether the order of the learners is more than noise.

    Attributes
    ----------
    kendall_w
        Concordance of the learners' ranks over folds, 0 to 1; NaN with one learner or one fold.
    p
        Its p value (Friedman's test).
    best
        The learner with the least error.
    share_best
        In which share of bootstrap draws over groups it is the best.

    Examples
    --------
    >>> stability = RankStability(kendall_w=0.9, p=0.002, best="auto", share_best=0.97)
    >>> stability.best if stability.p < 0.05 else "their order is noise"
    'auto'
    """

    kendall_w: float
    p: float
    best: str
    share_best: float


@dataclass(frozen=True)
class PermutationCheck:
    """The gain of genotype against its gain when genotypes are shuffled between samples.

    Attributes
    ----------
    learner
        The genotype learner that was refitted.
    observed
        1 - squared error / squared error of the covariates-only model, with the true genotypes.
    shuffled
        The same for each shuffle.
    p
        (1 + shuffles at least as good) / (1 + shuffles).

    Examples
    --------
    >>> check = PermutationCheck("ridge", observed=0.12, shuffled=(0.01, -0.02, 0.0), p=0.25)
    >>> check.observed > max(check.shuffled), check.p < 0.05  # three shuffles cannot prove a gain
    (True, False)
    """

    learner: str
    observed: float
    shuffled: tuple[float, ...]
    p: float


@dataclass(frozen=True)
class NoiseCeiling:
    """What a perfect model could reach, from pairs that were measured more than once.

    Attributes
    ----------
    n_pairs
        Pairs with two or more measurements.
    noise_sd
        Standard deviation of one measurement around its pair's mean.
    reliability
        Share of the variance within drugs that is not measurement noise, for the (averaged) responses as scored.
    highest_pearson
        The within-drug correlation that a perfect model would reach, the root of the reliability.

    Examples
    --------
    >>> ceiling = NoiseCeiling(n_pairs=40, noise_sd=0.3, reliability=0.81, highest_pearson=0.9)
    >>> round(ceiling.highest_pearson**2, 6) == ceiling.reliability
    True
    """

    n_pairs: int
    noise_sd: float
    reliability: float
    highest_pearson: float


@dataclass(frozen=True)
class RandomFolds:
    """By how much folds of single samples flatter a learner, beside folds of whole lineages.

    Attributes
    ----------
    learner
        The genotype learner that was fitted on both.
    folds
        How many of each.
    lineages, samples
        Skill where whole lineages are held out, and where samples are, those of a lineage apart: 1 - squared error /
        that of the best naive prediction of the same folds.
    lower, upper
        95 % bootstrap interval over lineages of the difference, `samples` - `lineages`; NaN with fewer than 5 lineages.
    """

    learner: str
    folds: int
    lineages: float
    samples: float
    lower: float
    upper: float


def random_folds_words(beside: RandomFolds) -> str:
    """By how much folds of single samples flatter, in a sentence.

    Examples
    --------
    >>> random_folds_words(RandomFolds("ridge", 5, 0.103, 0.412, 0.2, 0.4))
    'Random folds flatter: skill of ridge 0.103 where whole lineages are held out, 0.412 where samples are \
(0.309 more, 95 % interval 0.200 to 0.400).'
    """
    more = beside.samples - beside.lineages
    bounds = f", 95 % interval {beside.lower:.3f} to {beside.upper:.3f}" if math.isfinite(beside.lower) else ""
    flatter = "do not show to flatter" if not (beside.lower > 0 or (not bounds and more > 0)) else "flatter"
    return (
        f"Random folds {flatter}: skill of {beside.learner} {beside.lineages:.3f} where whole lineages are held out, "
        f"{beside.samples:.3f} where samples are ({abs(more):.3f} {'more' if more >= 0 else 'less'}{bounds})."
    )


@dataclass(frozen=True, eq=False, repr=False)
class EvaluationSummary(Shown):
    """Every table of an evaluation.

    Attributes
    ----------
    evaluation
        The held-out predictions.
    metrics
        `learner, scheme, repeat, fold, level, id, metric, value, lower, upper` (the table of the command line).
    comparison
        `learner, other, difference, lower, upper, p, q`: mean squared error of `learner` minus that of `other`.
    ranks
        Whether the order of learners holds.
    drug_verdicts
        `drug_id, n, naive_rmse, covariates_rmse, genotype_rmse, gain, lower, upper, p, q, verdict`, best gain first:
        gain is 1 - squared error of the genotype learner / that of covariates alone (or of the best naive model
        where covariates were not evaluated). Where the audit found a leak no verdict is `genotype helps`.
    group_errors
        `column, group, n_samples, n_rows, rmse, lower, upper, best_naive_rmse, skill`: who is served worse.
    audit
        What was noticed in the inputs.
    permutation, ceiling
        None where not asked for or not measurable.
    random_folds
        By how much folds of single samples would flatter; None in other schemes than `new-lineages`.
    seen_samples
        By how much samples that other studies measured would flatter; None in other schemes than `new-studies`.
    measure
        What the responses mean.
    settings
        Learner settings, seed, folds, versions, what the join kept: plain JSON values.
    predictions
        The prediction columns of `predict`, then `repeat, fold, learner, response`, and `study` where
        studies are new: every held-out row.
    splits
        `repeat, fold, sample_id, drug_id`, and `study` where studies are new: the folds, to be given again.
    coverage
        `learner, level, id, n, coverage, median_width, reference_width`: how often responses lie within their 90 %
        intervals, and how wide these are beside intervals of the reference prediction; empty without intervals.
    block_verdicts
        `block, n_features, rmse, rmse_without, gain, lower, upper, p, q, verdict` of each named block: what it adds to
        the others and to covariates, by a ridge on the same folds with and without it; empty without two such blocks.
    decision_curve
        `learner, threshold, net_benefit, call_all` of yes or no where the cost of a miss was told; else empty.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=30, n_drugs=2, n_features=20)
    >>> options = {"learners": ["additive-mean"], "folds": 2, "shuffles": 0, "n_jobs": 1}
    >>> summary = dr.evaluate(cohort.genotypes, cohort.responses, **options)
    >>> summary.evaluation.learners, summary.permutation is None
    (('covariates', 'additive-mean'), True)
    """

    evaluation: Evaluation
    metrics: pd.DataFrame
    comparison: pd.DataFrame
    ranks: RankStability
    drug_verdicts: pd.DataFrame
    group_errors: pd.DataFrame
    audit: tuple[Finding, ...]
    permutation: PermutationCheck | None
    ceiling: NoiseCeiling | None
    measure: Measure
    settings: dict[str, Any] = field(default_factory=dict)
    predictions: pd.DataFrame = field(default_factory=pd.DataFrame)
    splits: pd.DataFrame = field(default_factory=pd.DataFrame)
    coverage: pd.DataFrame = field(default_factory=pd.DataFrame)
    decision_curve: pd.DataFrame = field(default_factory=pd.DataFrame)
    random_folds: RandomFolds | None = None
    block_verdicts: pd.DataFrame = field(default_factory=pd.DataFrame)
    seen_samples: SeenSamples | None = None

    def _headline(self) -> str:
        return f"EvaluationSummary: {repr(self.evaluation).partition(': ')[2].partition(chr(10))[0]}"

    def _facts(self) -> dict[str, str]:
        table = self.metrics
        overall = (table["level"] == "global") & (table["metric"] == "skill") & (table["fold"] == "all")
        rows = table[overall & table["learner"].isin(self.evaluation.learners)].itertuples()
        leaks = [finding.check for finding in self.audit if finding.severity == "leak"]
        skill = [f"{row.learner} {row.value:.3g} ({row.lower:.3g} to {row.upper:.3g})" for row in rows]
        return {"leaks": ", ".join(leaks), "skill": ", ".join(skill)} | super()._facts()


def rule_words(summary: EvaluationSummary) -> list[str]:
    """Whether the best learner beats the rule, in a sentence; none without a rule.

    Parameters
    ----------
    summary
        What `evaluate` returns.
    """
    rule, table = summary.evaluation.rule, summary.comparison
    pairs = table[table["other"] == rule] if rule else table[:0]
    if pairs.empty:
        return []
    row = pairs.loc[pairs["difference"].idxmin()]
    told = "beats" if row["difference"] < 0 else "does not reach"
    words = told if row["q"] <= _LEVEL else "is not told apart from"
    what = "mean squared error" if summary.evaluation.kind == "continuous" else "mean loss"
    bounds = f" (95 % interval {row['lower']:.3g} to {row['upper']:.3g})" if math.isfinite(row["lower"]) else ""
    gap = f"{what} {row['difference']:+.3g} beside it{bounds}, q {row['q']:.2g}"
    return [f"{row['learner']} {words} the rule {rule}: {gap}."]
