"""What an evaluation amounts to, in a title and two sentences."""

from __future__ import annotations

import math
from dataclasses import dataclass

from drugresponse.report.blocks import Verdict
from drugresponse.report.evaluation_numbers import Estimate, Numbers, p_words, percent_interval, percent_words
from drugresponse.report.held_out import LEAST_SKILL, SMALL_SKILL, Judgement, judge
from drugresponse.report.page import count, number, percent
from drugresponse.report.wording import measure_words

__all__ = ["LEVEL", "Outcome", "base_words", "order_is_noise", "order_words", "verdict"]

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
        leaks = sum(each.severity == "leak" for each in numbers.summary.audit)
        skill = _judge(numbers, numbers.best())
        learner = numbers.genotype_learner()
        if learner is None:
            return cls(skill, "none", Estimate(), math.nan, leaks)
        gain, q = numbers.gain(learner, numbers.without_genotype())
        return cls(skill, _genotype(numbers, learner, gain, q), gain, q, leaks)


def _judge(numbers: Numbers, learner: str) -> Judgement:
    """By the interval, or by agreement of the folds where there is none."""
    skill = numbers.score(learner, "skill")
    if not skill.has_interval():
        return judge(skill.value, numbers.by_fold(learner, "skill"))
    if skill.lower > 0 and skill.value >= LEAST_SKILL:
        return "better"
    return "worse" if skill.upper < 0 and skill.value <= -LEAST_SKILL else "same"


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
    kind, title = _title(numbers, outcome)
    return Verdict(kind, title, f"{_beside_naive(numbers, outcome)} {_of_genotype(numbers, outcome)}")


def _title(numbers: Numbers, outcome: Outcome) -> tuple[str, str]:
    helped, told = numbers.helped_drugs()
    if outcome.leaks:
        return "worse", "These scores cannot be trusted: the inputs leak"
    if outcome.genotype == "helps":
        if outcome.gain.value < LEAST_SKILL:
            return "same", "Genotype adds almost nothing"
        small = outcome.gain.value < SMALL_SKILL
        return "better", "Genotype adds a little to the prediction" if small else "Genotype adds to the prediction"
    if outcome.genotype in ("nothing", "harms") and helped and told > 1:
        return "same", f"Genotype adds nothing that shows overall, but helps for {helped} of {count(told, 'drug')}"
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
    told = f"95% interval {bounds}; " if bounds else ""
    errors = f"RMSE {number(numbers.score(best, 'rmse').value)} against {number(numbers.score(naive, 'rmse').value)}"
    if not math.isfinite(skill.value):
        saved = "with an error that could not be set against a naive prediction"
    elif abs(skill.value) < LEAST_SKILL:
        saved = "about as well as the best naive prediction of each fold"
    else:
        more = f"{percent(abs(skill.value))} {'less' if skill.value > 0 else 'more'}"
        unsure = ", which may be chance," if outcome.skill == "same" else ""
        saved = f"with {more} squared error{unsure} than the best naive prediction of each fold"
    return (
        f"On held-out rows ({numbers.evaluation.scheme.test_rows}) the best learner, {best}, predicts "
        f"{measure_words(numbers.summary.measure)} {saved} ({told}{errors} of the {naive})."
    )


def _of_genotype(numbers: Numbers, outcome: Outcome) -> str:
    if outcome.leaks:
        return f"But the audit found {count(outcome.leaks, 'leak')}, which make scores too good: mend the inputs first."
    learner, base = numbers.genotype_learner(), base_words(numbers)
    if learner is None:
        return "Evaluate a learner such as ridge beside it to ask what genotype adds."
    found = _evidence(outcome, numbers)
    gain = outcome.gain.value
    if outcome.genotype == "helps":
        drugs = _drug_words(numbers)
        and_drugs = f", and helps for {drugs}" if drugs else ""
        return f"Genotype ({learner}) saves {percent_words(gain)} of the squared error of {base} ({found}){and_drugs}."
    change = f"{learner} has {percent(abs(gain))} {'less' if gain > 0 else 'more'} squared error than {base}"
    if abs(gain) < 5e-4:
        change = f"{learner} has the squared error of {base}"
    if outcome.genotype == "unconfirmed":
        return f"{change} ({found}), but a gain that shuffling does not destroy is not shown to be genotype's."
    if outcome.genotype == "untested":
        return f"There are too few groups to resample: {change}, which may be chance."
    drugs = _drug_words(numbers)
    and_drugs = f", and it helps for {drugs}" if drugs else ""
    return f"Genotype adds nothing that shows: {change} ({found}){and_drugs}."


def _evidence(outcome: Outcome, numbers: Numbers) -> str:
    bounds = percent_interval(outcome.gain)
    told = [f"95% interval of the saving {bounds}"] if bounds else []
    told.append(f"q {p_words(outcome.q)}")
    check = numbers.summary.permutation
    if check is not None:
        told.append(f"shuffled genotypes: p {p_words(check.p)}")
    return "; ".join(told)


def _drug_words(numbers: Numbers) -> str:
    """How many drugs have a verdict; empty with one drug, of which all is said already."""
    helped, told = numbers.helped_drugs()
    if told < 2:
        return ""
    return f"{helped if helped else 'none'} of {count(told, 'drug')} at a false-discovery rate of 5%"


def base_words(numbers: Numbers) -> str:
    """What genotype is measured against."""
    base = numbers.without_genotype()
    if base == numbers.best_naive():
        return f"the {base}"
    named = numbers.covariates()
    return f"covariates alone ({', '.join(named)})" if named else "means alone (no covariates were given)"


def order_is_noise(numbers: Numbers) -> bool:
    """Whether the order of the learners would not hold in other data of this kind."""
    ranks = numbers.summary.ranks
    return not (ranks.p <= LEVEL and ranks.share_best >= _SURE)


def order_words(numbers: Numbers) -> str:
    """Whether the order of the learners means anything; empty with one learner."""
    ranks = numbers.summary.ranks
    if len(numbers.evaluation.learners) < 2:
        return ""
    told = (
        f"{ranks.best} is best in {percent(ranks.share_best)} of bootstrap draws; agreement of the ranks over folds: "
        f"Kendall's W {number(ranks.kendall_w)}, p {p_words(ranks.p)}."
    )
    if not math.isfinite(ranks.p) or not math.isfinite(ranks.share_best):
        return f"Whether the order of these learners holds cannot be told from so few folds or groups. {told}"
    if order_is_noise(numbers):
        return f"The order of these learners is noise. {told}"
    return f"The order of these learners holds. {told}"
