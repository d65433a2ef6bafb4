"""Folds of whole studies, whose samples are new to the training as well."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["MOST_PARTS", "deal_studies", "train_apart"]

MOST_PARTS = 5
_MOST_LOST = 0.4
"""Share of the subjects of the other studies that a fold may leave out of training before its samples are dealt too."""

Numbers = NDArray[np.intp]


def deal_studies(fold_of_study: Numbers, subject: NDArray, rng: np.random.Generator) -> Numbers:
    """`(n_pairs,)` fold of each pair: its study's, in as many parts as studies of the same samples need.

    A held-out sample is left out of the other studies too. Where that would take most of what there is to train on, as
    of two screens of one panel, each study is tested in parts of its subjects, and only those of a part are left out.

    Parameters
    ----------
    fold_of_study
        `(n_pairs,)` from 0, to which whole studies were dealt.
    subject
        `(n_pairs,)` number of each pair's subject.
    rng
        By which subjects are dealt to parts.

    Examples
    --------
    >>> subject = np.tile(np.arange(6), 2)
    >>> folds = deal_studies(np.repeat([0, 1], 6), subject, np.random.default_rng(0))
    >>> np.bincount(folds).tolist()
    [2, 2, 2, 2, 2, 2]
    """
    lost = 0.0
    for fold in np.unique(fold_of_study):
        here, others = (np.unique(subject[at]) for at in (fold_of_study == fold, fold_of_study != fold))
        lost = max(lost, len(np.intersect1d(here, others)) / max(len(others), 1))
    n_parts = int(np.clip(np.ceil(lost / _MOST_LOST), 1, MOST_PARTS))
    number = np.unique(subject, return_inverse=True)[1]
    part = rng.permutation(int(number.max()) + 1) % n_parts
    folds = fold_of_study * n_parts + part[number]
    # a part in which a study has no sample leaves no gap
    return np.unique(folds, return_inverse=True)[1].astype(np.intp)


def train_apart(train: Numbers, test: Numbers, groups: tuple[NDArray, ...]) -> Numbers:
    """Those of the training rows that share no group (study, subject) with a test row.

    Parameters
    ----------
    train, test
        Row numbers.
    groups
        `(n_pairs,)` numbers or labels each.
    """
    apart = np.ones(len(train), dtype=bool)
    for group in groups:
        apart &= ~np.isin(group[train], np.unique(group[test]))
    return train[apart]
