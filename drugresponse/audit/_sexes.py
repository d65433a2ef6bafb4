"""Samples whose sex by genotype is another than their table says: genotypes that were joined to the wrong sample."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy import stats

from drugresponse.audit.findings import CHANCE, Finding, caution
from drugresponse.data.joining import TrainingRows
from drugresponse.data.variants.sexes import men_of, sex_column_of, single_in_men
from drugresponse.errors import count

__all__ = ["sex_findings"]

_MOST_SITES = 500
"""Sites of X that are looked at, spread over all: a tenth of them would tell a sex."""
_ERRORS = 0.02
"""Share of a man's calls on X that are two different copies by error."""
_SURE = float(np.log(1000.0))
"""Likelihood ratio from which on the genotype tells the sex."""
_USUAL = 0.05
"""Share of the samples whose sex is entered wrongly, or lost in a tumour, in cohorts whose ids are right."""


def sex_findings(rows: TrainingRows) -> Iterator[Finding]:
    """Whether the sex that calls on X tell is that of the column `sex`, where both tell it.

    Parameters
    ----------
    rows
        With the table of samples; nothing is said without one, and without dosages of X.
    """
    genotypes, words = rows.pairs.genotypes, sex_column_of(rows.samples)
    on_x = np.flatnonzero(single_in_men(genotypes.features) & (genotypes.features["chromosome"] == "X").to_numpy())
    if words is None or not len(on_x):
        return
    on_x = on_x[:: -(-len(on_x) // _MOST_SITES)]
    calls = genotypes.select(on_x).in_memory().dense().astype(np.float64)
    words = words.reindex(genotypes.sample_ids).fillna("")
    is_man = genotypes.sample_ids.isin(list(men_of(rows.samples)))
    is_woman = ~is_man & words.isin(["f", "female", "woman", "xx", "2"]).to_numpy()
    if not is_man.any() or not np.nanmax(calls[is_man], initial=0) > 1:
        return
    known = np.isfinite(calls)
    frequency = np.nansum(calls, axis=0) / np.maximum(2 * known.sum(axis=0), 1)
    of_woman = np.clip(2 * frequency * (1 - frequency), 1e-6, 0.5)
    both = np.log(of_woman / _ERRORS), np.log((1 - of_woman) / (1 - _ERRORS))
    ratio = np.where(known, np.where(calls == 1, both[0], both[1]), 0.0)[:, of_woman > _ERRORS].sum(axis=1)
    decided = (is_man | is_woman) & (np.abs(ratio) > _SURE)
    n, n_other = int(decided.sum()), int((decided & ((ratio > 0) == is_man)).sum())
    if n_other and stats.binom.sf(n_other - 1, n, _USUAL) < CHANCE:
        message = (
            f"The sex of {n_other:,} of {count(n, 'sample')} is another by their calls on X than in the samples table: "
            "genotypes may be joined to the wrong samples, as after rows were shifted or sorted in one table alone. "
            "Check the ids of the genotypes first."
        )
        yield caution("sexes that differ", message, n_other)
