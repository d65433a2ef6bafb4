"""The tables of an evaluation: scores, learners against each other, drugs, and groups of samples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pandas as pd

from drugresponse.data.metrics import METRIC_LABELS, MINIMUM_ROWS, POOLED_WARNING
from drugresponse.evaluation.drug_verdicts import HELPS, TOO_FEW
from drugresponse.report.blocks import Block, Cell, Columns, Part, Table, Words
from drugresponse.report.drug_names import drug_cell
from drugresponse.report.evaluation_charts import drugs_figure, predicted_figure
from drugresponse.report.evaluation_numbers import Estimate, Numbers, interval, p_words, shown
from drugresponse.report.evaluation_verdict import LEVEL, base_words, order_words
from drugresponse.report.page import count, number

__all__ = ["comparison_part", "drugs_part", "groups_part", "groups_table", "scores_part", "verdicts_table"]

_LEVELS = {
    "global": "All held-out rows of a fold together",
    "drug": f"Within drug: averages over drugs with {MINIMUM_ROWS} or more held-out rows in a fold",
    "sample": f"Within sample: averages over samples with {MINIMUM_ROWS} or more held-out rows in a fold",
}
MOST_DRUGS = 400
MOST_GROUPS = 120


def scores_part(numbers: Numbers) -> Part:
    """Scores of every model at every level, and predicted against measured."""
    tables: list[Block] = [_scores(numbers, level) for level in numbers.levels()]
    lacking = [level for level in ("drug", "sample") if level not in numbers.levels()]
    missing = f"No {' and no '.join(lacking)} has {MINIMUM_ROWS} held-out rows in a fold. " if lacking else ""
    explained = (
        f"Averages over {_folds(numbers)}; below them 95% intervals. {missing}Learners are in bold. Skill is the share "
        "saved of the squared error of the naive prediction that was best among the same rows: 0 is no gain, below 0 "
        f"is a loss. Normalised Pearson subtracts the {numbers.evaluation.reference} from measured and predicted "
        "values first. "
    )
    warned = POOLED_WARNING if numbers.n_drugs() > 1 else ""
    words = Words(explained + warned, quiet=True)
    return Part("Scores beside naive predictions", [predicted_figure(numbers), *tables, words])


def _folds(numbers: Numbers) -> str:
    repeats = len(numbers.evaluation.fold)
    folds = len(numbers.by_fold(numbers.best(), "rmse"))
    return count(folds, "fold") + (f" (in {repeats} repeats)" if repeats > 1 else "")


def _scores(numbers: Numbers, level: str) -> Table:
    rows = [
        [Cell(name, kind="strong" if numbers.is_learner(name) else "")]
        + [_estimate(numbers.score(name, metric, level), metric) for metric in METRIC_LABELS]
        for name in numbers.by_loss()
    ]
    return Table(["Predicted by", *METRIC_LABELS.values()], rows, _LEVELS[level])


def _estimate(estimate: Estimate, metric: str = "skill") -> Cell:
    return Cell(shown(estimate.value, metric), interval(estimate, metric))


def comparison_part(numbers: Numbers) -> Part:
    """Every learner against every other, and whether their order holds."""
    columns: Columns = {
        "Pair": lambda row: f"{row.learner} minus {row.other}",
        "Better": _winner,
        "Difference of squared error": lambda row: _estimate(Estimate(row.difference, row.lower, row.upper), "rmse"),
        "p": lambda row: p_words(row.p),
        "q": lambda row: p_words(row.q),
    }
    table = Table.of(numbers.summary.comparison, columns, words=2)
    explained = (
        "Difference of the mean squared error over all held-out rows, below 0 where the first of the pair is better, "
        "with its 95% interval. q is p adjusted for the number of pairs; a winner is named where q is 0.05 or less. "
        f"The best naive prediction is the {numbers.best_naive()}."
    )
    return Part("Learners against each other", [Words(order_words(numbers)), table, Words(explained, quiet=True)])


def _winner(pair: Any) -> Cell:
    if not pair.q <= LEVEL or pair.difference == 0:
        return Cell("not told apart")
    return Cell(str(pair.learner if pair.difference < 0 else pair.other), kind="strong")


def drugs_part(numbers: Numbers) -> Part:
    """For which drugs genotype adds something."""
    table = numbers.summary.drug_verdicts
    title = "Drug by drug: does genotype help?"
    if table.empty:
        return Part(title, [Words("No learner that uses genotype was evaluated, so there is no verdict.")])
    left = len(table) - MOST_DRUGS
    more = f"{count(left, 'drug')} with lower gain not shown; the table of verdicts has all." if left > 0 else ""
    figure = drugs_figure(numbers)
    explained = (
        f"Gain is 1 minus the squared error of the genotype learner over that of {base_words(numbers)}, with its 95% "
        "interval. Genotype helps where it beats both that and the best naive prediction in a one-sided paired test "
        "with q of 0.05 or less; q is the false-discovery rate over drugs. The genotype learner of a fold is the one "
        "that was best in the other folds."
    )
    errors = {f"RMSE {of}": f"{of.split()[-1]}_rmse" for of in ("genotype", "covariates", "best naive")}
    blocks: list[Block] = [*([figure] if figure else []), Words(_helped(numbers, table))]
    return Part(title, [*blocks, verdicts_table(numbers, errors), Words(more), Words(explained, quiet=True)])


def verdicts_table(numbers: Numbers, losses: Mapping[str, str], counted: str = "") -> Table:
    """Drugs by falling gain, with verdict, gain and losses.

    Parameters
    ----------
    numbers
        Of the evaluation.
    losses
        Columns of `drug_verdicts` by heading.
    counted
        Heading of the column `events`, where there is one.
    """
    names = numbers.drug_names()
    columns: Columns = {
        "Drug": lambda row: drug_cell(row.drug_id, names),
        "Verdict": lambda row: Cell(str(row.verdict), kind="good" if row.verdict == HELPS else ""),
        "Gain": lambda row: _estimate(Estimate(row.gain, row.lower, row.upper)),
        "q": lambda row: p_words(row.q),
        "Rows": lambda row: f"{row.n:,}",
        **({counted: lambda row: f"{row.events:,}"} if counted else {}),
        **{heading: _number_of(column) for heading, column in losses.items()},
    }
    drugs = numbers.summary.drug_verdicts.head(MOST_DRUGS)
    return Table.of(drugs, columns, caption="By falling gain", words=2, most_bytes=125_000)


def _number_of(column: str) -> Callable[[Any], str]:
    return lambda row: number(getattr(row, column))


def _helped(numbers: Numbers, table: pd.DataFrame) -> str:
    helped, n_drugs = numbers.helped_drugs()
    few = int((table["verdict"] == TOO_FEW).sum())
    untold = f" {count(few, 'drug')} had too few rows or groups for a verdict." if few else ""
    if not n_drugs:
        return f"No drug could be judged.{untold}"
    if numbers.leaks():
        return (
            f"The gain of {helped} of {count(n_drugs, 'drug')} passes the test, but the inputs leak: what genotype "
            f"gains cannot be told from what the leak gains.{untold}"
        )
    if not helped:
        return f"Genotype is shown to help for none of {count(n_drugs, 'drug')} (false-discovery rate 5%).{untold}"
    false = f", of which about {LEVEL * helped:.0f} may be there by chance" if LEVEL * helped >= 1 else ""
    return f"Genotype helps for {helped} of {count(n_drugs, 'drug')} (false-discovery rate 5%){false}.{untold}"


def groups_part(numbers: Numbers) -> Part | None:
    """Who is served worse; None without a text covariate."""
    table = numbers.summary.group_errors
    if table.empty:
        return None
    left = len(table) - MOST_GROUPS
    return Part(
        "Who is served worse",
        [
            Words(f"Errors of the best learner, {numbers.best()}. {_extremes(table)}"),
            groups_table(numbers, "RMSE", "RMSE best naive", "rmse"),
            Words(f"{count(left, 'group')} not shown." if left > 0 else ""),
            Words(
                "Skill is against the naive prediction that is best in the group. Small groups swing by chance: read "
                "the interval of the RMSE, not the rank.",
                quiet=True,
            ),
        ],
    )


def groups_table(numbers: Numbers, label: str, naive_label: str, loss: str) -> Table:
    """Groups of samples by covariate, the lowest skill first, with their loss (column `loss`) and the naive one."""
    columns: Columns = {
        "Group": lambda row: Cell(str(row.group) or "not known", kind="id"),
        "Covariate": lambda row: str(row.column),
        "Skill": lambda row: shown(row.skill),
        label: lambda row: _estimate(Estimate(getattr(row, loss), row.lower, row.upper), loss),
        naive_label: _number_of(f"best_naive_{loss}"),
        "Samples": lambda row: f"{row.n_samples:,}",
        "Rows": lambda row: f"{row.n_rows:,}",
    }
    groups = numbers.summary.group_errors.head(MOST_GROUPS)
    return Table.of(groups, columns, caption="By covariate, the lowest skill first", words=2, most_bytes=50_000)


def _extremes(table: pd.DataFrame) -> str:
    """The worst and the best group of each covariate, among those that are large enough for an interval."""
    sentences = []
    table = table[table["skill"].notna() & table["lower"].notna()]
    for column, groups in table.groupby("column", sort=False):
        if len(groups) > 1:
            ordered = groups.sort_values("skill", kind="stable").to_dict("records")
            ends = [
                f"{row['group'] or 'not known'} (skill {shown(row['skill'])}, {count(row['n_samples'], 'sample')})"
                for row in (ordered[0], ordered[-1])
            ]
            sentences.append(f"By {column}, {ends[0]} is served worst and {ends[1]} best.")
    return " ".join(sentences)
