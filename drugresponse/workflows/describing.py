"""Describe: what a model file tells about itself."""

from __future__ import annotations

import json as json_format
from pathlib import Path

from drugresponse.description import describe_model
from drugresponse.model.loading import load_model

__all__ = ["describe"]


def describe(*, model: Path, json: bool = False) -> str:
    """What a model file tells about itself, as text or as JSON."""
    manifest = load_model(model).manifest_
    if json:
        return json_format.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False)
    return "\n".join(describe_model(manifest))
