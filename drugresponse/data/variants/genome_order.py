"""Features in the order of the genome, as people count chromosomes."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.variants.chromosomes import without_prefix

__all__ = ["genome_order"]

_ORDER = ("block", "chromosome", "position", "ref", "alt", "feature_id")


def genome_order(features: pd.DataFrame) -> NDArray[np.intp]:
    """`(n_features,)` numbers of the rows by block, chromosome, position, ref, alt and id.

    Parameters
    ----------
    features
        Index `feature_id`, columns `block, chromosome, position, ref, alt`.

    Examples
    --------
    >>> table = pd.DataFrame({"chromosome": ["10", "2", "X"], "position": [5, 7, 1]}, index=["a", "b", "c"])
    >>> genome_order(table.assign(block="dosage", ref="A", alt="C").rename_axis("feature_id")).tolist()
    [1, 0, 2]
    """
    # chromosomes as people count them: 2 before 10, numbers before X
    codes, names = pd.factorize(features["chromosome"])
    bare = [without_prefix(name) for name in names]
    counted = pd.Index([f"{int(name):09d}" if name.isdigit() else name for name in bare])
    blocks = pd.factorize(features["block"], sort=True)[0]
    chromosomes = pd.factorize(counted, sort=True)[0][codes]
    positions = features["position"].fillna(-1).to_numpy(dtype=np.int64)
    order = np.lexsort((positions, chromosomes, blocks))
    places = np.column_stack([blocks, chromosomes, positions])[order]
    if not (places[1:] == places[:-1]).all(axis=1).any():
        return order
    # texts are compared only where several features share a place
    texts = features.reset_index()[["ref", "alt", "feature_id"]]
    keys = texts.assign(block=blocks, chromosome=chromosomes, position=positions)
    return keys.sort_values(list(_ORDER), kind="stable").index.to_numpy(dtype=np.intp)
