"""P-values of features that few samples carry, by permutation inside lineages and of whole subjects."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drugresponse.association._rare_carriers import RARE
from drugresponse.association._strata_nulls import StrataNulls, drawn_in_strata

__all__ = ["Clones"]

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Clones:
    """Which samples are of one subject and of one lineage, so that they are alike whatever a feature does.

    Subjects are exchanged whole, and only with others of their lineage. A lineage of one subject could not be exchanged
    with any, so all of these are exchanged with each other. A feature that all of a lineage bear says nothing there.

    Attributes
    ----------
    subject, lineage
        `(n_samples,)` numbers from 0; samples without lineages are of one.
    words
        How p is found, as the table of associations tells it.
    """

    subject: NDArray[np.intp]
    lineage: NDArray[np.intp]
    words: str

    @classmethod
    def of(cls, subjects: NDArray, lineages: NDArray[np.intp] | None) -> Clones | None:
        """None where every sample is of a subject of its own and there are no lineages.

        Parameters
        ----------
        subjects
            `(n_samples,)` ids.
        lineages
            `(n_samples,)` numbers, or None.
        """
        subject = np.unique(subjects, return_inverse=True)[1].astype(np.intp)
        repeated = subject.max(initial=-1) + 1 < len(subject)
        if lineages is None:
            lineage = np.zeros(len(subject), dtype=np.intp)
            return cls(subject, lineage, "permutation of subjects") if repeated else None
        lineage = np.unique(lineages, return_inverse=True)[1].astype(np.intp)
        return cls(subject, lineage, "permutation within lineages")

    def p_values(self, calls: Array, residual: Array, samples: NDArray[np.intp], draw: np.random.Generator) -> Array:
        """P-values of features with few carriers, from the residuals of the samples that a drug was measured in.

        Parameters
        ----------
        calls
            `(n_measured, n_features)` what each sample differs by from those that do not carry the feature, 0 where
            it does not or is not known; few are not 0.
        residual
            `(n_measured,)` what covariates leave of the responses.
        samples
            `(n_measured,)` numbers of the samples.
        draw
            Of features whose carriers differ among themselves.
        """
        first, unit = np.unique(self.subject[samples], return_index=True, return_inverse=True)[1:]
        size = np.bincount(unit)
        stratum = self._strata(self.lineage[samples][first])
        of_unit = np.bincount(unit, residual).astype(np.float64)
        # what a lineage is like is no evidence for what its carriers bear
        of_unit = of_unit - (np.bincount(stratum, of_unit) / np.bincount(stratum))[stratum]
        nulls, p = StrataNulls(of_unit, stratum, RARE), np.ones(calls.shape[1])
        for at, own in enumerate(calls.T):
            carriers = np.bincount(unit, own != 0)
            # a subject bears what half of its samples do
            borne = np.where(2 * carriers >= size, np.bincount(unit, own) / np.maximum(carriers, 1), 0.0)
            bearers = np.flatnonzero(borne)
            if len(np.unique(borne[bearers])) > 1:
                p[at] = drawn_in_strata(of_unit, stratum, borne, draw)
            elif len(bearers):
                p[at] = nulls.p_value(bearers)
        return p

    @staticmethod
    def _strata(lineage: NDArray[np.intp]) -> NDArray[np.intp]:
        """`(n_units,)` numbers from 0; lineages of one unit are one stratum."""
        alone = np.bincount(lineage)[lineage] == 1
        return np.unique(np.where(alone, -1, lineage), return_inverse=True)[1].astype(np.intp)
