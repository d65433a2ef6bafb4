"""Whether held-out rows show a gain: the judgement of a skill by its interval."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

__all__ = ["LEAST_SKILL", "Judgement", "judge", "judge_of_average", "judge_scores"]

LEAST_SKILL = 0.01
"""Skill below this is not told from none."""

Judgement = Literal["better", "same", "worse", "unknown"]


def judge(skill: float, lower: float = float("nan"), upper: float = float("nan")) -> Judgement:
    """Better or worse only where the whole interval says so: without one, a skill may be chance.

    Parameters
    ----------
    skill, lower, upper
        The skill on held-out rows and its 95 % interval; NaN where not known.

    Examples
    --------
    >>> judge(0.1, 0.02, 0.18), judge(0.1, -0.1, 0.3), judge(0.005, 0.001, 0.009), judge(0.1), judge(-0.2, -0.3, -0.1)
    ('better', 'same', 'same', 'same', 'worse')
    """
    if not np.isfinite(skill):
        return "unknown"
    if skill >= LEAST_SKILL and lower > 0:
        return "better"
    return "worse" if skill <= -LEAST_SKILL and upper < 0 else "same"


def judge_of_average(skill: float) -> Judgement:
    """What an average alone amounts to, of a file that keeps no more.

    Examples
    --------
    >>> judge_of_average(0.1), judge_of_average(0.0)
    ('better', 'same')
    """
    return judge(skill, skill, skill)


def judge_scores(metrics: pd.DataFrame, learner: str) -> dict[str, Any]:
    """What the learner's skill amounts to: the judgement, its interval, and in how many of the folds it is above 0.

    Parameters
    ----------
    metrics
        Of the check: rows of level `global`, each fold's and those of fold `all`, with bounds of the latter.
    learner
        Which rows are the model's.
    """
    own = metrics[(metrics["learner"] == learner) & (metrics["level"] == "global") & (metrics["metric"] == "skill")]
    average = own["fold"] == "all"
    skill, lower, upper = (float(own.loc[average, name].iloc[0]) for name in ("value", "lower", "upper"))
    folds = [float(value) for value in own.loc[~average, "value"]]
    return {
        "judgement": judge(skill, lower, upper),
        "folds": len(folds),
        "folds_better": sum(value > 0 for value in folds),
        "lower": _defined(lower),
        "upper": _defined(upper),
    }


def _defined(value: float) -> float | None:
    return value if np.isfinite(value) else None
