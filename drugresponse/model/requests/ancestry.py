"""Axes of ancestry as covariates of a training, and where new samples lie on those that a model keeps."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.errors import InputError, count, show_ids
from drugresponse.features.alignment import align
from drugresponse.features.ancestry import AncestryAxes
from drugresponse.model.parts import FittedParts
from drugresponse.model.requests.genotypes import as_trained, completed_genotypes

__all__ = ["Placed", "placed_on_axes", "tell_of_places", "with_ancestry"]

logger = logging.getLogger(__name__)


class Placed(NamedTuple):
    """Samples beside those of the training.

    Attributes
    ----------
    scores
        Index `sample_id`, a column an axis; none where the model has no axes.
    outside
        `(n_samples,)` which lie far from all of the training.
    """

    scores: pd.DataFrame
    outside: NDArray[np.bool_]


def placed_on_axes(parts: FittedParts, genotypes: Genotypes) -> Placed:
    """Project samples on the axes of a model.

    Parameters
    ----------
    parts
        Of the model. Samples that it has seen lie where they lay in training, unless it has forgotten them.
    genotypes
        Of the samples, as they were read; alleles are turned, and absent sites completed, as for a prediction.
    """
    axes, ids = parts.ancestry, genotypes.sample_ids
    if axes is None:
        return Placed(pd.DataFrame(index=ids), np.zeros(len(ids), dtype=bool))
    completed = completed_genotypes(genotypes, axes.features)
    values = as_trained(completed, axes.features, align(completed.features, axes.features)).dense().astype(np.float64)
    is_new = ~parts.training_ids.contains(ids)
    scores = pd.DataFrame(axes.project(values, is_new), index=ids, columns=axes.names)
    outside = axes.outside(values) & is_new
    return Placed(scores, outside)


def tell_of_places(placed: Placed) -> None:
    """Warn of samples whose place is not known, and of those that are of another ancestry than the training."""
    lost = int(placed.scores.isna().any(axis=1).sum())
    if lost:
        logger.warning(
            "genotypes: in %d of %s more than half of what tells ancestry is missing; theirs counts as not known.",
            lost,
            count(len(placed.outside), "sample"),
        )
    if placed.outside.any():
        logger.warning(
            "genotypes: %d of %s are of another ancestry than all of the training (%s). Their rows are flagged "
            "out-of-range; do not rely on them.",
            int(placed.outside.sum()),
            count(len(placed.outside), "sample"),
            show_ids(placed.scores.index[placed.outside]),
        )


def with_ancestry(rows: TrainingRows, n_components: int) -> tuple[TrainingRows, AncestryAxes | None]:
    """The rows with principal components of their genotypes as covariates, and the axes; without any for 0 components.

    Parameters
    ----------
    rows
        The joined tables.
    n_components
        How many.

    Raises
    ------
    InputError
        There are too few samples or features for so many components, or a covariate has the name of one.
    """
    if not n_components:
        return rows, None
    axes, scores = AncestryAxes.fit(rows.pairs.genotypes, n_components)
    taken = rows.pairs.covariates.columns.intersection(axes.names)
    if len(taken):
        raise InputError(f'samples, column "{taken[0]}": is the name of a component of ancestry. Rename it.')
    logger.info(
        "ancestry: %s of %d features are covariates: %s",
        count(n_components, "principal component"),
        len(axes.features),
        ", ".join(axes.names),
    )
    return replace(rows, pairs=replace(rows.pairs, covariates=rows.pairs.covariates.join(scores))), axes
