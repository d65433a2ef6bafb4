"""The report of `explain`: which features move the response, and is it true?"""

from __future__ import annotations

from collections.abc import Iterator

import pandas as pd

from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Block, Cell, Part, Table, Verdict, Words, as_html
from drugresponse.report.explanation_drugs import drug_parts
from drugresponse.report.explanation_genes import clusters_part, p_words, pathways_part, targets_part
from drugresponse.report.explanation_method import limits_part, method_part, noise_words
from drugresponse.report.explanation_samples import sample_parts
from drugresponse.report.page import count, number, page, percent
from drugresponse.report.wording import as_sentence, direction, learner_words, measure_words, notice

__all__ = ["explanation_report"]

_MOST_NAMED = 25
_MOST_ONE_SIDED = 20


def explanation_report(explanation: Explanation) -> str:
    """The page that tells what moves the response, by the measurements, by the model, and by both.

    Parameters
    ----------
    explanation
        What `explain` returns.

    Returns
    -------
    str
        One HTML page without scripts; the same input gives the same text.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> explanation_report(dr.explain(model, cohort.genotypes, cohort.responses, refits=0))[:15]
    '<!DOCTYPE html>'
    """
    found = explanation
    loss = found.rows.loss
    lead = (
        f"{measure_words(found.measure)} of {count(loss.samples, 'sample')} and {count(loss.drugs, 'drug')}, "
        f"{count(loss.pairs, 'measured pair')}; model: {learner_words(found.manifest)}. {direction(found.measure)}"
    )
    return page(
        "Explanation report", lead, [as_html(each) for each in _parts(found)], as_sentence(notice(found.manifest))
    )


def _parts(found: Explanation) -> Iterator[Part]:
    yield Part("", [_verdict(found)])
    yield Part("Named by the measurements and by the model", _both(found))
    yield from sample_parts(found)
    yield from drug_parts(found)
    yield Part("Named by one of the two", list(_one_sided(found)))
    if found.pathways is not None:
        yield pathways_part(found.pathways)
    if len(found.targets):
        yield targets_part(found.targets)
    if found.clusters is not None and len(found.clusters.drugs) > 2:
        yield clusters_part(found.clusters)
    yield method_part(found)
    yield limits_part(found)


def _verdict(found: Explanation) -> Verdict:
    named = found.agreement
    both = named[named["verdict"] == "both"]
    only = int((named["verdict"] == "association only").sum())
    tests = f"{found.associations.n_tests:,} tests"
    if not len(both):
        title = "No feature is named by both the measurements and the model"
        words = (
            f"Of {tests}, {count(only, 'association')} stood out at a false-discovery rate of 5%. Without agreement, "
            "take what the model hangs on single features as a way to see how it reasons, not as a finding."
        )
        return Verdict("same" if only else "unknown", title, words)
    n_drugs = both["drug_id"].nunique()
    title = (
        f"{count(len(both), 'feature')} {'is' if len(both) == 1 else 'are'} named by both the measurements and the "
        f"model, for {count(n_drugs, 'drug')}"
    )
    words = (
        f"Of {tests}, {count(only + len(both), 'association')} stood out at a false-discovery rate of 5%; the model "
        f"leans on {len(both)} of them too. {noise_words(found)} All are associations in these samples; none is proof "
        "of a cause."
    )
    return Verdict("better", title, words)


def _both(found: Explanation) -> list[Block]:
    both = found.agreement[found.agreement["verdict"] == "both"]
    if not len(both):
        return [Words("There is none. What only one of them names stands further down.")]
    shown = f", the first {_MOST_NAMED} of {len(both):,} here" if len(both) > _MOST_NAMED else ""
    caption = f"The most stable first, then by q{shown}; a group of features that go together is one row."
    return [_named_table(found, both.head(_MOST_NAMED), caption)]


def _named_table(found: Explanation, rows: pd.DataFrame, caption: str) -> Table:
    keys = ["drug_id", "feature_id"]
    tested = found.associations.table.drop_duplicates(keys).set_index(keys)
    told = found.attributions[found.attributions["arm"] == ""].drop_duplicates(keys).set_index(keys)
    written: list[list[Cell | str]] = []
    for row in rows.to_dict("records"):
        key = (row["drug_id"], row["feature_id"])
        test = tested.loc[key] if key in tested.index else None
        way = str(told.loc[key, "direction"]) if key in told.index else ""
        interval = "" if test is None else f"{number(test['lower'], sign=True)} to {number(test['upper'], sign=True)}"
        opposed = pd.notna(row["same_direction"]) and not row["same_direction"]
        written.append(
            [
                Cell(str(row["drug_id"]), kind="id"),
                Cell(str(row["feature_id"]), _gene_words(row["gene"], row["feature_id"]), "id"),
                Cell("the two disagree", kind="bad") if opposed else way,
                Cell(number(row["effect_association"], sign=True), interval),
                p_words(row["q"]),
                "" if test is None else f"{int(test['n_carriers']):,}",
                number(row["effect_attribution"], sign=True),
                "" if pd.isna(row["attribution_rank"]) else f"{int(row['attribution_rank'])}",
                "" if pd.isna(row["stability"]) else percent(row["stability"]),
            ]
        )
    columns = [
        "Drug",
        "Feature",
        "Goes with",
        "Effect measured",
        "q",
        "Carriers",
        "Effect in the model",
        "Rank there",
        "Refits",
    ]
    return Table(columns, written, caption, words=3)


def _gene_words(gene: object, feature: object) -> str:
    return "" if not gene or str(gene) in str(feature) else str(gene)


def _one_sided(found: Explanation) -> Iterator[Block]:
    named = found.agreement
    for verdict, words in (
        (
            "association only",
            "In the measurements, not among the ten that weigh most in the model or not above noise there. Often it "
            "goes together with a feature that the model prefers, or is too rare to predict much.",
        ),
        (
            "model only",
            "Among the ten that weigh most in the model, without a sure association of its own. It may act through "
            "others or in a way that a straight line does not show; it may also be noise.",
        ),
    ):
        rows = named[named["verdict"] == verdict]
        if not len(rows):
            continue
        more = len(rows) - _MOST_ONE_SIDED
        yield Words(words, quiet=True)
        caption = f"{verdict.capitalize()}: {count(len(rows), 'row')}" + (
            f", the first {_MOST_ONE_SIDED} here." if more > 0 else "."
        )
        yield _named_table(found, rows.head(_MOST_ONE_SIDED), caption)
