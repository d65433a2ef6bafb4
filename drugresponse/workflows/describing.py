"""Describe: what a model file tells about itself."""

from __future__ import annotations

import json

from drugresponse.description import describe_model
from drugresponse.model.loading import load_model
from drugresponse.settings import DescribeSettings

__all__ = ["describe"]


def describe(settings: DescribeSettings) -> str:
    """What a model file tells about itself, as text or as JSON."""
    manifest = load_model(settings.model, allow=settings.allow_learner).manifest_
    if settings.json:
        return json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    return "\n".join(describe_model(manifest))
