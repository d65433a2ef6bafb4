"""Drug by drug: a volcano of the associations, the leading effects of the model, and the measurements themselves."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.explanation.explain import Explanation
from drugresponse.report.blocks import Block, Figure, Part, Words
from drugresponse.report.carriers import carriers_drawing
from drugresponse.report.drug_names import drug_names, drug_words
from drugresponse.report.intervals import Range, ranges
from drugresponse.report.outcome_carriers import outcome_carriers_drawing
from drugresponse.report.outcome_words import scale_words
from drugresponse.report.page import count, number
from drugresponse.report.volcanoes import volcano
from drugresponse.report.wording import measure_words

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
    measure, outcome = measure_words(results.measure), results.rows.pairs.outcome
    scale = scale_words(outcome, results.measure)
    drawings = {"volcano": volcano(tested, "All tested features", f"effect on {scale}")}
    uppermost = tested.sort_values(["p", "feature_id"], kind="stable").iloc[0]
    measured = _Measured.of(results, drug, str(uppermost["block"]), str(uppermost["feature_id"]))
    words = _association_words(tested, first, "response" if outcome.kind == "continuous" else scale)
    if measured is None:
        return [Figure(drawings, words)]
    if outcome.kind == "continuous":
        bands = [(label, results.rows.y[at]) for label, at in measured.bands]
        drawings["carriers"] = carriers_drawing(bands, str(uppermost["feature_id"]), measure)
    else:
        drawings["carriers"] = outcome_carriers_drawing(
            measured.bands, results.rows.pairs, results.rows.y, str(uppermost["feature_id"]), results.measure
        )
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


@dataclass(frozen=True, eq=False)
class _Measured:
    """Which rows of a drug have which value of a feature; and the slope of their responses, of no number 0."""

    bands: list[tuple[str, NDArray[np.intp]]]
    slope: float

    @classmethod
    def of(cls, results: Explanation, drug: str, block: str, feature: str) -> _Measured | None:
        """None where fewer than two kinds of samples have enough measurements to be drawn."""
        pairs = results.rows.pairs
        features = pairs.genotypes.features
        at = np.flatnonzero((features.index == feature) & (features["block"] == block))
        rows = np.flatnonzero(pairs.drug_ids == drug)
        if not len(at) or not len(rows):
            return None
        column = np.asarray(pairs.genotypes.values[:, [int(at[0])]].toarray(), dtype=np.float64).ravel()
        value = column[pairs.sample_index[rows]]
        rows, value = rows[np.isfinite(value)], value[np.isfinite(value)]
        bands = _bands(value, rows)
        if sum(len(band) >= _FEWEST for _, band in bands) < 2:
            return None
        is_slope = pairs.outcome.kind in ("continuous", "binary", "ordinal")
        return cls(bands, float((value - value.mean()) @ results.rows.y[rows]) if is_slope else 0.0)

    def opposes(self, effect: float) -> bool:
        """Whether the measurements as they are point the other way than the adjusted effect."""
        return self.slope * effect < 0


def _bands(value: NDArray[np.float64], rows: NDArray[np.intp]) -> list[tuple[str, NDArray[np.intp]]]:
    """The rows of each of few values; of many, those up to the median and those above it."""
    levels = np.unique(value)
    if set(levels) <= {0.0, 1.0}:
        return [(label, rows[value == level]) for level, label in enumerate(_BEARING) if (value == level).any()]
    if len(levels) <= _MOST_LEVELS:
        return [(f"with {level:g}", rows[value == level]) for level in levels]
    middle = float(np.median(value))
    halves = (("up to the median", value <= middle), ("above it", value > middle))
    return [(label, rows[chosen]) for label, chosen in halves if chosen.any()]


def _effects(results: Explanation, drug: str, first: bool) -> list[Block]:
    table = results.attributions
    rows = table[(table["drug_id"] == drug) & (table["kind"] == "genotype") & (table["importance"] > 0)].head(_LEADING)
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
    ends = np.array([[row.value, row.lower, row.upper] for row in shown])
    low, high = float(np.nanmin(ends)), float(np.nanmax(ends))
    drawing = ranges(shown, f"What the model hangs on features, {drug}", min(low, 0.0), max(high, 0.0))
    return [Figure({"effects": drawing}, _effect_words(first, bool(rows["lower"].notna().any())))]


def _effect_words(first: bool, with_whiskers: bool) -> str:
    if not first:
        return "What the model adds for each unit of a feature, the weightiest first."
    caption = (
        "What the model adds to the prediction for each unit of a feature, the weightiest first: weight is how much "
        "the feature moves predictions over all samples, so that a rare one weighs little."
    )
    more = " Whiskers: how far it moves when the model is fitted without a part of the subjects."
    return caption + more if with_whiskers else caption


def _label(row: Mapping[Hashable, Any]) -> str:
    arm = f" x {row['arm']}" if row["arm"] else ""
    return f"{row['feature_id']}{arm}, {count(int(row['n_carriers']), 'carrier')}"


def _within_noise(row: Mapping[Hashable, Any]) -> bool:
    return pd.notna(row["above_noise"]) and not row["above_noise"]
