"""Who is a man, and which sites a man has a single copy of."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import plain_name

__all__ = ["men_of", "sex_column_of", "single_in_men"]

_MALE = frozenset({"m", "male", "man", "xy"})
_SHARED = ((1, 2_800_000), (154_900_000, 160_000_000))
"""Parts of X that Y has too, in GRCh37 and GRCh38 and their neighbourhood: a man has two copies there."""


def sex_column_of(samples: pd.DataFrame | None) -> pd.Series | None:
    """The first column `sex` or `gender` as words in lower case; None where there is none.

    Examples
    --------
    >>> sex_column_of(pd.DataFrame({"Sex": ["M ", 1.0]})).tolist()
    ['m', '1']
    """
    for name in () if samples is None else samples.columns:
        if plain_name(str(name)) in ("sex", "gender"):
            return samples[name].astype(str).str.strip().str.lower().str.removesuffix(".0")  # type: ignore[index]
    return None


def men_of(samples: pd.DataFrame | None) -> frozenset[str]:
    """Ids of the samples that a table calls male, in a column `sex` or `gender`; 1 beside 2 is male too.

    Examples
    --------
    >>> sorted(men_of(pd.DataFrame({"Sex": ["M", "female", ""]}, index=["s1", "s2", "s3"])))
    ['s1']
    """
    words = sex_column_of(samples)
    if words is None:
        return frozenset()
    male = _MALE | {"1"} if "2" in set(words) else _MALE
    return frozenset(map(str, words.index[words.isin(male)]))


def single_in_men(features: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_features,)` whether each is a dosage of X or Y outside the parts that both share.

    Examples
    --------
    >>> rows = {"kind": "dosage", "chromosome": ["X", "X", "7"], "position": [9_000_000, 1_000_000, 9_000_000]}
    >>> single_in_men(pd.DataFrame(rows)).tolist()
    [True, False, False]
    """
    single = (features["kind"] == "dosage") & features["chromosome"].isin(["X", "Y"]) & features["position"].notna()
    for first, last in _SHARED:
        single &= ~features["position"].between(first, last).fillna(False).astype(bool)
    return single.to_numpy(dtype=bool)
