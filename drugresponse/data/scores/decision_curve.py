"""What calling an event is worth, at every threshold that somebody might choose."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

__all__ = ["decision_curve"]

_THRESHOLDS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

Array = NDArray[np.float64]


def decision_curve(event: NDArray[np.bool_], probabilities: Mapping[str, Array], cost_of_miss: float) -> pd.DataFrame:
    """Net benefit of each prediction by threshold: Vickers and Elkin 2006, doi:10.1177/0272989X06295361.

    Net benefit is the share of rows whose event is called, less the share of false alarms weighed by the odds of the
    threshold: the threshold says how many false alarms a missed event is worth. A prediction is of use where it lies
    above both calling every row and calling none, which is 0.

    Parameters
    ----------
    event
        `(n_rows,)` whether it came.
    probabilities
        `(n_rows,)` of each prediction, by name.
    cost_of_miss
        Whose threshold, 1 / (1 + cost), is among the rows.

    Returns
    -------
    pandas.DataFrame
        Columns `learner, threshold, net_benefit, call_all`, predictions in their order, thresholds ascending.

    Examples
    --------
    >>> event = np.array([True, False, False, False])
    >>> table = decision_curve(event, {"mine": np.array([0.9, 0.3, 0.1, 0.1])}, 4.0)
    >>> table.loc[table["threshold"] == 0.2, ["net_benefit", "call_all"]].round(4).values.tolist()
    [[0.1875, 0.0625]]
    """
    thresholds = np.unique(np.round([*_THRESHOLDS, 1 / (1 + cost_of_miss)], 6))
    odds = thresholds / (1 - thresholds)
    prevalence = float(event.mean())
    tables = []
    for name, probability in probabilities.items():
        called = probability[:, None] >= thresholds
        hits, alarms = (called & event[:, None]).mean(axis=0), (called & ~event[:, None]).mean(axis=0)
        columns = {"net_benefit": hits - alarms * odds, "call_all": prevalence - (1 - prevalence) * odds}
        tables.append(pd.DataFrame({"learner": name, "threshold": thresholds, **columns}))
    return pd.concat(tables, ignore_index=True)
