"""The report of `evaluate`: does genotype predict anything, for which drug, and how would we know?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from drugresponse.description import censor_words, covariate_words
from drugresponse.evaluation.summary import EvaluationSummary
from drugresponse.model.manifest import NOTICE
from drugresponse.report.blocks import Part, Report, Words
from drugresponse.report.evaluation_charts import skill_figure
from drugresponse.report.evaluation_checks import (
    audit_part,
    blocks_part,
    ceiling_part,
    limits_part,
    method_part,
    permutation_part,
    random_folds_part,
    seen_samples_part,
)
from drugresponse.report.evaluation_numbers import Numbers
from drugresponse.report.evaluation_scores import comparison_part, drugs_part, groups_part, scores_part
from drugresponse.report.evaluation_verdict import leak_warning, verdict
from drugresponse.report.html import Page, as_html
from drugresponse.report.markdown import as_markdown
from drugresponse.report.outcome_evaluation import outcome_parts, outcome_verdict
from drugresponse.report.page import count
from drugresponse.report.prediction_intervals import coverage_part
from drugresponse.report.wording import as_sentence, direction, measure_words

__all__ = ["evaluation_markdown", "evaluation_report"]


def evaluation_report(summary: EvaluationSummary, inputs: Sequence[str] = ()) -> Page:
    """The page that tells what an evaluation found.

    Parameters
    ----------
    summary
        What `evaluate` returns.
    inputs
        Names of the files, for the foot of the page.

    Returns
    -------
    str
        One HTML page without scripts; the same input gives the same text.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> found = dr.evaluate(cohort.genotypes, cohort.responses, learners=["ridge"], folds=2, shuffles=0, n_jobs=1)
    >>> evaluation_report(found)[:15]
    '<!DOCTYPE html>'
    >>> evaluation_markdown(found)[:19]
    '# Evaluation report'
    """
    return as_html(_report(summary, inputs))


def evaluation_markdown(summary: EvaluationSummary, inputs: Sequence[str] = ()) -> str:
    """The same words and numbers as `evaluation_report`, as Markdown.

    Parameters
    ----------
    summary, inputs
        As in `evaluation_report`.
    """
    return as_markdown(_report(summary, inputs))


def evaluation_title(summary: EvaluationSummary) -> str:
    """The verdict in a few words, as on top of the page."""
    numbers = Numbers(summary)
    return (outcome_verdict(numbers) if numbers.evaluation.layers else verdict(numbers)).title


def _report(summary: EvaluationSummary, inputs: Sequence[str] = ()) -> Report:
    numbers = Numbers(summary)
    return Report("Evaluation report", _lead(numbers), list(_parts(numbers)), as_sentence(NOTICE), inputs)


def _lead(numbers: Numbers) -> str:
    loss = numbers.evaluation.rows.loss
    measure = numbers.summary.measure
    return (
        f"{measure_words(measure)} of {count(loss.samples, 'sample')} and {count(loss.drugs, 'drug')}, "
        f"{count(loss.pairs, 'measured pair')}; held out: {numbers.evaluation.scheme.test_rows}. "
        f"{direction(measure, numbers.evaluation.rows.pairs.outcome)}"
    )


def _parts(numbers: Numbers) -> Iterator[Part]:
    if numbers.evaluation.layers:
        yield from outcome_parts(numbers)
        return
    warning = leak_warning(numbers)
    rows = numbers.evaluation.rows
    used = censor_words(rows.loss.to_dict(), numbers.evaluation.learners)
    used += covariate_words(numbers.covariates(), rows.covariates.unused_by_reason())
    settings = Words(f"{'. '.join(used)}.", quiet=True)
    yield Part("", [verdict(numbers), *([warning] if warning else []), skill_figure(numbers), settings])
    yield scores_part(numbers)
    yield comparison_part(numbers)
    yield drugs_part(numbers)
    groups = groups_part(numbers)
    if groups is not None:
        yield groups
    coverage = coverage_part(numbers)
    if coverage is not None:
        yield coverage
    blocks = blocks_part(numbers)
    if blocks is not None:
        yield blocks
    yield permutation_part(numbers)
    random_folds = random_folds_part(numbers)
    if random_folds is not None:
        yield random_folds
    seen_samples = seen_samples_part(numbers)
    if seen_samples is not None:
        yield seen_samples
    ceiling = ceiling_part(numbers)
    if ceiling is not None:
        yield ceiling
    yield audit_part(numbers)
    yield method_part(numbers)
    yield limits_part(numbers)
