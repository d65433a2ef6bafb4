"""Blocks of new genotypes beside those of a model: what bears another name is not guessed."""

from __future__ import annotations

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import KINDS
from drugresponse.data.parents.sums import is_parent
from drugresponse.errors import InputError, count, nearest, show_ids
from drugresponse.features.alignment import Alignment

__all__ = ["refuse_other_blocks"]


def refuse_other_blocks(features: pd.DataFrame, trained: pd.DataFrame, alignment: Alignment) -> None:
    """Refuse features that a model has in a block of another name, while that block is absent.

    Parameters
    ----------
    features, trained
        Of new samples and of the model.
    alignment
        Where the model's features stand among the new ones; those that were found elsewhere are not doubted.

    Raises
    ------
    InputError
        Names the blocks that the model asks for.
    """
    known, given = (pd.Index(table["block"]).unique() for table in (trained[~is_parent(trained)], features))
    absent, unknown = known.difference(given), given.difference(known)
    if not len(absent) or not len(unknown):
        return
    left = np.ones(len(features), dtype=bool)
    left[alignment.columns[alignment.columns >= 0]] = False
    lost = trained.index[trained["block"].isin(absent).to_numpy() & (alignment.columns < 0) & ~alignment.conflict]
    strange = features[left & features["block"].isin(unknown).to_numpy()]
    strange = strange[strange.index.isin(lost)]
    if strange.empty:
        return
    block = str(strange["block"].iloc[0])
    called = "a block without a name" if block in KINDS else f'the block "{block}"'
    hint = "" if block in KINDS else f" {nearest(block, list(map(str, absent)))}"
    raise InputError(
        f"genotypes: found {called} with {count(len(strange), 'feature')} that the model has in another one (expected "
        f"its blocks {show_ids(known, 8)}).{hint} Name the block of each source, such as {absent[0]}=FILE, or in "
        "Python by a dict; leave out a block that was not measured."
    )
