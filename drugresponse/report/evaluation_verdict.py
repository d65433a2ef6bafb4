"""What an evaluation amounts to, in a title and two sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drugresponse.audit.findings import caution_messages
from drugresponse.model.judging.judgement import LEAST_SKILL, Judgement, judge
from drugresponse.report.blocks import Verdict
from drugresponse.report.evaluation_numbers import Estimate, Numbers, p_words, percent_interval, percent_words
from drugresponse.report.page import count, number
from drugresponse.verdict import SMALL_SKILL

__all__ = [
    "LEVEL",
    "Outcome",
    "base_words",
    "leak_warning",
    "order_is_noise",
    "order_words",
    "verdict",
    "verdict_title",
]

LEVEL = 0.05
"""Of every test, and the false-discovery rate."""
_SURE = 0.9
"""Share of bootstrap draws that the best learner must win to be called the best."""


@dataclass(frozen=True)
class Outcome:
    """The findings that the verdict rests on.

    Attributes
    ----------
    skill
        Of the best learner against the best naive prediction: `better`, `same`, `worse` or `unknown`.
    genotype
        `helps`, `unconfirmed` (shuffled genotypes do as well), `nothing`, `harms`, `untested` (too few groups) or
        `none` (no learner used genotype).
    gain, q
        Share of the squared error without genotype that genotype saves, and its q value.
    leaks
        How many findings of the audit are leaks.
    """

    skill: Judgement
    genotype: str
    gain: Estimate
    q: float
    leaks: int

    @classmethod
    def of(cls, numbers: Numbers) -> Outcome:
        """Weigh what was found."""
        leaks = len(numbers.leaks())
        skill = _judge(numbers, numbers.best())
        learner = numbers.genotype_learner()
        if learner is None:
            return cls(skill, "none", Estimate(), math.nan, leaks)
        gain, q = numbers.gain(learner, numbers.without_genotype())
        return cls(skill, _genotype(numbers, learner, gain, q), gain, q, leaks)


def _judge(numbers: Numbers, learner: str) -> Judgement:
    """By the interval; where there is none, nothing tells a gain from chance."""
    skill = numbers.score(learner, "skill")
    return judge(skill.value, skill.lower, skill.upper)


def _genotype(numbers: Numbers, learner: str, gain: Estimate, q: float) -> str:
    if not math.isfinite(q):
        return "untested"
    if q > LEVEL:
        return "nothing"
    if gain.value <= 0:
        return "harms"
    if _judge(numbers, learner) != "better":
        return "nothing"
    check = numbers.summary.permutation
    return "unconfirmed" if check is not None and not check.p <= LEVEL else "helps"


def verdict(numbers: Numbers) -> Verdict:
    """The box on the first screen."""
    outcome = Outcome.of(numbers)
    kind, title = verdict_title(numbers, outcome)
    twins = caution_messages(numbers.summary.audit)
    words = [_beside_naive(numbers, outcome), _of_genotype(numbers, outcome), *twins]
    return Verdict(kind, title, " ".join(words))


def leak_warning(numbers: Numbers) -> Verdict | None:
    """A second box where test rows could be known from training rows; None where no leak was found."""
    leaks = numbers.leaks()
    if not leaks:
        return None
    more = f" The audit below has {count(len(leaks) - 2, 'more leak')}." if len(leaks) > 2 else ""
    shown = " ".join(leak if len(leak) <= 300 else leak[:299] + "…" for leak in leaks[:2])
    return Verdict(
        "worse", "The inputs may leak: scores may be too good", f"{shown}{more} Mend the inputs and evaluate again."
    )


def verdict_title(numbers: Numbers, outcome: Outcome) -> tuple[str, str]:
    """How good the news is, and the verdict in a few words."""
    if outcome.leaks and (outcome.skill == "better" or outcome.genotype in ("helps", "unconfirmed")):
        return "worse", "Not to be believed: the inputs leak"
    if outcome.skill == "unknown":
        return "unknown", "Cannot be judged"
    helped, judged = numbers.helped_drugs()
    if outcome.genotype == "helps":
        if outcome.gain.value < LEAST_SKILL:
            return "same", "Genotype adds almost nothing"
        adds = f"Genotype adds {'a little ' if outcome.gain.value < SMALL_SKILL else ''}to the prediction"
        return ("better", adds)
    if outcome.genotype in ("nothing", "harms") and helped and judged > 1 and not outcome.leaks:
        return "same", f"Genotype adds nothing that shows overall, but helps for {helped} of {count(judged, 'drug')}"
    return {
        "unconfirmed": ("same", "A gain that shuffled genotypes do not confirm"),
        "nothing": ("same", "Genotype adds nothing that shows"),
        "harms": ("worse", "Genotype adds nothing: with it predictions get worse"),
        "untested": ("unknown", "Too little data to tell whether genotype adds anything"),
        "none": ("unknown", "No learner that uses genotype was evaluated"),
    }[outcome.genotype]


def _beside_naive(numbers: Numbers, outcome: Outcome) -> str:
    best, naive = numbers.best(), numbers.best_naive()
    skill = numbers.score(best, "skill")
    bounds = percent_interval(skill)
    interval = f"95% interval {bounds}; " if bounds else ""
    errors = f"RMSE {number(numbers.score(best, 'rmse').value)} against {number(numbers.score(naive, 'rmse').value)}"
    where = f"On held-out rows the best learner, {best}, has"
    if not math.isfinite(skill.value):
        return (
            f"{where} an error that could not be set against a naive prediction ({errors} of the {naive}; skill not "
            f"defined): held-out responses do not differ, or the {naive} is exact."
        )
    if abs(skill.value) < LEAST_SKILL:
        saved = "about the squared error of"
    else:
        saved = f"{percent_words(abs(skill.value))} {'less' if skill.value > 0 else 'more'} squared error than"
    unsure = ", which may be chance" if outcome.skill == "same" and abs(skill.value) >= LEAST_SKILL else ""
    return f"{where} {saved} the best naive prediction ({interval}{errors} of the {naive}){unsure}."


def _of_genotype(numbers: Numbers, outcome: Outcome) -> str:
    learner, base = numbers.genotype_learner(), base_words(numbers)
    if learner is None:
        return "Evaluate a learner such as ridge beside it to ask what genotype adds."
    gain = outcome.gain.value
    if not math.isfinite(gain):
        return f"The gain of genotype is not defined: there is no error of {base} that it could save."
    share = f"{percent_words(abs(gain))} {'less' if gain > 0 else 'more'} squared error than {base}"
    if outcome.genotype == "untested":
        return f"There are too few groups to resample: with genotype, {learner} has {share}, which may be chance."
    gained = f"{share} ({_evidence(outcome, numbers)})"
    if outcome.genotype == "unconfirmed":
        return f"With genotype, {learner} has {gained}, but shuffled genotypes do as well, so the gain is not shown."
    helped, judged = numbers.helped_drugs()
    drugs = f"{helped or 'none'} of {count(judged, 'drug')} (false-discovery rate 5%)"
    if outcome.leaks:
        return f"{learner} has {gained}. How much of that is genotype's, and how much the leak's, cannot be told."
    if outcome.genotype == "helps":
        and_drugs = f", and helps for {drugs}" if judged > 1 else ""
        return f"Genotype ({learner}) gives {gained}{and_drugs}."
    and_drugs = f", {'but' if helped else 'and'} it helps for {drugs}" if judged > 1 else ""
    overall = " overall" if judged > 1 and helped else ""
    return f"Genotype adds nothing that shows{overall}: {learner} has {gained}{and_drugs}."


def _evidence(outcome: Outcome, numbers: Numbers) -> str:
    bounds = percent_interval(outcome.gain)
    evidence = [f"saving {bounds}"] if bounds else []
    evidence.append(f"q {p_words(outcome.q)}")
    check = numbers.summary.permutation
    return "; ".join([*evidence, *([f"shuffled genotypes: p {p_words(check.p)}"] if check is not None else [])])


def base_words(numbers: Numbers) -> str:
    """What genotype is measured against."""
    base = numbers.without_genotype()
    if base == numbers.best_naive():
        return f"the {base}"
    return "covariates alone" if numbers.covariates() else "means alone"


def order_is_noise(numbers: Numbers) -> bool:
    """Whether the order of the learners would not hold in other data of this kind."""
    ranks = numbers.summary.ranks
    return not (ranks.p <= LEVEL and ranks.share_best >= _SURE)


def order_words(numbers: Numbers) -> str:
    """Whether the order of the learners means anything; empty with one learner."""
    ranks = numbers.summary.ranks
    if len(numbers.evaluation.learners) < 2:
        return ""
    words = (
        f"{ranks.best} is best in {percent_words(ranks.share_best)} of bootstrap draws; agreement of the ranks over "
        f"folds: Kendall's W {number(ranks.kendall_w)}, p {p_words(ranks.p)}."
    )
    if not math.isfinite(ranks.p) or not math.isfinite(ranks.share_best):
        return f"Whether the order of these learners holds cannot be told from so few folds or groups. {words}"
    if order_is_noise(numbers):
        apart = ", but for the pairs below that are told apart" if _told_apart(numbers) else ""
        return f"The order of these learners is noise{apart}. {words}"
    return f"The order of these learners holds. {words}"


def _told_apart(numbers: Numbers) -> bool:
    """Whether any two learners differ for sure."""
    table = numbers.summary.comparison
    return bool((table["other"].isin(numbers.evaluation.learners) & (table["q"] <= LEVEL)).any())
