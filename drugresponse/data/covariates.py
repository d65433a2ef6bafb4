"""Columns of the samples table that serve as covariates, numeric or text by content."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from drugresponse.errors import InputError, nearest

__all__ = ["DEFAULT_COVARIATES", "MOST_ARMS", "arm_covariate", "choose_covariates", "typed_covariate"]

logger = logging.getLogger(__name__)

DEFAULT_COVARIATES = ("tissue", "subtype", "ancestry", "sex", "age", "site")
MOST_ARMS = 6
"""Treatment arms told apart by text, at most; a dose in numbers may have any number of values."""


def choose_covariates(
    samples: pd.DataFrame, names: Sequence[str] | None = None, arm: str | None = None
) -> pd.DataFrame:
    """The columns of a samples table that serve as covariates, numeric or text by content.

    Parameters
    ----------
    samples
        Index `sample_id`.
    names
        Columns to take; None takes those of `tissue, subtype, ancestry, sex, age, site` that are present and
        usable, an empty sequence takes none.
    arm
        Column of the treatment arm, which is always a covariate.

    Returns
    -------
    pandas.DataFrame
        Same rows; float64 columns (NaN missing) and text columns (empty string missing).

    Raises
    ------
    InputError
        A named column is absent, or is text with more levels than a tenth of the samples; the arm has one value, or
        more than 6 levels of text.
    """
    wanted = [name for name in DEFAULT_COVARIATES if name in samples.columns] if names is None else list(names)
    wanted += [arm] if arm is not None and arm not in wanted else []
    chosen: dict[str, pd.Series] = {}
    for name in wanted:
        if name == arm:
            chosen[name] = arm_covariate(samples, name)
            continue
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


def arm_covariate(samples: pd.DataFrame, name: str) -> pd.Series:
    """The column of the treatment arm, numeric (a dose) or text by content.

    Parameters
    ----------
    samples
        Index `sample_id`.
    name
        Of the column.

    Returns
    -------
    pandas.Series
        Same rows; float64 (NaN missing) or text (empty string missing).

    Raises
    ------
    InputError
        The column is absent, has a single value, or more than 6 levels of text.

    Examples
    --------
    >>> arm_covariate(pd.DataFrame({"arm": ["active", "control", ""]}, index=["s1", "s2", "s3"]), "arm").tolist()
    ['active', 'control', '']
    """
    if name not in samples.columns:
        hint = nearest(name, map(str, samples.columns)) if len(samples.columns) else "Give --samples with this column."
        raise InputError(f'samples: found no column "{name}" (expected the treatment arm, --arm). {hint}')
    column = typed_covariate(samples[name])
    is_text = column.dtype == object
    present = column[column != ""] if is_text else column[np.isfinite(column)]
    levels = present.nunique()
    if levels < 2:
        told = f'only "{present.iloc[0]}"' if levels else "no value"
        raise InputError(
            f'samples, column "{name}": found {told} among {len(column)} samples with genotype and response '
            "(expected two treatment arms or more). Correct the column, or leave --arm out."
        )
    if is_text and levels > MOST_ARMS:
        raise InputError(
            f'samples, column "{name}": found {levels} different texts (expected 2 to {MOST_ARMS} treatment arms, or a '
            "dose in numbers). Group the arms."
        )
    return column


def typed_covariate(column: pd.Series) -> pd.Series:
    """A covariate as float64 when every present value is a number, else as text with "" for missing."""
    present = column[column.notna() & (column.astype(str).str.strip() != "")]
    numbers = pd.to_numeric(present, errors="coerce")
    if len(present) and numbers.notna().all():
        return numbers.reindex(column.index).astype(np.float64)
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return text.astype(object)
