"""Axes of ancestry to plain state and back."""

from __future__ import annotations

from drugresponse.features.ancestry import AncestryAxes
from drugresponse.learners.encoders import feature_table_state, load_feature_table
from drugresponse.learners.state import State, damaged, state_array

__all__ = ["axes_from_state", "axes_state"]

_ARRAYS = ("means", "spreads", "loadings", "stretch", "limits")


def axes_state(axes: AncestryAxes) -> State:
    """The features, and the arrays by name."""
    return {"features": feature_table_state(axes.features), **{name: getattr(axes, name) for name in _ARRAYS}}


def axes_from_state(state: State) -> AncestryAxes:
    """The axes of `axes_state`'s answer, which is proved.

    Raises
    ------
    ModelFileError
        The state is damaged.
    """
    features = load_feature_table(state["features"])
    loadings = state_array(state, "loadings", len(features), -1)
    n_axes = loadings.shape[1]
    shapes = {"means": (len(features),), "spreads": (len(features),), "stretch": (n_axes,), "limits": (n_axes + 1, 2)}
    arrays = {name: state_array(state, name, *shape) for name, shape in shapes.items()}
    if not (arrays["spreads"] > 0).all() or not (arrays["stretch"] >= 1).all() or not loadings.any(axis=0).all():
        raise damaged("an axis of ancestry is none")
    return AncestryAxes(features, loadings=loadings, **arrays)
