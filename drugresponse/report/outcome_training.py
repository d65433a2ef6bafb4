"""The page of `train` for an outcome that is no number: do its probabilities beat naive ones, and do they hold?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import pandas as pd

from drugresponse import plots
from drugresponse.data.scores.labels import LOSS_METRICS, metric_label
from drugresponse.data.scores.truth import Truth, count_events
from drugresponse.description import covariate_words
from drugresponse.model.held_out_forecasts import HeldOutForecasts
from drugresponse.report.blocks import Block, Figure, Part, Report, Words
from drugresponse.report.forecasts import forecast_report
from drugresponse.report.method import joining_part, method_part
from drugresponse.report.outcome_pictures import outcome_pictures
from drugresponse.report.outcome_scores import drug_scores_part, scores_table
from drugresponse.report.page import count, number
from drugresponse.report.pictures import Picture
from drugresponse.report.wording import measure_of, scheme_words

__all__ = ["events_of_drugs", "loss_figure", "outcome_training_report"]


def outcome_training_report(
    manifest: Mapping[str, Any],
    metrics: pd.DataFrame | None,
    held_out: HeldOutForecasts | None,
    names: Mapping[str, str],
    inputs: Sequence[str],
) -> Report:
    """What a training found.

    Parameters
    ----------
    manifest
        `DrugResponseModel.manifest_` of an outcome that is not continuous.
    metrics, held_out
        `DrugResponseModel.metrics_` and `held_out_`; None where the model was not checked, or was loaded from its file.
    names
        Of drugs, by id.
    inputs
        Names of the files.
    """
    covariates = ". ".join(covariate_words(manifest["covariates"], manifest.get("unused_columns", {})))
    used, checked = Part("", [Words(f"{covariates}.", quiet=True)]), []
    if metrics is not None and held_out is not None:
        checked = _checked_parts(manifest, metrics, held_out, names)
    parts = [used, *checked[1:], joining_part(manifest), method_part(manifest)]
    return forecast_report("Training report", manifest, checked[:1], parts, inputs)


def _checked_parts(
    manifest: Mapping[str, Any], metrics: pd.DataFrame, held_out: HeldOutForecasts, names: Mapping[str, str]
) -> list[Part]:
    learner, (truth, _) = str(manifest["learner"]), held_out.pictured()
    n_folds = len(held_out.folds)
    words = (
        f"All held-out rows together, of {count(n_folds, 'fold')}; scheme {scheme_words(manifest)}. What turns scores "
        "into probabilities, the thresholds and the sets of a fold's rows were learned on the other folds."
    )
    pictures = outcome_pictures(held_out, learner, measure_of(manifest).unit)
    parts = [
        Part("How well it predicts", [loss_figure(metrics, truth), *pictures]),
        Part(
            "Scores beside naive predictions",
            [scores_table(metrics, truth.outcome, [learner]), Words(words, quiet=True)],
        ),
    ]
    if manifest["training"]["drugs"] > 1:
        parts.append(drug_scores_part(metrics, truth.outcome, learner, events_of_drugs(truth), names))
    return parts


def loss_figure(metrics: pd.DataFrame, truth: Truth) -> Block:
    """The proper loss of each learner and of each naive prediction, as bars.

    Parameters
    ----------
    metrics
        `METRIC_COLUMNS`.
    truth
        Of the held-out rows.
    """
    metric = LOSS_METRICS[truth.outcome.kind]
    of_metric = metrics[(metrics["level"] == "global") & (metrics["metric"] == metric)]
    pooled = of_metric[of_metric["fold"].astype(str) == "all"].set_index("learner")["value"].astype(np.float64)
    if (pooled < 0).any():
        return Words(f"{metric_label(metric)}: " + ", ".join(f"{name} {number(loss)}" for name, loss in pooled.items()))
    label = metric_label(metric)
    title = f"{label} of the model and of each naive prediction"
    return Figure(
        {"loss": Picture(title, partial(plots.losses, metrics))},
        f"{label} on held-out rows, lower is better. Blue: learned; grey: naive predictions, which know no genotype; "
        "circles: each fold; dashed: the best naive prediction.",
    )


def events_of_drugs(truth: Truth) -> dict[str, tuple[int, int]]:
    """Of each drug its held-out rows, and how many of them tell something."""
    groups = pd.Series(np.arange(len(truth))).groupby(truth.drug_ids.astype(str), sort=True)
    rows = {str(drug): of_drug.to_numpy() for drug, of_drug in groups}
    return {drug: (len(at), count_events(truth.observed[at], truth.y[at])) for drug, at in rows.items()}
