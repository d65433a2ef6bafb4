"""The page of a model whose responses are no plain numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from drugresponse.description import describe_scores, forecast_words, outcome_of
from drugresponse.report.blocks import Items, Part, Report
from drugresponse.report.wording import general_limits, notice, verdict_box
from drugresponse.verdict import model_verdict

__all__ = ["forecast_report"]


def forecast_report(
    title: str, manifest: Mapping[str, Any], figures: Iterable[Part], parts: Iterable[Part], inputs: Sequence[str]
) -> Report:
    """The verdict on the model, what it tells of an outcome, and how that did on held-out rows.

    Parameters
    ----------
    title
        Of the page.
    manifest
        `DrugResponseModel.manifest_` of a model whose outcome is not continuous.
    figures, parts
        What comes before and after what it tells.
    inputs
        Names of the files.
    """
    # the verdict stands above in its box
    scores = describe_scores(dict(manifest))[:-1]
    head = Part("", [verdict_box(model_verdict(manifest))])
    told = Part("What it tells", [Items([*scores, *forecast_words(manifest)])])
    limits = Part("Limits", [Items(general_limits(manifest))])
    lead = f"{manifest['learner']}: {outcome_of(manifest)}"
    return Report(title, lead, [head, *figures, told, *parts, limits], notice(manifest), inputs)
