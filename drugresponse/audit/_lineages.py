"""Near relatives on both sides of a split: lineages that folds of single samples part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.audit.findings import LINEAGES, Finding
from drugresponse.data.joining import TrainingRows
from drugresponse.data.splits import Fold, find_scheme
from drugresponse.errors import count

__all__ = ["straddling_lineages"]

_FEW = 0.05
"""Share of the samples with a relative on the other side up to which no score moves that matters."""


def straddling_lineages(
    rows: TrainingRows, scheme: str, together: NDArray | None = None, folds: Sequence[Fold] | None = None
) -> Iterator[Finding]:
    """Lineages of which some samples are held out while others are trained on, in schemes for new samples.

    Parameters
    ----------
    rows
        With their lineages; nothing is said where these are not known.
    scheme
        That the folds ask.
    together
        `(n_samples,)` label of the samples that the folds keep together; None is the subject.
    folds
        Those that are used; None takes every lineage of several subjects for parted, as folds of subjects do.

    Examples
    --------
    >>> import drugresponse as dr
    >>> from drugresponse.data.joining import join_training_rows
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=4, n_features=40)
    >>> clones = cohort.samples.assign(clone=[f"c{place // 4}" for place in range(40)])
    >>> rows = join_training_rows(cohort.genotypes, cohort.responses, cohort.drugs, clones)
    >>> [(finding.check, finding.severity, finding.count) for finding in straddling_lineages(rows, "new-samples")]
    [('lineages', 'warning', 10)]
    >>> list(straddling_lineages(rows, "new-lineages"))
    []
    """
    kind = find_scheme(scheme)
    if rows.lineages is None or "subject" not in [grouping.name for grouping in kind.held_out]:
        return
    lineages = rows.lineages.numbers
    units = pd.factorize(rows.pairs.subjects if together is None else together)[0]
    several = pd.Series(units).groupby(lineages).transform("nunique").to_numpy() > 1
    if folds is None:
        relatives = several
    else:
        relatives = np.zeros(len(lineages), dtype=bool)
        for train, test in folds:
            held = np.unique(rows.pairs.sample_index[test])
            relatives[held] |= np.isin(lineages[held], lineages[rows.pairs.sample_index[train]]) & several[held]
    n_lineages, n_parted = len(np.unique(lineages)), len(np.unique(lineages[relatives]))
    # one lineage is no lineage: there is nothing else to hold out
    if not n_parted or n_lineages < 2:
        return
    few = relatives.sum() <= _FEW * len(lineages)
    message = (
        f"Lineages straddle folds: {int(relatives.sum()):,} of {count(len(lineages), 'sample')} may be predicted from "
        f"others of their lineage (column {rows.lineages.column}: {count(n_lineages, 'lineage')}, the largest of "
        f"{int(np.bincount(lineages).max())}). Where a lineage is a clone, such scores are too good for a new one: "
        "--scheme new-lineages holds out whole ones, and evaluate tells by how much."
    )
    yield Finding(LINEAGES, "note" if few else "warning", message, n_parted)
