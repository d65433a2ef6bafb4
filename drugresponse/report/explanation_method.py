"""How an explanation was made, and what it does not say."""

from __future__ import annotations

from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Items, Part
from drugresponse.report.page import count, joined
from drugresponse.report.wording import fitted_learners, general_limits

__all__ = ["limits_part", "method_part", "noise_words"]


def noise_words(found: Explanation) -> str:
    """One sentence on how many weighty features exceed noise; none where this was not looked at."""
    if found.noise is None:
        return "How far that exceeds noise was not looked at (no refits)."
    told = found.attributions
    weighty = told[(told["kind"] == "genotype") & (told["rank"] <= 10)]
    above = int(weighty["above_noise"].fillna(False).astype(bool).sum())
    return (
        f"Of the ten weightiest features of each drug, {above:,} of {len(weighty):,} weigh more than copies without "
        "meaning do."
    )


def method_part(found: Explanation) -> Part:
    """What was computed."""
    adjusted = joined([str(each) for each in found.associations.adjusted_for]) or "nothing"
    tests = found.associations
    rare = int((tests.table["method"] == "permutation").sum())
    items = [
        f"Associations: least squares of the response on one feature and the covariates, {tests.n_tests:,} pairs of a "
        f"drug and a feature, adjusted for {adjusted}. For {count(rare, 'pair')} with few carriers p is by "
        "permutation. q is Benjamini and Hochberg's over all of them.",
        f"Features that go together are one group and take one rank: {count(len(tests.groups), 'feature')} in "
        f"{count(tests.groups['group'].nunique(), 'group')}.",
        "The model: each prediction is a sum of a mean, covariates and features. What cannot be split exactly is split "
        "by integrated gradients and by the trees' own contributions; the table of reasons has what remains in a row "
        "of its own.",
    ]
    if found.spread is not None and found.noise is not None:
        items += [
            f"Stability: {found.spread.n_refits} fits without a part of the subjects and with other seeds. A feature "
            "is stable as often as it is among the 20 weightiest of its drug.",
            f"Noise: {found.noise.n_refits} more, in which every feature stood beside a copy whose samples were "
            f"shuffled. All in all {count(found.fits, 'fit')} of single learners.",
        ]
    else:
        items.append("Neither stability nor noise was looked at, since no refits were asked for.")
    return Part("How it was done", [Items(items)])


def limits_part(found: Explanation) -> Part:
    """What this page does not say."""
    items = [
        "An association is not a cause: what goes with a feature, such as a lineage or a neighbouring gene, goes with "
        "the response too. Covariates and groups catch the part of this that was measured.",
        "Features that go together share what the model hangs on them, in a way that is the model's choice.",
        "Samples are taken as independent; several samples of one subject make p too small.",
    ]
    if "additive-mean" in fitted_learners(found.manifest):
        items.append("The model is naive: it uses no genotype, and nothing can be attributed to it.")
    return Part("Limits", [Items([*items, *general_limits(found.manifest)])])
