"""What the first reading of new genotypes tells beside predictions: which calls are known, and on what scale."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.stored.call_codes import CallCodes, take_columns
from drugresponse.data.stored.missing_cells import missing_cells
from drugresponse.data.stored_values import StoredValues
from drugresponse.data.surveys.coded_calls import coded_calls, columns_in_caches
from drugresponse.data.surveys.observed_columns import ObservedColumns
from drugresponse.features.alignment import Alignment
from drugresponse.model.feature_weights import keep_missing_as_trained, share_without
from drugresponse.model.parts import FittedParts
from drugresponse.model.scales.scales import MEASURED

__all__ = ["Checks", "FirstReading"]

_CELLS = 1 << 18
"""Calls that are looked at together: few enough for the caches of a processor."""
_MOST_JUDGED = 500_000_000
"""Calls by which the scale of a block is judged, where it counts alleles or alterations: more would tell no more."""
_RUN = 64


class Checks(NamedTuple):
    """What is known of new samples beside their predictions.

    Attributes
    ----------
    known_weight
        `(n_samples,)` share of the model's weight that a sample's known features hold.
    out_of_range
        `(n_samples,)` which samples lie far outside the training; None where the model's file does not tell.
    """

    known_weight: NDArray[np.float64]
    out_of_range: NDArray[np.bool_] | None

    def beside(self, outside: NDArray[np.bool_]) -> Checks:
        """The same, where `(n_samples,)` some samples are known to lie far outside for another reason."""
        if not outside.any():
            return self
        return self._replace(out_of_range=outside if self.out_of_range is None else self.out_of_range | outside)


class FirstReading:
    """Checks of genotypes that are read in blocks, learned while the model reads them to predict.

    A file is then read once and not twice. What no learner has read is read when the checks are asked for, and that is
    also when values on another scale are refused.

    Parameters
    ----------
    parts
        Of the model.
    new
        Genotypes of new samples.
    alignment
        Where the model's features stand among theirs.
    aligned
        The same with the very features of the model, their values stored.

    Attributes
    ----------
    genotypes
        As `aligned`, of which is learned what is read.
    """

    def __init__(self, parts: FittedParts, new: Genotypes, alignment: Alignment, aligned: Genotypes) -> None:
        self._parts, self._new, self._alignment = parts, new, alignment
        self._weights = parts.feature_weights
        n_samples, n_features = aligned.shape
        self._columns = ObservedColumns(aligned.values.source, self._observe)
        self.genotypes = Genotypes(StoredValues.of(self._columns), aligned.sample_ids, aligned.features)
        self._n_missing, self._lost = np.zeros(n_features, dtype=np.intp), np.zeros(n_samples)
        scales = parts.scales
        is_judged = scales is not None and len(self._weights) == len(scales.low) and self._weights.any()
        self._judged = _judged(aligned)
        judging = (aligned.features, self._weights, n_samples, self._judged)
        self._sums = scales.sums(*judging) if scales is not None and is_judged else None
        self._checks: Checks | None = None

    def _observe(self, columns: NDArray[np.intp], block: NDArray[np.float32] | CallCodes) -> None:
        rows, at = block.places if isinstance(block, CallCodes) else missing_cells(block)
        self._n_missing[columns] = np.bincount(at, minlength=len(columns))
        # a model that uses no genotype has no weights
        if len(self._weights):
            self._lost += np.bincount(rows, self._weights[columns[at]], len(block))
        if self._sums is None:
            return
        mine = np.flatnonzero(self._judged[columns])
        for judged, calls in coded_calls(columns[mine], take_columns(block, mine), columns_in_caches(len(block))):
            self._sums.add(judged, calls)

    def checks(self, covariates: pd.DataFrame) -> Checks:
        """What was learned, after reading what has not been read yet.

        Parameters
        ----------
        covariates
            Of the samples, in the terms of the training.

        Raises
        ------
        InputError
            The values are on another scale.
        """
        if self._checks is None:
            self._columns.finish()
            keep_missing_as_trained(self._new, self._alignment, self._n_missing)
            scales, out_of_range = self._parts.scales, None
            if scales is not None and self._sums is not None:
                out_of_range = scales.judge(self._sums, covariates, self.genotypes.sample_ids)
            elif scales is not None:
                out_of_range = scales.check(self.genotypes, self._weights, covariates)
            self._checks = Checks(share_without(self._weights, self._lost), out_of_range)
        return self._checks


def _judged(genotypes: Genotypes) -> NDArray[np.bool_]:
    """`(n_features,)` which features tell the scale: all that are measured, of very many others evenly spaced runs."""
    n_samples, n_features = genotypes.shape
    every = -(-n_samples * n_features // _MOST_JUDGED)
    run = np.arange(n_features) // _RUN
    return np.asarray((run % max(every, 1) == 0) | genotypes.features["kind"].isin(MEASURED).to_numpy())
