"""Close relatives whom folds part: parents, children and siblings, told by their genotypes."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from drugresponse.audit.findings import RELATIVES, Finding, caution
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.data.surveys.survey import survey_of
from drugresponse.errors import count
from drugresponse.genotype_qc.relatives import FIRST_DEGREE, MOST_COMPARED, find_relatives

__all__ = ["straddling_relatives"]

_MOST_FEATURES = 1500
"""Variants by which samples are compared, those that vary most: enough to tell siblings from chance, and quick."""
_FEWEST_FEATURES = 200
_ONE_PEDIGREE = 0.5
"""Share of the samples from which on a family is the cohort itself: a cross, or one pedigree."""
_SHOWN = 3


def straddling_relatives(pairs: Pairs, scheme: str, together: NDArray | None = None) -> Iterator[Finding]:
    """Samples that are parent, child or sibling of one that folds may hold out apart, in schemes for new samples.

    Where relatives are in training the score is that of their relatives: too good for people who have none there.
    Families are told by kinship, of dosages alone. In a cross, or one pedigree, everybody is a relative of most others,
    new samples too, and nothing is said. What may be one person is told as such.

    Parameters
    ----------
    pairs
        As they are evaluated.
    scheme
        That the folds ask.
    together
        `(n_samples,)` label of the samples that the folds keep together; None is the subject.
    """
    if scheme == "new-lineages" or "subject" not in [grouping.name for grouping in find_scheme(scheme).held_out]:
        return
    ids = pairs.genotypes.sample_ids
    if not 2 <= len(ids) <= MOST_COMPARED:
        return
    some = _compared(pairs.genotypes)
    if some is None:
        return
    table = find_relatives(some).table
    one, other = (ids.get_indexer(pd.Index(table[name])) for name in ("sample_id", "other_id"))
    links = sparse.coo_array((np.ones(len(one)), (one, other)), shape=(len(ids),) * 2)
    family = csgraph.connected_components(links, directed=False)[1]
    units = pd.factorize(pairs.subjects if together is None else together)[0]
    parted = (units[one] != units[other]) & (table["relation"] == FIRST_DEGREE).to_numpy()
    n_parted = len(np.union1d(one[parted], other[parted]))
    if not n_parted or np.bincount(family).max() > _ONE_PEDIGREE * len(ids):
        return
    examples = [f'"{ids[one[at]]}" and "{ids[other[at]]}"' for at in np.flatnonzero(parted)[:_SHOWN]]
    more = int(parted.sum()) - len(examples)
    named = ", ".join(examples) + (f" and {more} more" if more else "")
    words = f"{n_parted:,} of {count(len(ids), 'sample')} have a parent, child or sibling"
    meant = (
        ", by their genotypes, whom folds may part from them: the scores are too good for people without relatives in "
        "the training. Give the family as subject_id in --samples, which keeps it on one side of every split."
    )
    yield caution(RELATIVES, f"{words} ({named}){meant}", n_parted, len(ids), words + meant)


def _compared(genotypes: Genotypes) -> Genotypes | None:
    """Dosages that vary most, in memory; None where they are too few to tell siblings from chance."""
    variance = survey_of(genotypes).variance if genotypes.is_stored else genotypes.moments()[1]
    dosage = np.flatnonzero((genotypes.features["kind"] == "dosage").to_numpy() & (np.nan_to_num(variance) > 0))
    if len(dosage) < _FEWEST_FEATURES:
        return None
    kept = dosage[np.argsort(-variance[dosage], kind="stable")[:_MOST_FEATURES]]
    return genotypes.select(np.sort(kept)).in_memory()
