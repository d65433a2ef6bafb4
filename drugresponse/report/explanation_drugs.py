"""Drug by drug: a volcano of the associations, the leading effects of the model, and the measurements themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import pandas as pd

from drugresponse import plots
from drugresponse.explanation.explain import Explanation
from drugresponse.plots.carriers import Measured
from drugresponse.plots.names import scale_words
from drugresponse.report.blocks import Block, Figure, Part, Words
from drugresponse.report.drug_names import drug_names, drug_words
from drugresponse.report.page import count
from drugresponse.report.pictures import BESIDE, Picture

__all__ = ["drug_parts"]

PICTURED = 6
"""Drugs that are drawn."""
_LEADING = 8
_LEVEL = 0.05
_FEWEST = 2
"""Measurements of each of two kinds that a drawing of them needs."""
_BEARING = ("without it", "with it")
_MOST_LEVELS = 4


def drug_parts(results: Explanation) -> Iterator[Part]:
    """A part for each of the drugs about which most is known."""
    chosen, names = _chosen_drugs(results), drug_names(results.rows.pairs.drugs)
    for drug in chosen:
        first = drug == chosen[0]
        blocks = [*_figures(results, drug, first), *_effects(results, drug, first)]
        if blocks:
            yield Part(f"Drug {drug_words(drug, names)}", blocks)
    left = results.rows.loss.drugs - len(chosen)
    if left > 0:
        words = f"{count(left, 'other drug')} not drawn; the tables hold all."
        yield Part("Other drugs", [Words(words, quiet=True)])


def _chosen_drugs(results: Explanation) -> list[str]:
    """Those of the surest agreement first, then those of the smallest p."""
    named = results.agreement.loc[results.agreement["verdict"] == "both", "drug_id"]
    tested = results.associations.table.sort_values(["p", "drug_id"], kind="stable")["drug_id"]
    return [str(drug) for drug in dict.fromkeys([*named, *tested])][:PICTURED]


def _figures(results: Explanation, drug: str, first: bool) -> list[Block]:
    table = results.associations.table
    tested = table[(table["drug_id"] == drug) & np.isfinite(table["effect"]) & np.isfinite(table["p"])]
    if tested.empty:
        return []
    outcome = results.rows.pairs.outcome
    scale = scale_words(outcome, results.measure)
    drawings = {
        f"volcano-{drug}": Picture(f"All tested features, {drug}", partial(plots.volcano, results, drug), BESIDE)
    }
    uppermost = tested.sort_values(["p", "feature_id"], kind="stable").iloc[0]
    feature = str(uppermost["feature_id"])
    measured = Measured.of(results, drug, str(uppermost["block"]), feature)
    words = _association_words(tested, first, "response" if outcome.kind == "continuous" else scale)
    if measured is None:
        return [Figure(drawings, words)]
    title = f"Measured of {drug} with and without {feature}"
    drawings[f"carriers-{drug}"] = Picture(title, partial(plots.carriers, results, drug, feature), BESIDE)
    weak = "" if uppermost["q"] <= _LEVEL else ", which does not stand out"
    words += f" Beside it: what was measured, unadjusted, for the uppermost{weak}."
    if measured.opposes(float(uppermost["effect"])):
        words += f" Adjusted for {uppermost['adjusted_for']}, it points the other way: these differ with the feature."
    return [Figure(drawings, words)]


def _association_words(tested: pd.DataFrame, first: bool, scale: str) -> str:
    """How to read the drawings, of the first drug alone, and what stands out, of each."""
    n_found = int((tested["q"] <= _LEVEL).sum())
    sentences = []
    if first:
        sentences.append(
            f"Each dot is a feature, to the right where it goes with a higher {scale}, higher up where chance explains "
            "it less."
        )
    if n_found:
        sentences.append(
            f"{n_found:,} of {count(len(tested), 'tested feature')} stand out at a false-discovery rate of 5%, "
            "above the dashed line."
        )
    else:
        sentences.append(f"None of {count(len(tested), 'tested feature')} stands out at a false-discovery rate of 5%.")
    return " ".join(sentences)


def _effects(results: Explanation, drug: str, first: bool) -> list[Block]:
    table = results.attributions
    rows = table[(table["drug_id"] == drug) & (table["kind"] == "genotype") & (table["importance"] > 0)].head(_LEADING)
    if rows.empty:
        return []
    if not np.isfinite(rows["effect"].to_numpy(dtype=np.float64)).any():
        return []
    picture = Picture(f"What the model hangs on features, {drug}", partial(plots.effects, results, drug))
    return [Figure({f"effects-{drug}": picture}, _effect_words(first, bool(rows["lower"].notna().any())))]


def _effect_words(first: bool, with_whiskers: bool) -> str:
    if not first:
        return "What the model adds for each unit of a feature, the weightiest first."
    caption = (
        "What the model adds to the prediction for each unit of a feature, the weightiest first: weight is how much "
        "the feature moves predictions over all samples, so that a rare one weighs little."
    )
    more = " Whiskers: how far it moves when the model is fitted without a part of the subjects."
    return caption + more if with_whiskers else caption
