"""What an evaluation of an outcome that is no plain number found: verdict, scores, drugs and groups."""

from __future__ import annotations

import math
from collections.abc import Iterator

from drugresponse.audit.findings import caution_messages
from drugresponse.data.scores.labels import LOSS_METRICS, metric_label
from drugresponse.description import covariate_words
from drugresponse.evaluation.drug_verdicts import UNJUDGED
from drugresponse.evaluation.summary import EvaluationSummary, rule_words
from drugresponse.report.blocks import Cell, Columns, Items, Part, Row, Table, Verdict, Words
from drugresponse.report.evaluation_charts import skill_figure
from drugresponse.report.evaluation_checks import audit_part, random_folds_part
from drugresponse.report.evaluation_numbers import Numbers, p_words, percent_interval, shown
from drugresponse.report.evaluation_scores import groups_table, verdicts_table
from drugresponse.report.evaluation_verdict import Outcome, leak_warning, verdict_title
from drugresponse.report.outcome_pictures import outcome_pictures
from drugresponse.report.outcome_scores import scores_table
from drugresponse.report.outcome_words import COUNTED
from drugresponse.report.page import count, number

__all__ = ["loss_label", "outcome_parts", "outcome_verdict"]


def loss_label(summary: EvaluationSummary) -> str:
    """What people call the proper loss of the outcome."""
    return metric_label(LOSS_METRICS[summary.evaluation.kind])


def outcome_verdict(numbers: Numbers) -> Verdict:
    """The box on the first screen."""
    found = Outcome.of(numbers)
    kind, title = verdict_title(numbers, found)
    words = [_beside_naive(numbers), _of_genotype(numbers, found), *caution_messages(numbers.summary.audit)]
    return Verdict(kind, title, " ".join(words))


def outcome_parts(numbers: Numbers) -> Iterator[Part]:
    """The parts of the page, top to bottom."""
    warning = leak_warning(numbers)
    rows = numbers.evaluation.rows
    used = covariate_words(numbers.covariates(), rows.covariates.unused_by_reason())
    settings = Words(f"{'. '.join(used)}.", quiet=True)
    rule = [Words(words) for words in rule_words(numbers.summary)]
    yield Part("", [outcome_verdict(numbers), *([warning] if warning else []), *rule, settings])
    pictures = outcome_pictures(numbers.summary, numbers.best(), numbers.summary.measure.unit)
    yield Part("How well it is predicted", [skill_figure(numbers), *pictures])
    yield _scores_part(numbers)
    yield _drugs_part(numbers)
    if not numbers.summary.group_errors.empty:
        yield _groups_part(numbers)
    if not numbers.summary.coverage.empty:
        yield _coverage_part(numbers)
    if not numbers.summary.decision_curve.empty:
        yield _decision_part(numbers)
    random_folds = random_folds_part(numbers)
    if random_folds is not None:
        yield random_folds
    check = numbers.summary.permutation
    if check is not None:
        better = sum(not gain < check.observed for gain in check.shuffled)
        words = f"{better} of {count(len(check.shuffled), 'shuffle')} did as well as the true genotypes or better"
        yield Part("Does the gain survive shuffled genotypes?", [Words(f"{words}: p {p_words(check.p)}.")])
    yield audit_part(numbers)
    yield Part("How this was scored", [Items(_method(numbers))])


def _beside_naive(numbers: Numbers) -> str:
    best, naive, loss = numbers.best(), numbers.best_naive(), LOSS_METRICS[numbers.evaluation.kind]
    skill = numbers.score(best, "skill")
    losses = f"{number(numbers.score(best, loss).value)} against {number(numbers.score(naive, loss).value)}"
    bounds = percent_interval(skill)
    told = f"skill {shown(skill.value)}" + (f" (95% interval {bounds})" if bounds else "")
    if not math.isfinite(skill.value):
        told = "a skill that is not defined"
    return (
        f"On held-out rows the best learner, {best}, has {told} over the best naive prediction: "
        f"{metric_label(loss)} {losses} of the {naive}."
    )


def _of_genotype(numbers: Numbers, found: Outcome) -> str:
    learner = numbers.genotype_learner()
    if learner is None:
        return "Evaluate a learner such as ridge beside it to ask what genotype adds."
    base = numbers.without_genotype()
    helped, judged = numbers.helped_drugs()
    drugs = f" It helps for {helped or 'none'} of {count(judged, 'drug')} that could be judged." if judged else ""
    if not math.isfinite(found.q):
        return f"There are too few groups to tell what genotype adds to {base}.{drugs}"
    words = {
        "helps": f"With genotype, {learner} is better than {base}",
        "unconfirmed": f"{learner} is better than {base}, but shuffled genotypes do as well",
        "harms": f"With genotype, {learner} is worse than {base}",
    }.get(found.genotype, f"Genotype adds nothing that shows to {base}")
    return f"{words} (gain {shown(found.gain.value)}, q {p_words(found.q)}).{drugs}"


