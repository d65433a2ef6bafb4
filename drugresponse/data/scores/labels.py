"""Which metrics each kind of outcome has, what people call them, and which one is its proper loss."""

from __future__ import annotations

from types import MappingProxyType

import numpy as np

from drugresponse.data.outcomes.families import plain_word
from drugresponse.data.outcomes.outcome import Kind, Outcome

__all__ = [
    "LOSS_METRICS",
    "OUTCOME_METRIC_LABELS",
    "is_resistance",
    "metric_label",
    "metric_limits",
    "metrics_of",
    "skill",
]

LOSS_METRICS: MappingProxyType[Kind, str] = MappingProxyType(
    {
        "continuous": "rmse",
        "binary": "brier",
        "ordinal": "ranked_probability",
        "interval": "censored_log_loss",
        "time-to-event": "integrated_brier",
    }
)
"""The metric by which predictions of each kind are compared: the mean of the loss of a row."""
_RESISTANCE = ("very_major_error", "major_error", "minor_error", "categorical_agreement")
_METRICS: dict[Kind, tuple[str, ...]] = {
    "binary": (
        "brier",
        "log_loss",
        "auroc",
        "average_precision",
        "calibration_slope",
        "calibration_intercept",
        "calibration_error",
        "sensitivity",
        "specificity",
        "balanced_accuracy",
    ),
    "ordinal": (
        "ranked_probability",
        "cumulative_log_loss",
        "log_loss",
        "weighted_kappa",
        "accuracy",
        "accuracy_within_one",
    ),
    "interval": ("censored_log_loss", "essential_agreement", "limit_agreement", "bias", "rmse_exact"),
    "time-to-event": (
        "integrated_brier",
        "harrell_c",
        "uno_c",
        "brier_q25",
        "brier_q50",
        "brier_q75",
        "calibration_q25",
        "calibration_q50",
        "calibration_q75",
    ),
}
OUTCOME_METRIC_LABELS = MappingProxyType(
    {
        "skill": "Skill",
        "brier": "Brier score",
        "log_loss": "Log loss",
        "auroc": "AUROC",
        "average_precision": "Average precision",
        "calibration_slope": "Calibration slope",
        "calibration_intercept": "Calibration intercept",
        "calibration_error": "Expected calibration error",
        "sensitivity": "Sensitivity",
        "specificity": "Specificity",
        "balanced_accuracy": "Balanced accuracy",
        "very_major_error": "Very major error rate",
        "major_error": "Major error rate",
        "minor_error": "Minor error rate",
        "categorical_agreement": "Categorical agreement",
        "net_benefit": "Net benefit",
        "ranked_probability": "Ranked probability score",
        "cumulative_log_loss": "Cumulative log loss",
        "weighted_kappa": "Quadratic-weighted kappa",
        "accuracy": "Accuracy",
        "accuracy_within_one": "Accuracy within one class",
        "censored_log_loss": "Censored log loss",
        "essential_agreement": "Essential agreement",
        "limit_agreement": "Agreement with limits",
        "bias": "Bias",
        "rmse_exact": "RMSE of measured values",
        "integrated_brier": "Integrated Brier score",
        "harrell_c": "Harrell's C",
        "uno_c": "Uno's C",
        "brier_q25": "Brier score at a quarter of the events",
        "brier_q50": "Brier score at half of the events",
        "brier_q75": "Brier score at three quarters of the events",
        "calibration_q25": "Events seen less predicted, at a quarter of the events",
        "calibration_q50": "Events seen less predicted, at half of the events",
        "calibration_q75": "Events seen less predicted, at three quarters of the events",
    }
)
"""What people call each metric of an outcome that is not continuous."""
_LOWEST = frozenset({"s", "susceptible", "sensitive", "sus", "sens", "not resistant", "non resistant"})
_HIGHEST = frozenset(
    {"r", "resistant", "res", "ns", "non susceptible", "nonsusceptible", "not susceptible", "not sensitive"}
)
"""Words of a resistance laboratory, plain."""
_FROM_0 = {"log_loss", "cumulative_log_loss", "rmse_exact"}
_FREE = {"calibration_slope", "calibration_intercept", "bias", "censored_log_loss"}
_SIGNED = {"weighted_kappa", "calibration_q25", "calibration_q50", "calibration_q75", "net_benefit"}


