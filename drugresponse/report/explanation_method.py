"""How an explanation was made, and what it does not say."""

from __future__ import annotations

from drugresponse.explanation.explain import Explanation
from drugresponse.learners.registry import NAIVE
from drugresponse.plots.names import scale_words
from drugresponse.report.blocks import Items, Part
from drugresponse.report.page import count, joined
from drugresponse.report.wording import fitted_learners, general_limits

__all__ = ["limits_part", "method_part"]


def method_part(results: Explanation) -> Part:
    """What was computed."""
    adjusted = joined([str(name) for name in results.associations.adjusted_for]) or "nothing"
    tests = results.associations
    permuted = tests.table["method"].str.startswith("permutation")
    how = joined(sorted(tests.table.loc[permuted, "method"].unique())) or "permutation"
    items = [
        f"Associations: {_test_words(results)}, {tests.n_tests:,} pairs of a "
        f"drug and a feature, adjusted for {adjusted}. For {count(int(permuted.sum()), 'pair')} with few carriers p "
        f"is by {how}. q is Benjamini and Hochberg's over all of them.",
        f"Features that go together are one group and take one rank: {count(len(tests.groups), 'feature')} in "
        f"{count(tests.groups['group'].nunique(), 'group')}.",
        "The model: each prediction is a sum of a mean, covariates and features. What cannot be split exactly is split "
        "by integrated gradients and by the trees' own contributions; the table of reasons has what remains in a row "
        "of its own. Effects in a model are usually smaller than measured ones, since it holds back and shares them "
        "among features.",
    ]
    if results.response_scale != "identity":
        scale = scale_words(results.rows.pairs.outcome, results.measure, results.response_scale)
        items.append(
            f"The model learned the {scale}: its effects, their bounds and the parts of predictions are on that scale "
            "and add up there; predictions and associations are as the responses were given."
        )
    if results.spread is not None and results.noise is not None:
        items += [
            f"Stability: {results.spread.n_refits} fits without a part of the subjects and with other seeds. A feature "
            "is stable as often as it is among the 20 weightiest of its drug.",
            f"Noise: {results.noise.n_refits} more, in which every feature stood beside a copy whose samples were "
            f"shuffled. All in all {count(results.fits, 'fit')} of single learners.",
            *_other_refits(results),
        ]
    else:
        items.append("Neither stability nor noise was looked at, since no refits were asked for.")
    return Part("How it was done", [Items(items)])


def _test_words(results: Explanation) -> str:
    outcome = results.rows.pairs.outcome
    if outcome.kind == "continuous":
        return "least squares of the response on one feature and the covariates"
    return (
        f"score tests of one feature beside the covariates, effects on the {scale_words(outcome, results.measure)} by "
        "penalised likelihood"
    )


def _other_refits(results: Explanation) -> list[str]:
    """In what the refits differ from the model, of which they are to tell."""
    lines = []
    if results.refit_learner != results.manifest["learner"]:
        lines.append(
            f"The refits were of {results.refit_learner}, not of the model's own learner: stability, whiskers and "
            "noise are those of the refits, and tell less of the model."
        )
    trained, measured = results.manifest["training"]["samples"], results.rows.loss.samples
    if measured != trained:
        lines.append(
            f"The refits learned from the {count(measured, 'sample')} given here; the model learned from {trained:,}."
        )
    return lines


def limits_part(results: Explanation) -> Part:
    """What this page does not say."""
    items = [
        "What goes with a feature, such as a lineage or a neighbouring gene, goes with the response too. Covariates "
        "and groups catch the part of this that was measured.",
        "Features that go together share what the model hangs on them, in a way that is the model's choice.",
        "Where p is not by permutation, samples are taken as independent; several samples of one subject or lineage "
        "make it too small.",
    ]
    if NAIVE in fitted_learners(results.manifest):
        items.append("The model is naive: it uses no genotype, and nothing can be attributed to it.")
    return Part("Limits", [Items([*items, *general_limits(results.manifest)])])