def _scores_part(numbers: Numbers) -> Part:
    outcome, learners = numbers.evaluation.rows.pairs.outcome, numbers.evaluation.learners
    tables = [scores_table(numbers.summary.metrics, outcome, learners, level) for level in numbers.levels()]
    saved = f"{loss_label(numbers.summary)} of the"
    if outcome.kind == "interval":
        saved = "error's variance, by the likelihoods, beside the"
    words = (
        f"Below the scores are 95% intervals. Skill is what is saved of the {saved} naive prediction that is best "
        "among the same rows: 0 is no gain, below 0 is a loss."
    )
    return Part("Scores beside naive predictions", [*tables, Words(words, quiet=True)])


def _drugs_part(numbers: Numbers) -> Part:
    table = numbers.summary.drug_verdicts
    title = "Drug by drug: does genotype help?"
    if table.empty:
        return Part(title, [Words("No learner that uses genotype was evaluated.")])
    label = f"{loss_label(numbers.summary)} with genotype"
    losses = {label: "genotype_loss", "covariates": "covariates_loss", "naive": "naive_loss"}
    unjudged = int(table["verdict"].isin(UNJUDGED).sum())
    words = f"{count(unjudged, 'drug')} had too few rows, groups or events for a verdict." if unjudged else ""
    return Part(title, [Words(words), verdicts_table(numbers, losses, COUNTED[numbers.evaluation.kind])])


def _groups_part(numbers: Numbers) -> Part:
    label = loss_label(numbers.summary)
    return Part("Who is served worse", [groups_table(numbers, label, f"{label}, best naive", "loss")])


def _decision_part(numbers: Numbers) -> Part:
    """Net benefit by threshold, beside calling every row."""
    table = numbers.summary.decision_curve
    wide = table.pivot(index="threshold", columns="learner", values="net_benefit")[numbers.by_loss()]
    every = table.drop_duplicates("threshold").set_index("threshold")["call_all"]
    rows: list[Row] = [
        [number(float(str(threshold))), shown(float(every[threshold])), *(shown(float(value)) for value in values)]
        for threshold, values in zip(wide.index, wide.to_numpy(), strict=True)
    ]
    words = (
        "Net benefit: the share of rows whose event is called, less false alarms weighed by the odds of the threshold. "
        "Calling none is 0; a prediction is of use where it lies above both 0 and calling every row."
    )
    columns = ["Threshold", "Calling every row", *map(str, wide.columns)]
    return Part("What calling is worth", [Table(columns, rows), Words(words, quiet=True)])


def _coverage_part(numbers: Numbers) -> Part:
    table = numbers.summary.coverage
    kept = table[table["level"].isin(("all", "class"))]
    has_classes = numbers.evaluation.rows.pairs.outcome.has_classes
    columns: Columns = {
        "Predicted by": lambda row: str(row.learner),
        "Rows of": lambda row: Cell(str(row.id), kind="id"),
        "Rows": lambda row: f"{row.n:,}",
        "Coverage": lambda row: shown(row.coverage),
        "Mean number of classes" if has_classes else "Mean width": lambda row: number(row.mean_size),
        "of the reference": lambda row: number(row.reference_size),
    }
    held = Table.of(kept, columns, caption="Made to hold 90 % of new rows", words=2)
    return Part("How often sets and bounds hold", [held])


def _method(numbers: Numbers) -> list[str]:
    scheme = numbers.evaluation.scheme
    groups = f"{scheme.err_together[0].name}s"
    lines = [
        f"Question: {scheme.name}, test rows have {scheme.test_rows}.",
        "What turns scores into probabilities, thresholds and sets is learned on the other folds; naive predictions "
        "and the censoring of times on the training rows of the fold.",
        f"Rows of all folds are scored together; rankings compare rows of one fold. Intervals are 95% bootstrap "
        f"intervals over {groups}.",
        "A drug with fewer than 10 events among its held-out rows is not scored by itself, one with fewer than 30 is "
        "not judged.",
    ]
    if numbers.evaluation.kind == "time-to-event":
        horizons = numbers.summary.settings.get("horizons", {})
        told = "; ".join(f"{name} {number(value)}" for name, value in horizons.items())
        lines.append(f"Times are scored up to a horizon at which a tenth is still watched: {told}.")
    return lines
