"""Covariates of new samples in the terms of a model."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from drugresponse.data.column_names import plain_name
from drugresponse.data.covariates import typed_covariate
from drugresponse.data.ids import suggest_ids, tell_of_lost_ids
from drugresponse.errors import InputError, count, show_ids

__all__ = ["covariates_as_trained", "tell_unknown_arms"]

logger = logging.getLogger(__name__)


def covariates_as_trained(
    sample_ids: pd.Index, samples: pd.DataFrame | None, names: Sequence[str], texts: Mapping[str, Mapping[str, str]]
) -> pd.DataFrame:
    """The columns of a samples table that a model was trained with, in its terms.

    Parameters
    ----------
    sample_ids
        Samples wanted, in this order.
    samples
        Index `sample_id`; None where there is no table.
    names, texts
        As `covariates` and `covariate_levels` of `FittedParts`.

    Returns
    -------
    pandas.DataFrame
        The columns that are present, under the names of the training: without regard to case, blanks, `_` and `-`.

    Raises
    ------
    InputError
        No sample is in the table.
    """
    if names and samples is None:
        logger.warning(
            "samples: no table was given, and the model uses the covariates %s; they count as missing. Give `samples`.",
            ", ".join(names),
        )
    table = pd.DataFrame(index=sample_ids) if samples is None else samples.reindex(sample_ids)
    if samples is not None and names and not sample_ids.isin(samples.index).any():
        raise InputError(
            f"samples: none of its {count(len(samples), 'sample')} is among those of the genotypes. "
            f"{suggest_ids(samples.index, sample_ids)}"
        )
    if samples is not None and names:
        tell_of_lost_ids("genotypes", "samples", sample_ids, "samples table", samples.index, "without covariates")
    written = {name: _column_of(name, table.columns) for name in names}
    absent = [name for name, column in written.items() if column is None]
    if samples is not None and absent:
        logger.warning("samples: the columns %s of the training are absent; they count as missing.", show_ids(absent))
    typed = {
        # numbers alone among new samples do not make levels of text into numbers
        name: _as_levels(name, table[column], texts[name]) if name in texts else _as_numbers(name, table[column])
        for name, column in written.items()
        if column is not None
    }
    return pd.DataFrame(typed, index=sample_ids)


def tell_unknown_arms(covariates: pd.DataFrame, column: str, levels: Sequence[str] | None) -> None:
    """Say for how many samples the arm is missing, or is not one of the training."""
    arms = covariates.get(column, pd.Series(float("nan"), index=covariates.index))
    known = pd.to_numeric(arms, errors="coerce").notna() if levels is None else arms.isin(list(levels))
    if not known.all():
        logger.warning(
            'samples, column "%s": the treatment arm of %d of %s is missing or was not in training; their '
            "predictions leave out how genotype acts in an arm.",
            column,
            int((~known).sum()),
            count(len(known), "sample"),
        )


def _column_of(name: str, columns: pd.Index) -> str | None:
    """The column of this name, or the only one that differs in case, blanks or marks alone."""
    if name in columns:
        return name
    alike = [column for column in columns if plain_name(column) == plain_name(name)]
    return alike[0] if len(alike) == 1 else None


def _as_levels(name: str, column: pd.Series, levels: Mapping[str, str]) -> pd.Series:
    """A column of text in the levels of the training; a text that training had not stays, and contributes nothing."""
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip().astype(object)
    unknown = (text != "") & ~text.isin(list(levels))
    if levels and unknown.any():
        logger.warning(
            'samples, column "%s": %d of %s have a text that training had not; it counts as missing. %s',
            name,
            int(unknown.sum()),
            count(len(text), "sample"),
            suggest_ids(pd.Index(text[unknown].unique()), pd.Index(list(levels))),
        )
    return text.where(~text.isin(list(levels)), text.map(levels)).astype(object)


def _as_numbers(name: str, column: pd.Series) -> pd.Series:
    typed = typed_covariate(column)
    if typed.dtype != object:
        return typed
    numbers = pd.to_numeric(typed, errors="coerce").astype(np.float64)
    lost = numbers.isna() & (typed != "")
    if lost.any():
        logger.warning(
            'samples, column "%s": %d of %s are no numbers, as they were in training (%s); they count as missing.',
            name,
            int(lost.sum()),
            count(len(typed), "sample"),
            show_ids(typed[lost].unique()),
        )
    return numbers
