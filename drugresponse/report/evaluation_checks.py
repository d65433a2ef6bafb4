"""What speaks against an evaluation, and how it was made: shuffles, noise, audit, method and limits."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import pandas as pd

from drugresponse.audit.findings import SEVERITIES
from drugresponse.data.lineages.lineages import lineage_words
from drugresponse.evaluation.bootstrap import MINIMUM_GROUPS
from drugresponse.evaluation.held_out.evaluation import Evaluation
from drugresponse.evaluation.studies.seen_samples import seen_samples_words
from drugresponse.evaluation.summary import random_folds_words
from drugresponse.learners.registry import COVARIATES
from drugresponse.learners.studies.shifts import study_words
from drugresponse.report.blocks import Block, Cell, Items, Part, Row, Table, Words
from drugresponse.report.evaluation_charts import permutation_figure
from drugresponse.report.evaluation_numbers import Numbers, p_words, percent_words, shown
from drugresponse.report.evaluation_verdict import LEVEL, Outcome
from drugresponse.report.method import joined_rows, plain
from drugresponse.report.page import count, joined, number
from drugresponse.report.wording import measure_words, scope_limits

__all__ = [
    "audit_part",
    "blocks_part",
    "ceiling_part",
    "limits_part",
    "method_part",
    "permutation_part",
    "random_folds_part",
    "seen_samples_part",
]

_TOLD_ELSEWHERE = (
    "covariates",
    "learners",
    "training",
    "versions",
    "scheme",
    "folds",
    "repeats",
    "shuffles",
    "package",
    "lineages",
    "studies",
)


def permutation_part(numbers: Numbers) -> Part:
    """Whether the gain is gone when genotypes are shuffled."""
    check, figure = numbers.summary.permutation, permutation_figure(numbers)
    title = "Does the gain survive shuffled genotypes?"
    if check is None or figure is None:
        return Part(title, [Words("Genotypes were not shuffled, so this check is missing.")])
    n = len(check.shuffled)
    better = sum(not gain < check.observed for gain in check.shuffled)
    words = f"{better} of {count(n, 'shuffle')} did as well as the true genotypes or better: p {p_words(check.p)}."
    if not check.p <= LEVEL:
        meaning = "There is no gain here that shuffled genotypes would not give as well."
    elif Outcome.of(numbers).genotype in ("nothing", "harms") or check.observed <= 0:
        meaning = (
            "The true genotypes tell more than shuffled ones, but that is too little, or too uneven, to show as a gain "
            "over all drugs and samples."
        )
    else:
        meaning = "What is gained comes from which sample has which genotype."
    least = f"With {count(n, 'shuffle')} p cannot be below {p_words(1 / (1 + n))}."
    return Part(title, [Words(f"{words} {meaning}"), figure, Words(least, quiet=True)])


def random_folds_part(numbers: Numbers) -> Part | None:
    """By how much folds of single samples would flatter; None where no lineages are held out."""
    beside = numbers.summary.random_folds
    if beside is None:
        return None
    meaning = (
        "What a clone has in common, whether its features cause it or not, is known of a held-out sample whose "
        "relatives are in training. Of a new lineage only what features tell in others is known."
    )
    columns = ["Held out", "Skill"]
    rows = [["Whole lineages", shown(beside.lineages)], ["Samples, those of a lineage apart", shown(beside.samples)]]
    how = (
        f"{beside.learner}, {count(beside.folds, 'fold')} of each kind; skill is over all held-out rows, the interval "
        "from a bootstrap over lineages."
    )
    words: list[Block] = [
        Words(f"{random_folds_words(beside)} {meaning}"),
        Table(columns, rows),
        Words(how, quiet=True),
    ]
    return Part("By how much do random folds flatter?", words)


def seen_samples_part(numbers: Numbers) -> Part | None:
    """By how much samples that other studies measured would flatter; None where no study shares any."""
    beside = numbers.summary.seen_samples
    if beside is None:
        return None
    return Part("Would samples that another study measured flatter?", [Words(seen_samples_words(beside))])


def blocks_part(numbers: Numbers) -> Part | None:
    """What each named block adds to the others; None without two of them."""
    table = numbers.summary.block_verdicts
    if table.empty:
        return None
    columns = ["Block", "Features", "RMSE with it", "RMSE without it", "Gain of squared error", "q", "Verdict"]
    rows = [_block_row(row) for row in table.to_dict("records")]
    how = (
        "The same ridge on the same folds, with all blocks and without one at a time. A block that shares what it "
        "tells with another adds little to it: two that each do so may not both be left out."
    )
    return Part("What does each block add?", [Table(columns, rows), Words(how, quiet=True)])


def _block_row(row: Mapping[Any, Any]) -> list[str]:
    bounds = f" ({100 * row['lower']:+.1f} to {100 * row['upper']:+.1f} %)" if math.isfinite(row["lower"]) else ""
    numbers = [f"{row['n_features']:,}", shown(row["rmse"]), shown(row["rmse_without"])]
    return [row["block"], *numbers, f"{100 * row['gain']:+.1f} %{bounds}", shown(row["q"]), row["verdict"]]


def ceiling_part(numbers: Numbers) -> Part | None:
    """How much a perfect model could reach; None where nothing was measured twice."""
    ceiling = numbers.summary.ceiling
    if ceiling is None:
        return None
    best = numbers.best()
    level = "drug" if "drug" in numbers.levels() else "global"
    reached = numbers.score(best, "pearson", level).value
    lines = [
        f"{count(ceiling.n_pairs, 'pair')} were measured more than once; one measurement scatters around the mean of "
        f"its pair with a standard deviation of {number(ceiling.noise_sd)}.",
        f"{percent_words(ceiling.reliability)} of the variance within drugs is not noise of measurement, so that a "
        f"perfect model would reach a Pearson of about {shown(ceiling.highest_pearson)} within drugs.",
    ]
    if reached == reached and ceiling.highest_pearson > 0:
        share = max(reached, 0.0) / ceiling.highest_pearson
        lines.append(f"{best} reaches {shown(reached)}, which is {percent_words(share)} of that.")
        if share > 1:
            lines.append("More than is possible: the noise is overestimated, or the scores leak.")
    return Part("What a perfect model could reach", [Items(lines)])


def audit_part(numbers: Numbers) -> Part:
    """What the inputs say against the evaluation, leaks first."""
    order = {name: i for i, name in enumerate(SEVERITIES)}
    findings = sorted(numbers.summary.audit, key=lambda finding: order.get(finding.severity, len(order)))
    if not findings:
        return Part("Audit of the inputs", [Words("Nothing was found.")])
    rows: list[Row] = [
        [
            Cell(finding.severity, kind="bad" if finding.severity == "leak" else ""),
            finding.check,
            finding.message if len(finding.message) <= 600 else finding.message[:599] + "…",
        ]
        for finding in findings
    ]
    leaks = sum(finding.severity == "leak" for finding in findings)
    words = (
        f"{count(leaks, 'possible leak')}: where test rows can be known from training rows, scores are too good."
        if leaks
        else "No leak was found."
    )
    return Part(
        "Audit of the inputs", [Words(words), Table(["Kind", "Check", "Found"], rows, words=3, most_bytes=30_000)]
    )


def method_part(numbers: Numbers) -> Part:
    """Scheme, folds, learners, tests, settings and versions."""
    settings = numbers.settings()
    training = settings.get("training") or _counts(numbers)
    rows = [[key, plain(value)] for key, value in sorted(settings.items()) if key not in _TOLD_ELSEWHERE]
    blocks: list[Block] = [
        Items(_method_lines(numbers)),
        Table(["What", "Number"], joined_rows(training), "What was joined, and what was lost"),
    ]
    blocks += [Table(["Setting", "Value"], rows, words=2)] if rows else []
    versions = {"drugresponse": settings.get("package", ""), **settings.get("versions", {})}
    shown = ", ".join(f"{name} {version}" for name, version in sorted(versions.items()) if version)
    return Part("Method and settings", [*blocks, *([Words(f"Versions: {shown}.", quiet=True)] if shown else [])])


def _counts(numbers: Numbers) -> dict[str, int]:
    return numbers.evaluation.rows.loss.to_dict()


def _method_lines(numbers: Numbers) -> list[str]:
    evaluation = numbers.evaluation
    scheme = evaluation.scheme
    resampled = _resampled(evaluation)
    repeats = len(evaluation.fold)
    folds = len(pd.unique(evaluation.fold[evaluation.fold >= 0]))
    lines = [
        f"Question: {scheme.name}, test rows have {scheme.test_rows}. {count(folds, 'fold')}, "
        f"{count(repeats, 'repeat')}; each fold was proved free of forbidden ids on both sides before use.",
        f"Measure: {measure_words(numbers.summary.measure)}. Covariates: {', '.join(numbers.covariates()) or 'none'}.",
        f"Learners: {joined(list(evaluation.learners))}, fitted anew in each fold. Encoders, means, inner choices and "
        "early stopping saw training rows only.",
        f"Naive predictions: {joined(list(evaluation.naive))}, from the same training rows. Normalised scores subtract "
        f"the {evaluation.reference}.",
        f"Scores are computed inside folds and then averaged. Intervals are 95% bootstrap intervals over {resampled}, "
        "not over rows. Spearman's are resampled on ranks taken once within the fold.",
        f"Learners are compared by a two-sided paired t test whose observations are {resampled}, adjusted by Holm's "
        "method; their order by Friedman's test over folds and by the bootstrap.",
        "Drugs are judged by a one-sided paired t test, adjusted over drugs by the method of Benjamini and Hochberg.",
    ]
    check = numbers.summary.permutation
    lines += [f"{line}." for line in lineage_words(numbers.settings().get("lineages"))]
    lines += [f"{line}." for line in study_words(numbers.settings().get("studies"))]
    if check is not None:
        between = "whole lineages" if scheme.name == "new-lineages" else "samples of one tissue"
        lines.append(
            f"Shuffles: {check.learner} refitted {len(check.shuffled)} times on genotypes shuffled between {between}, "
            "covariates staying; large cohorts use some of the folds, so that the gain there may differ from the one "
            "above."
        )
    return lines


def _resampled(evaluation: Evaluation) -> str:
    """What intervals resample; of few studies their subjects."""
    studies = evaluation.rows.pairs.studies
    if studies is None:
        return f"{evaluation.scheme.err_together[0].name}s"
    n = len(set(studies))
    return "studies" if n >= MINIMUM_GROUPS else f"subjects (of {n} studies, about which alone they speak)"


def limits_part(numbers: Numbers) -> Part:
    """What the numbers cannot tell."""
    evaluation = numbers.evaluation
    lines = scope_limits(evaluation.scheme.name, evaluation.scheme.test_rows)
    lines.append("Folds share training rows, so intervals and tests do not see all that another cohort would change.")
    if len(evaluation.learners) > 2:
        lines.append(
            "The best learner was picked by the scores that are shown: of many learners one looks good by chance, and "
            "only new data are free of that."
        )
    if COVARIATES not in evaluation.learners:
        lines.append("Covariates alone were not evaluated: a gain may be that of tissue, ancestry or batch.")
    if numbers.summary.permutation is None:
        lines.append("Genotypes were not shuffled: that the gain is genotype's was not checked.")
    if numbers.summary.ceiling is None:
        lines.append("Too few pairs were measured twice to tell what a perfect model could reach.")
    return Part("Limits", [Items(lines)])