def is_resistance(outcome: Outcome) -> bool:
    """Whether the classes are those of a resistance laboratory, from susceptible to resistant.

    Examples
    --------
    >>> is_resistance(Outcome("ordinal", ("S", "I", "R"))), is_resistance(Outcome("binary", ("no", "yes")))
    (True, False)
    >>> is_resistance(Outcome("binary", ("S", "I=R"))), is_resistance(Outcome("binary", ("NR", "R")))
    (True, False)
    """
    lowest, highest = (
        {plain_word(word) for word in outcome.classes[at].split("=")} if outcome.classes else set() for at in (0, -1)
    )
    return bool(lowest & _LOWEST) and bool(highest & _HIGHEST)


def metrics_of(outcome: Outcome, *, cost_of_miss: float | None = None) -> tuple[str, ...]:
    """Names of the metrics of an outcome, the proper loss first; `skill`, which is made of it, is not among them.

    Examples
    --------
    >>> metrics_of(Outcome("interval", logarithm=2))
    ('censored_log_loss', 'essential_agreement', 'limit_agreement', 'bias', 'rmse_exact')
    """
    names = list(_METRICS[outcome.kind])
    if outcome.kind == "interval" and not outcome.logarithm:
        # without a logarithm nobody knows how far a doubling is
        names = [name for name in names if not name.endswith("_agreement")]
    if is_resistance(outcome):
        names += [name for name in _RESISTANCE if name != "minor_error" or outcome.kind == "ordinal"]
    if outcome.kind == "binary" and cost_of_miss is not None:
        names.append("net_benefit")
    return tuple(names)


def metric_label(metric: str) -> str:
    """What people call a metric of an outcome that is not continuous."""
    return OUTCOME_METRIC_LABELS.get(metric, metric.replace("_", " "))


def metric_limits(metric: str) -> tuple[float, float]:
    """The values that a metric cannot pass.

    Examples
    --------
    >>> metric_limits("auroc"), metric_limits("skill")
    ((0.0, 1.0), (-inf, 1.0))
    """
    if metric == "skill":
        return -np.inf, 1.0
    if metric in _FREE:
        return -np.inf, np.inf
    if metric in _SIGNED:
        return -1.0, 1.0
    return 0.0, np.inf if metric in _FROM_0 else 1.0


def skill(kind: Kind, loss: np.ndarray | float, naive: np.ndarray | float) -> np.ndarray:
    """What a mean loss saves of the mean loss of a naive prediction: 1 is all, below 0 it is worse.

    1 - loss / naive loss. A log loss of numbers has no natural 0, and is compared as a likelihood: 1 - (naive
    likelihood / likelihood) ** (2 / n), which is the former for squared errors of normal distributions, whatever the
    unit. Source: Magee 1990, doi:10.1080/00031305.1990.10475731.

    Parameters
    ----------
    kind
        Of the outcome.
    loss, naive
        Mean proper losses of the same rows.

    Returns
    -------
    numpy.ndarray
        NaN where the naive prediction is exact.

    Examples
    --------
    >>> float(skill("binary", 0.1, 0.2)), round(float(skill("interval", -1.5, -1.0)), 3)
    (0.5, 0.632)
    """
    loss, naive = np.asarray(loss, dtype=np.float64), np.asarray(naive, dtype=np.float64)
    if kind == "interval":
        return np.asarray(-np.expm1(2 * (loss - naive)))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(naive > 0, 1 - loss / naive, np.nan)
