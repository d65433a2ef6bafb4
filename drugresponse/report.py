"""The pages people read."""

from __future__ import annotations

from typing import Any

import pandas as pd


def training_report(manifest: dict[str, Any], metrics: pd.DataFrame | None) -> str:
    return ""


def prediction_report(predictions: pd.DataFrame, manifest: dict[str, Any]) -> str:
    return ""
