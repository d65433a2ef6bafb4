"""Describe: what a model file tells about itself."""

from __future__ import annotations

import json

from drugresponse.description import describe_model
from drugresponse.model.loading import load_model
from drugresponse.outputs import output_files
from drugresponse.report import model_card
from drugresponse.settings import DescribeSettings

__all__ = ["describe"]


def describe(settings: DescribeSettings) -> str:
    """What a model file tells about itself, as text or as JSON; a model card beside it where one is asked for."""
    with output_files({"card": settings.card}) as out:
        manifest = load_model(settings.model, allow=settings.allow_learner).manifest_
        if "card" in out:
            out["card"].write_text(model_card(manifest), encoding="utf-8")
        if settings.json:
            return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
        return "\n".join(describe_model(manifest))
