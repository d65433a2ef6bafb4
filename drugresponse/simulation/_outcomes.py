"""Simulated outcomes of the clinic: classes, dilution series and times, drawn from expected responses."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.outcomes.outcome import Kind, Outcome
from drugresponse.data.tables import Measure, Responses

__all__ = ["Expected", "draw_responses", "effect_unit", "written_responses"]

Array = NDArray[np.float64]

_EVENTS = 0.3
"""Share of responses that are the event."""
_CLASS_ENDS = (0.6, 0.75)
"""Shares of the responses below the two cuts between three classes."""
_PANEL = (0.35, 0.95)
"""Shares of the responses below the lowest and the highest concentration that was tested."""
_CENSORED_AFTER = 1.5
"""Follow-up ends between 0 and so many median times."""
_MEASURES: dict[Kind, Measure] = {
    "binary": Measure("susceptibility", "", "resistant"),
    "ordinal": Measure("susceptibility", "", "resistant"),
    "interval": Measure("mic", "mg/L", "resistant"),
    "time-to-event": Measure("time_to_event", "months", None),
}
_OUTCOMES: dict[Kind, Outcome] = {
    "binary": Outcome("binary", ("S", "R")),
    "ordinal": Outcome("ordinal", ("S", "I", "R")),
    "interval": Outcome("interval", logarithm=2),
    "time-to-event": Outcome("time-to-event"),
}


@dataclass(frozen=True, eq=False)
class Expected:
    """What is drawn from.

    Attributes
    ----------
    values
        `(n_samples, n_drugs)` expected response.
    noise
        Standard deviation of a response around it.
    measured
        `(n_samples, n_drugs)` which pairs were measured.
    sample_ids, drug_ids
        Of the rows and columns.
    """

    values: Array
    noise: float
    measured: NDArray[np.bool_]
    sample_ids: pd.Index
    drug_ids: pd.Index


def effect_unit(kind: Kind, noise: float) -> float:
    """How many units of the continuous response one unit of the link's scale is.

    Log odds and log hazards are in units in which the noise has the spread of a logistic distribution; dilutions are in
    units of ln 2, since the continuous response is a natural logarithm.
    """
    return float(np.log(2)) if kind == "interval" else noise * float(np.sqrt(3) / np.pi)


def draw_responses(expected: Expected, kind: Kind, rng: np.random.Generator) -> Responses:
    """Responses of one kind.

    Classes follow a (cumulative) logistic model with cuts of each drug's own, dilution series a normal one seen through
    a panel of doubling dilutions, times a proportional hazards model with a constant hazard of each drug's own and
    follow-up that ends by chance.
    """
    unit = effect_unit(kind, expected.noise)
    scores = (expected.values - expected.values.mean(axis=0)) / unit
    draw = {"binary": _classes, "ordinal": _classes, "interval": _dilutions, "time-to-event": _times}[kind]
    columns = draw(scores, kind, expected.noise / unit, rng)
    sample, drug = np.nonzero(expected.measured)
    rows = pd.DataFrame({"sample_id": expected.sample_ids[sample], "drug_id": expected.drug_ids[drug]})
    response = columns.pop("response")
    rows = rows.assign(response=response[sample, drug], weight=1.0, censor="none", study="")
    rows = rows.assign(**{name: values[sample, drug] for name, values in columns.items()})
    return Responses(rows.astype({"censor": object, "study": object}), _MEASURES[kind], outcome=_OUTCOMES[kind])


def written_responses(responses: Responses) -> pd.DataFrame:
    """The rows as a laboratory writes them: classes by name, limits with their signs, times with their event.

    Examples
    --------
    >>> rows = {"sample_id": ["s"], "drug_id": ["d"], "response": [-2.0], "lower": [-np.inf], "upper": [-2.0]}
    >>> written_responses(Responses(pd.DataFrame(rows), outcome=Outcome("interval", logarithm=2)))["response"].tolist()
    ['<=0.25']
    """
    table, outcome = responses.apart_by_study().table, responses.outcome
    of_study = ["study"] if responses.by_study is not None else []
    rows = table[["sample_id", "drug_id", "response", *of_study]]
    if outcome.has_classes:
        return rows.assign(response=[outcome.classes[int(number)] for number in rows["response"]])
    if outcome.kind == "interval":
        return rows.assign(response=[_written(*limits) for limits in zip(table["lower"], table["upper"], strict=True)])
    if outcome.kind == "time-to-event":
        times = rows.rename(columns={"response": "time"})
        return times.assign(event=table["happened"].astype(np.int64))
    return rows


def _written(lower: float, upper: float) -> str:
    """A place in a dilution series; an exact one lies between its dilution and the one below."""
    return f">{2.0**lower:g}" if np.isinf(upper) else f"<={2.0**upper:g}" if np.isinf(lower) else f"{2.0**upper:g}"


def _classes(scores: Array, kind: Kind, noise: float, rng: np.random.Generator) -> dict[str, Array]:  # noqa: ARG001
    latent = scores + rng.logistic(size=scores.shape)
    ends = (1 - _EVENTS,) if kind == "binary" else _CLASS_ENDS
    cuts = np.quantile(latent, ends, axis=0)
    return {"response": (latent[None] > cuts[:, None, :]).sum(axis=0).astype(np.float64)}


def _dilutions(scores: Array, kind: Kind, noise: float, rng: np.random.Generator) -> dict[str, Array]:  # noqa: ARG001
    upper = np.ceil(scores + noise * rng.normal(size=scores.shape))
    least, most = (np.round(np.quantile(upper, share, axis=0)) for share in _PANEL)
    lower = np.where(upper <= least, -np.inf, np.where(upper > most, most, upper - 1))
    upper = np.where(upper <= least, least, np.where(upper > most, np.inf, upper))
    middle = np.where(np.isinf(lower), upper, np.where(np.isinf(upper), lower, (lower + upper) / 2))
    return {"response": middle, "lower": lower, "upper": upper}


def _times(scores: Array, kind: Kind, noise: float, rng: np.random.Generator) -> dict[str, Array]:  # noqa: ARG001
    median = 12.0
    event = rng.exponential(size=scores.shape) * (median / np.log(2)) * np.exp(-scores)
    end = rng.uniform(0, _CENSORED_AFTER * 2, size=scores.shape) * median
    # as many digits as a follow-up has, and never 0
    time = np.maximum(np.round(np.minimum(event, end), 3), 0.001)
    return {"response": time, "happened": event <= end, "entry": np.zeros(scores.shape)}
