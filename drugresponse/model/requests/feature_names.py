"""Features of a model that new samples may have under another name."""

from __future__ import annotations

import logging
import re

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.errors import count, show_ids
from drugresponse.features.alignment import Alignment

__all__ = ["tell_of_names"]

logger = logging.getLogger(__name__)

_SHOWN = 3
_VERSION = re.compile(r"(ens[a-z]*\d{6,}|[nx][mrp]_\d+)\.\d+")
_OTHER_ID = re.compile(r"(.+?)\s*(?:\(|\|)(?:\d+|ensg\d+(?:\.\d+)?|unknown)\)?")


def tell_of_names(features: pd.DataFrame, trained: pd.DataFrame, alignment: Alignment) -> None:
    """Warn of features of a model that are absent, and that new samples may have under another name.

    Genes that differ in case, in the version of an Ensembl or RefSeq id, or in a number of Entrez behind them are
    shown; nothing is taken for the other. Where none of the features is here, some of both sides are.

    Parameters
    ----------
    features, trained
        Feature tables of the new samples and of the model.
    alignment
        Where the model's features stand among the new ones.
    """
    absent = (alignment.columns < 0) & ~alignment.conflict
    named = absent & (trained["kind"] != "dosage").to_numpy(dtype=bool)
    if not named.any() or features.empty:
        return
    unused = features.index[np.setdiff1d(np.arange(len(features)), alignment.columns[alignment.columns >= 0])]
    alike = _alike(trained.index[named], unused)
    if alike:
        shown = ", ".join(f'"{there}" may be "{here}"' for there, here in list(alike.items())[:_SHOWN])
        logger.warning(
            "genotypes: %s of the model %s absent, and may be here under another name: %s. They count as missing; "
            "write them as in training where they are the same.",
            count(len(alike), "feature"),
            "is" if len(alike) == 1 else "are",
            shown,
        )
    elif absent.all():
        logger.warning(
            "genotypes: none of the %s of the model is here. For example %s there and %s here. Write them as in "
            "training.",
            count(len(trained), "feature"),
            show_ids(trained.index[:_SHOWN]),
            show_ids(features.index[:_SHOWN]),
        )


def _alike(absent: pd.Index, unused: pd.Index) -> dict[str, str]:
    """Absent features with the only new one that has their plain name."""
    there, here = _plain_names(absent), _plain_names(unused)
    several = _repeated(here) | _repeated(there)
    place = {name: at for at, name in enumerate(here)}
    return {
        str(absent[at]): str(unused[place[name]])
        for at, name in enumerate(there)
        if name in place and name not in several
    }


def _repeated(names: NDArray[np.object_]) -> set[str]:
    index = pd.Index(names)
    return set(index[index.duplicated(keep=False)])


def _plain_names(ids: pd.Index) -> NDArray[np.object_]:
    plain = []
    for name in ids.astype(str):
        text = name.strip().casefold()
        other = _OTHER_ID.fullmatch(text)
        text = other[1] if other else text
        version = _VERSION.fullmatch(text)
        plain.append(version[1] if version else text)
    return np.array(plain, dtype=object)
