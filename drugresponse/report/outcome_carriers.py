"""Classes and times of samples with each value of a feature: bars of shares, or Kaplan-Meier curves."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Measure
from drugresponse.report.carriers import carriers_drawing
from drugresponse.report.drawings import drawing
from drugresponse.report.outcome_figures import survival_drawing
from drugresponse.report.outcome_words import scale_words
from drugresponse.report.page import Html, count, text
from drugresponse.report.scatter import COLOURS

__all__ = ["outcome_carriers_drawing"]

_WIDTH, _BAR, _BAND, _TOP, _LEGEND = 304, 26, 62, 26, 20


def outcome_carriers_drawing(
    bands: Sequence[tuple[str, NDArray[np.intp]]], pairs: Pairs, y: NDArray[np.float64], title: str, measure: Measure
) -> Html:
    """What was observed of the samples with each value of a feature.

    Parameters
    ----------
    bands
        What the samples of a band are, such as `without it`, and the numbers of their rows.
    pairs, y
        All rows, of an outcome that is not continuous.
    title
        The feature.
    measure
        Of the response.
    """
    outcome, observed = pairs.outcome, pairs.observed
    if outcome.has_classes:
        return _shares_drawing([(label, y[rows]) for label, rows in bands], outcome, title)
    if observed is not None and observed.happened is not None:
        times = {
            label: (y[rows], observed.happened[rows], None if observed.entry is None else observed.entry[rows])
            for label, rows in bands
        }
        return survival_drawing(times, measure.unit)
    return carriers_drawing(
        [(label, y[rows]) for label, rows in bands], title, f"{scale_words(outcome, measure)}, limits where they are"
    )


def _shares_drawing(bands: Sequence[tuple[str, NDArray[np.float64]]], outcome: Outcome, title: str) -> Html:
    """A bar for each band, cut by the shares of the classes."""
    parts = [f'<text x="0" y="14" font-weight="600">{text(title, 40)}</text>\n']
    for row, (label, classes) in enumerate(bands):
        top = _TOP + row * _BAND
        counts = np.bincount(classes.astype(np.intp), minlength=len(outcome.classes))
        parts.append(
            f'<text class="tick" x="0" y="{top + 14}">{text(count(len(classes), "sample"))} {text(label)}</text>'
        )
        left = 0.0
        for number, of_class in enumerate(counts):
            width = _WIDTH * of_class / max(len(classes), 1)
            words = f"{outcome.classes[number]}: {of_class:,} of {len(classes):,}"
            parts.append(
                f'<rect fill="{COLOURS[number % len(COLOURS)]}" x="{left:.1f}" y="{top + 20}" width="{width:.1f}" '
                f'height="{_BAR}"><title>{text(words)}</title></rect>'
            )
            left += width
        parts.append("\n")
    return drawing(
        title, _WIDTH, _TOP + len(bands) * _BAND + _LEGEND, f"{''.join(parts)}{_legend(outcome, len(bands))}"
    )


def _legend(outcome: Outcome, n_bands: int) -> str:
    y, parts = _TOP + n_bands * _BAND + 8, []
    for number, word in enumerate(outcome.classes[: len(COLOURS)]):
        x = number * _WIDTH / min(len(outcome.classes), len(COLOURS))
        parts.append(
            f'<rect fill="{COLOURS[number]}" x="{x:.1f}" y="{y - 10}" width="12" height="12"/>'
            f'<text class="tick" x="{x + 17:.1f}" y="{y}">{text(word, 14)}</text>'
        )
    return "".join(parts)
