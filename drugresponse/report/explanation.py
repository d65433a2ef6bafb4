"""The report of `explain`: which features move the response, and is it true?"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.explanation.attribution_table import direction_words
from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Block, Cell, Part, Report, Row, Table, Words
from drugresponse.report.drug_names import drug_cell, drug_names
from drugresponse.report.explanation_drugs import drug_parts
from drugresponse.report.explanation_genes import clusters_part, pathways_part, targets_part
from drugresponse.report.explanation_method import limits_part, method_part
from drugresponse.report.explanation_samples import sample_parts
from drugresponse.report.explanation_verdict import explanation_verdict
from drugresponse.report.html import Page, as_html
from drugresponse.report.page import count, number, p_number, percent
from drugresponse.report.wording import direction, learner_words, measure_words, notice

__all__ = ["explanation_report"]

_MOST_NAMED = 25
_MOST_ONE_SIDED = 20


def explanation_report(explanation: Explanation, inputs: Sequence[str] = ()) -> Page:
    """The page that tells what moves the response, by the measurements, by the model, and by both.

    Parameters
    ----------
    explanation
        What `explain` returns.
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
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> explanation_report(dr.explain(model, cohort.genotypes, cohort.responses, refits=0))[:15]
    '<!DOCTYPE html>'
    """
    loss = explanation.rows.loss
    measure, manifest = explanation.measure, explanation.manifest
    lead = (
        f"{measure_words(measure)} of {count(loss.samples, 'sample')} and {count(loss.drugs, 'drug')}, "
        f"{count(loss.pairs, 'measured pair')}; model: {learner_words(manifest)}. "
        f"{direction(measure, explanation.rows.pairs.outcome)}"
    )
    return as_html(Report("Explanation report", lead, list(_parts(explanation)), notice(manifest), inputs))


def _parts(results: Explanation) -> Iterator[Part]:
    names = drug_names(results.rows.pairs.drugs)
    yield Part("", [explanation_verdict(results)])
    drugs = list(drug_parts(results))
    yield from drugs[:1]  # pictures come first, of the drug of which most is known
    yield Part("Named by the measurements and by the model", _both(results))
    yield from sample_parts(results)
    yield from drugs[1:]
    yield Part("Named by one of the two", list(_one_sided(results)) or [Words("There is none.")])
    if results.pathways is not None:
        yield pathways_part(results.pathways, names)
    if len(results.targets):
        yield targets_part(results.targets, names)
    if results.clusters is not None and len(results.clusters.drugs) > 2:
        yield clusters_part(results.clusters, names)
    yield method_part(results)
    yield limits_part(results)


def _both(results: Explanation) -> list[Block]:
    both = results.agreement[results.agreement["verdict"] == "both"]
    if not len(both):
        return [Words("There is none. What only one of them names stands further down.")]
    shown = f", the first {_MOST_NAMED} of {len(both):,} here" if len(both) > _MOST_NAMED else ""
    order, stability = "By q", ""
    if results.spread is not None:
        order = "The most stable first, then by q"
        stability = " Stability is the share of the refits in which a feature is among the 20 weightiest of its drug."
    caption = f"{order}{shown}; a group of features that go together is one row.{stability}"
    return [_named_table(results, both.head(_MOST_NAMED), caption)]


def _named_table(results: Explanation, rows: pd.DataFrame, caption: str) -> Table:
    keys, names = ["drug_id", "feature_id"], drug_names(results.rows.pairs.drugs)
    tested = results.associations.table.drop_duplicates(keys).set_index(keys)
    written: list[Row] = []
    for row in rows.to_dict("records"):
        key = (row["drug_id"], row["feature_id"])
        test = tested.loc[key] if key in tested.index else None
        effect = row["effect_attribution"] if pd.isna(row["effect_association"]) else row["effect_association"]
        way = str(direction_words(np.array([effect]), results.measure, results.rows.pairs.outcome)[0])
        interval = "" if test is None else f"{number(test['lower'], sign=True)} to {number(test['upper'], sign=True)}"
        opposed = pd.notna(row["same_direction"]) and not row["same_direction"]
        written.append(
            [
                drug_cell(row["drug_id"], names),
                Cell(str(row["feature_id"]), _feature_words(row, test), "id"),
                Cell("the two disagree", kind="bad") if opposed else way,
                Cell(number(row["effect_association"], sign=True), interval),
                p_number(row["q"]),
                Cell(
                    number(row["effect_attribution"], sign=True),
                    "" if pd.isna(row["attribution_rank"]) else f"rank {int(row['attribution_rank'])}",
                ),
                "" if pd.isna(row["stability"]) else percent(row["stability"]),
            ]
        )
    columns = ["Drug", "Feature", "Goes with", "Effect measured", "q", "Effect in the model", "Stability"]
    return Table(columns, written, caption, words=3)


def _feature_words(row: Mapping[Hashable, Any], test: pd.Series | None) -> str:
    """The gene, where the feature's name does not tell it, and how many samples bear the feature."""
    gene = "" if not row["gene"] or str(row["gene"]) in str(row["feature_id"]) else str(row["gene"])
    carriers = "" if test is None else count(int(test["n_carriers"]), "carrier")
    return ", ".join(filter(None, [gene, carriers]))


def _one_sided(results: Explanation) -> Iterator[Block]:
    named = results.agreement
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
        yield _named_table(results, rows.head(_MOST_ONE_SIDED), caption)
