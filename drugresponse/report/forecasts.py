"""The page of a model whose responses are no plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.description import describe_scores, forecast_words, outcome_of
from drugresponse.report.page import Html, list_items, page, section
from drugresponse.report.wording import general_limits, notice, verdict_box
from drugresponse.verdict import model_verdict

__all__ = ["forecast_model_page"]


def forecast_model_page(title: str, manifest: Mapping[str, Any], *more: Html) -> str:
    """The verdict on the model, what it tells of an outcome, and how that did on held-out rows.

    Parameters
    ----------
    title
        Of the page.
    manifest
        `DrugResponseModel.manifest_` of a model whose outcome is not continuous.
    more
        Sections that follow.
    """
    verdict = model_verdict(manifest)
    # the verdict stands above in its box
    scores = describe_scores(dict(manifest))[:-1]
    body = [
        verdict_box(verdict),
        section("What it tells", list_items([*scores, *forecast_words(manifest)])),
        *more,
        section("Limits", list_items(general_limits(manifest))),
    ]
    return page(title, f"{manifest['learner']}: {outcome_of(manifest)}", body, notice(manifest))
