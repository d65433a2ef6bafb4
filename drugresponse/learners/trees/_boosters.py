"""XGBoost's boosters: grown with one thread, kept as UBJSON bytes, and proved before use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.errors import ModelFileError
from drugresponse.learners.trees._booster_document import prove_booster

__all__ = ["booster_bytes", "grow_booster", "load_booster"]


def grow_booster(
    inputs: NDArray[np.float32],
    target: NDArray[np.float64],
    weights: NDArray[np.float64],
    parameters: Mapping[str, Any],
    rounds: int,
    *,
    random_state: int,
    max_bin: int = 64,
    input_weights: NDArray[np.float64] | None = None,
) -> Any:
    """A fitted booster.

    Parameters
    ----------
    inputs
        `(n_rows, n_inputs)`, NaN where missing.
    target
        `(n_rows,)`, or `(n_rows, n_targets)` for trees whose leaves hold a vector.
    weights
        `(n_rows,)`.
    parameters, rounds
        XGBoost's own.
    random_state
        Seed.
    max_bin
        Bins of an input.
    input_weights
        `(n_inputs,)` how often each input is drawn beside the others, where not all are looked at.
    """
    import xgboost

    # one thread a booster: sums over threads would make the result depend on their number
    fixed = {"tree_method": "hist", "nthread": 1, "seed": random_state, "max_bin": max_bin}
    if target.ndim == 2:
        fixed["multi_strategy"] = "multi_output_tree"
    data = xgboost.QuantileDMatrix(
        inputs, label=target, weight=weights, feature_weights=input_weights, nthread=1, max_bin=max_bin
    )
    return xgboost.train({**fixed, **parameters}, data, num_boost_round=rounds)


def booster_bytes(booster: Any) -> NDArray[np.uint8]:
    """A booster as UBJSON."""
    return np.frombuffer(booster.save_raw("ubj"), np.uint8)


def load_booster(raw: NDArray[np.uint8], n_inputs: int, n_targets: int = 1) -> Any:
    """A booster from its bytes, which are proved first: XGBoost itself follows any number that it reads.

    Raises
    ------
    ModelFileError
        The bytes are no booster, or one for another number of inputs or targets.
    """
    import xgboost

    document = raw.tobytes()
    booster = xgboost.Booster({"nthread": 1})
    try:
        prove_booster(document, n_inputs, n_targets)
        booster.load_model(bytearray(document))
    except (ValueError, LookupError, TypeError, AttributeError, xgboost.core.XGBoostError) as error:
        told = str(error).splitlines()[0][:200] if str(error) else type(error).__name__
        raise ModelFileError(
            f"model: a booster cannot be read ({told}). The file is damaged; train the model again."
        ) from error
    return booster
