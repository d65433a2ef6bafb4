"""The figures of an evaluation of an outcome that is no number."""

from __future__ import annotations

import math

from drugresponse.report.blocks import Block, Figure
from drugresponse.report.evaluation_numbers import Numbers, shown
from drugresponse.report.intervals import Range, ranges
from drugresponse.report.outcome_pictures import outcome_pictures

__all__ = ["evaluation_pictures"]

_SMALLEST_AXIS = 0.05


def evaluation_pictures(numbers: Numbers) -> list[Block]:
    """Skill of each learner with its interval, and the field's own pictures of the first repeat."""
    layer = numbers.evaluation.layers[0]
    learners = sorted(numbers.evaluation.learners, key=lambda name: name != numbers.best())
    said = {name: layer.said[name] for name in learners}
    return [_skill_figure(numbers), *outcome_pictures(layer.truth, said, numbers.summary.measure.unit)]


def _skill_figure(numbers: Numbers) -> Figure:
    rows = []
    for name in sorted(numbers.by_loss(), key=lambda name: not numbers.is_learner(name)):
        skill = numbers.score(name, "skill")
        kind = "model" if numbers.is_learner(name) else "naive"
        rows.append(Range(name, f"skill {shown(skill.value)}", skill.value, skill.lower, skill.upper, kind))
    ends = [bound for row in rows for bound in (row.value, row.lower, row.upper) if math.isfinite(bound)]
    high = max([*ends, _SMALLEST_AXIS])
    low = min(max(min([*ends, 0.0]), -0.6 * high), -0.2 * high)
    return Figure(
        {
            "skill.svg": ranges(
                rows, "Skill of each learner and of each naive prediction, with 95% intervals", low, high
            )
        },
        "Skill on held-out rows: the share saved of the loss of the best naive prediction; further right is better. "
        "Blue: learners; grey: naive predictions, which know no genotype; bars: 95% intervals; dashed: no gain.",
    )
