"""Sites: features that tell of one place, such as all substitutions of one amino acid."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.parents.sums import Parents

__all__ = ["number_sites", "site_sums"]

_SUBSTITUTION = re.compile(r"(?P<before>.*[_:. ])?[A-Z*]?(?P<position>\d+)(?:[A-Z*]|del|ins)")
"""What stands before, the old residue where told, the position, and what stands there instead: `RT_184V`, `p.V600E`."""
_AS_PARENT = "site sums"
"""Block of the parents that are sites."""


def number_sites(features: pd.DataFrame) -> NDArray[np.intp]:
    """The site of each feature, by number.

    Features of one block share a site where they have the same chromosome and position, or where their ids are
    substitutions at the same position of the same gene. Those whose parent is their site, as `RT_184 (site)`, have
    none: its sum is a feature already.

    Parameters
    ----------
    features
        A feature table as in `Genotypes`: ids as index, columns `block`, `gene`, `chromosome`, `position` and `parent`.

    Returns
    -------
    (n_features,) intp
        Numbered from 0 in the order of the features; -1 where no other feature shares the site.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> genotypes = Genotypes.from_dense([[0.0, 1, 0, 1]], ["s1"], ["RT_184I", "RT_184V", "RT_41L", "TP53"])
    >>> number_sites(genotypes.features).tolist()
    [0, 0, -1, -1]
    """
    ids = pd.Series(features.index.astype(str), dtype=object)
    named = ids.str.fullmatch(_SUBSTITUTION).to_numpy(dtype=bool)
    place = features["chromosome"].astype(str) + ":" + features["position"].astype(str)
    placed = ((features["chromosome"] != "") & features["position"].notna()).to_numpy(dtype=bool)
    spelt = ids[named].str.extract(_SUBSTITUTION).fillna("")
    by_name = features["gene"].astype(str).to_numpy()[named] + " " + spelt["before"] + " " + spelt["position"]
    site = pd.Series("", index=range(len(features)), dtype=object)
    site[named] = by_name
    site[placed] = place.to_numpy(dtype=object)[placed]
    site = features["block"].astype(str).reset_index(drop=True).where(site != "", "") + "\n" + site
    site[_with_site_as_parent(features)] = "\n"
    shared = (site != "\n").to_numpy() & site.duplicated(keep=False).to_numpy()
    numbers = np.full(len(features), -1, dtype=np.intp)
    numbers[shared] = pd.factorize(site[shared])[0]
    return numbers


def _with_site_as_parent(features: pd.DataFrame) -> NDArray[np.bool_]:
    """`(n_features,)` which features have their site among their parents."""
    if not (features["parent"] != "").any():
        return np.zeros(len(features), dtype=np.bool_)
    parents = Parents.of(features)
    are_sites = (parents.rows["block"] == _AS_PARENT).to_numpy(dtype=bool)
    return np.diff(parents.take(are_sites).members.indptr) > 0


def site_sums(sites: NDArray[np.integer[Any]]) -> sparse.csr_matrix:
    """`(n_features, n_sites)` of 0 and 1: `values @ site_sums(sites)` adds up the features of each site.

    Examples
    --------
    >>> site_sums(np.array([0, -1, 0])).toarray().tolist()
    [[1.0], [0.0], [1.0]]
    """
    rows = np.flatnonzero(sites >= 0)
    shape = (len(sites), int(sites.max(initial=-1)) + 1)
    return sparse.csr_matrix((np.ones(len(rows)), (rows, sites[rows])), shape=shape)
