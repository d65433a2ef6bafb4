"""Drug by drug: a volcano of the associations, the leading effects of the model, and the measurements themselves."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Block, Figure, Part, Words
from drugresponse.report.carriers import carriers_drawing
from drugresponse.report.intervals import Range, ranges
from drugresponse.report.page import Html, count, number
from drugresponse.report.volcanoes import volcano
from drugresponse.report.wording import measure_words

__all__ = ["drug_parts"]

PICTURED = 6
"""Drugs that are drawn."""
_LEADING = 8
_FEWEST = 2
"""Measurements of either kind that a drawing of them needs."""


def drug_parts(found: Explanation) -> Iterator[Part]:
    """A part for each of the drugs about which most is known."""
    chosen = _chosen_drugs(found)
    for drug in chosen:
        blocks = [*_figures(found, drug), *_effects(found, drug)]
        if blocks:
            yield Part(f"Drug {drug}", blocks)
    left = found.rows.loss.drugs - len(chosen)
    if left > 0:
        words = f"{count(left, 'other drug')} not drawn; the tables hold all."
        yield Part("Other drugs", [Words(words, quiet=True)])


def _chosen_drugs(found: Explanation) -> list[str]:
    """Those of the surest agreement first, then those of the smallest p."""
    named = found.agreement.loc[found.agreement["verdict"] == "both", "drug_id"]
    tested = found.associations.table.sort_values(["p", "drug_id"], kind="stable")["drug_id"]
    return [str(each) for each in dict.fromkeys([*named, *tested])][:PICTURED]


def _figures(found: Explanation, drug: str) -> list[Block]:
    table = found.associations.table
    tested = table[(table["drug_id"] == drug) & np.isfinite(table["effect"]) & np.isfinite(table["p"])]
    if tested.empty:
        return []
    measure = measure_words(found.measure)
    drawings = {"volcano": volcano(tested, "All tested features", f"effect on {measure}")}
    first = tested.sort_values(["p", "feature_id"], kind="stable").iloc[0]
    carriers = _carriers(found, drug, str(first["block"]), str(first["feature_id"]), measure)
    if carriers is not None:
        drawings["carriers"] = carriers
    caption = (
        "Left: each dot is a feature, to the right where it goes with a higher response, higher up where chance "
        "explains it less; dots above the dashed line stand out at a false-discovery rate of 5%. Right: what was "
        "measured, unadjusted, for the uppermost."
    )
    return [Figure(drawings, caption if len(drawings) > 1 else caption.partition(" Right:")[0])]


def _carriers(found: Explanation, drug: str, block: str, feature: str, measure: str) -> Html | None:
    pairs = found.rows.pairs
    features = pairs.genotypes.features
    at = np.flatnonzero((features.index == feature) & (features["block"] == block))
    rows = np.flatnonzero(pairs.drug_ids == drug)
    if not len(at) or not len(rows):
        return None
    column = np.asarray(pairs.genotypes.values[:, [int(at[0])]].toarray(), dtype=np.float64).ravel()
    value = column[pairs.sample_index[rows]]
    bears, labels = _bearing(value, str(features["kind"].iloc[int(at[0])]))
    y, known = found.rows.y[rows], np.isfinite(value)
    groups = y[known & ~bears], y[known & bears]
    if min(len(each) for each in groups) < _FEWEST:
        return None
    return carriers_drawing(*groups, feature, measure, labels)


def _bearing(value: NDArray[np.float64], kind: str) -> tuple[NDArray[np.bool_], tuple[str, str]]:
    """Which samples bear a feature; of real numbers, which lie above the middle."""
    known = value[np.isfinite(value)]
    if kind == "score" or not len(known):
        middle = float(np.median(known)) if len(known) else 0.0
        return value > middle, ("up to the median", "above it")
    levels, counts = np.unique(known, return_counts=True)
    return value != levels[counts.argmax()], ("without it", "with it")


def _effects(found: Explanation, drug: str) -> list[Block]:
    told = found.attributions
    rows = told[(told["drug_id"] == drug) & (told["kind"] == "genotype") & (told["importance"] > 0)].head(_LEADING)
    if rows.empty:
        return []
    shown = [
        Range(
            _label(row),
            number(row["effect"], sign=True) + (", within noise" if _within_noise(row) else ""),
            float(row["effect"]),
            float(row["lower"]),
            float(row["upper"]),
            "model",
        )
        for row in rows.to_dict("records")
        if np.isfinite(row["effect"])
    ]
    if not shown:
        return []
    ends = np.array([[each.value, each.lower, each.upper] for each in shown])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    drawing = ranges(shown, f"What the model hangs on features, {drug}", min(low, 0.0), max(high, 0.0))
    caption = (
        "What the model adds to the prediction for each unit of a feature, the weightiest first: weight is how much "
        "the feature moves predictions over all samples, so that a rare one weighs little. Whiskers: how far it moves "
        "when the model is fitted without a part of the subjects."
    )
    return [
        Figure({"effects": drawing}, caption if rows["lower"].notna().any() else caption.partition(" Whiskers:")[0])
    ]


def _label(row: Mapping[Hashable, Any]) -> str:
    arm = f" x {row['arm']}" if row["arm"] else ""
    return f"{row['feature_id']}{arm}, {count(int(row['n_carriers']), 'carrier')}"


def _within_noise(row: Mapping[Hashable, Any]) -> bool:
    return pd.notna(row["above_noise"]) and not row["above_noise"]
