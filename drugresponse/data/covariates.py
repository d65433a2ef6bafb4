"""Columns of the samples table that serve as covariates, numeric or text by content."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from drugresponse.errors import InputError, nearest

__all__ = ["DEFAULT_COVARIATES", "choose_covariates", "typed_covariate"]

logger = logging.getLogger(__name__)

DEFAULT_COVARIATES = ("tissue", "subtype", "ancestry", "sex", "age", "site")


def choose_covariates(samples: pd.DataFrame, names: Sequence[str] | None = None) -> pd.DataFrame:
    """The columns of a samples table that serve as covariates, numeric or text by content.

    Parameters
    ----------
    samples
        Index `sample_id`.
    names
        Columns to take; None takes those of `tissue, subtype, ancestry, sex, age, site` that are present and
        usable, an empty sequence takes none.

    Returns
    -------
    pandas.DataFrame
        Same rows; float64 columns (NaN missing) and text columns (empty string missing).

    Raises
    ------
    InputError
        A named column is absent, or is text with more levels than a tenth of the samples.
    """
    wanted = [name for name in DEFAULT_COVARIATES if name in samples.columns] if names is None else list(names)
    chosen: dict[str, pd.Series] = {}
    for name in wanted:
        if name not in samples.columns:
            raise InputError(f'samples: found no covariate column "{name}". {nearest(name, map(str, samples.columns))}')
        column = typed_covariate(samples[name])
        levels = column[column != ""].nunique() if column.dtype == object else 0
        if levels > max(2, len(column) // 10):
            message = (
                f'samples, column "{name}": found {levels} different texts among {len(column)} samples '
                "(expected at most a tenth as many levels as samples)."
            )
            if names is not None:
                raise InputError(f"{message} Group the levels or leave the column out of --covariates.")
            logger.warning("%s It is not used as a covariate.", message)
            continue
        chosen[name] = column
    return pd.DataFrame(chosen, index=samples.index)


def typed_covariate(column: pd.Series) -> pd.Series:
    """A covariate as float64 when every present value is a number, else as text with "" for missing."""
    present = column[column.notna() & (column.astype(str).str.strip() != "")]
    numbers = pd.to_numeric(present, errors="coerce")
    if len(present) and numbers.notna().all():
        return numbers.reindex(column.index).astype(np.float64)
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return text.astype(object)
