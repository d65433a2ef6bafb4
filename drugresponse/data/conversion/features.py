"""What each column of a matrix means: its features table, or a guess from the whole block that is reported."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from functools import partial, reduce
from operator import add
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion._allele_codes import refuse_allele_codes
from drugresponse.data.conversion._missing_codes import refuse_missing_codes
from drugresponse.data.conversion.spreadsheet_dates import warn_of_dates
from drugresponse.data.genotypes import FEATURE_COLUMNS, KINDS
from drugresponse.data.ids import without_blanks
from drugresponse.data.stored.number_kinds import kind_of
from drugresponse.data.stored.number_summary import NumberSummary
from drugresponse.data.stored_values import StoredValues
from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.errors import InputError, nearest, show_ids

__all__ = ["describe_features"]

logger = logging.getLogger(__name__)

_HIGHEST = {"dosage": 2, "altered": 1}
_GENE_AND_NUMBER = re.compile(r"(\S+) \((?:\d+|ENSG\d+(?:\.\d+)?)\)")


def describe_features(
    feature_ids: Sequence[str],
    values: Any,
    *,
    table: pd.DataFrame | None = None,
    kind: str | None = None,
    where: str = "genotypes",
) -> pd.DataFrame:
    """The feature rows of a matrix.

    Parameters
    ----------
    feature_ids
        `(n_features,)` ids, in the order of the columns.
    values
        `(n_samples, n_features)` dense, sparse or stored, NaN missing; looked at where a kind must be guessed.
    table
        Index `feature_id`, some of the feature columns. A `kind` that is none of dosage, altered, copy_number and score
        names a block, whose kind is guessed.
    kind
        Kind of the features whose kind the table does not tell.

    Returns
    -------
    pandas.DataFrame
        `(n_features,)` rows with `kind` and `block` filled, for `Genotypes.build`.

    Raises
    ------
    InputError
        `kind` is unknown, none of the ids stands in the table, or the numbers of a guessed kind hold codes of missing
        calls or of alleles.

    Examples
    --------
    >>> table = pd.DataFrame({"kind": ["mut", "gain"]}, index=["TP53_mut", "ERBB2_gain"])
    >>> describe_features(["TP53_mut", "ERBB2_gain"], np.array([[0, 2], [1, 0]]), table=table)["kind"].tolist()
    ['altered', 'dosage']
    """
    if kind is not None and kind not in KINDS:
        raise InputError(f'`kind`: "{kind}" is unknown. {nearest(kind, KINDS)}')
    ids = pd.Index(without_blanks(map(str, feature_ids), where), name="feature_id", dtype=object)
    if not ids.is_unique:
        raise InputError(
            f"{where}: feature {show_ids(ids[ids.duplicated()].unique())} stands in more than one column "
            "(expected each feature once). Rename or remove the repeats."
        )
    features = _looked_up(ids, table, where)
    warn_of_dates(_gene_names(features), where)
    if "gene" not in features.columns:
        features["gene"] = _genes_in(ids)
    written = features["kind"]
    is_kind = written.isin(KINDS)
    features["block"] = features["block"].where((features["block"] != "") | is_kind, written)
    kinds = written.where(is_kind, kind or "").to_numpy(dtype=object, copy=True)
    unknown = kinds == ""
    for known_kind, highest in _HIGHEST.items():
        members = np.flatnonzero(kinds == known_kind)
        if len(members) and _may_be_beyond(values, members, highest):
            numbers = _numbers(values, members)
            refuse_missing_codes(numbers, known_kind, guessed=False, where=where)
            # a table may have three copies of a star allele; one word for all columns is likelier wrong
            if known_kind == kind and not is_kind.iloc[members].any():
                _refuse_other_numbers(numbers, kind, where)
    for block in features.loc[unknown, "block"].unique():
        members = np.flatnonzero(unknown & (features["block"] == block).to_numpy())
        numbers = _numbers(values, members)
        guess = kind_of(numbers)
        place = f'{where}, block "{block}"' if block else where
        refuse_missing_codes(numbers, guess, guessed=True, where=place)
        if not isinstance(values, StoredValues):
            refuse_allele_codes(numbers, values, members, list(ids[members]), place)
        kinds[members] = guess
        of_block = f' of block "{block}"' if block else ""
        logger.info(
            f"{where}: the kind of {len(members)} features{of_block} was not told; guessed {guess} from their values."
        )
    return features.assign(kind=kinds)


def _refuse_other_numbers(numbers: NumberSummary, kind: str, where: str) -> None:
    """Refuse numbers that the kind given for all columns cannot have."""
    if numbers.n and (numbers.low < 0 or numbers.high > _HIGHEST[kind]):
        raise InputError(
            f"{where}: found {numbers.low:g} to {numbers.high:g} (expected 0 to {_HIGHEST[kind]} of `kind` {kind}). "
            "Give `kind` copy_number or `kind` score, or correct the numbers."
        )


def _genes_in(ids: pd.Index) -> list[str]:
    """The genes of ids that name them as DepMap does, such as TP53 (7157); "" of every other."""
    named = [_GENE_AND_NUMBER.fullmatch(feature_id) for feature_id in ids]
    is_usual = 2 * sum(map(bool, named)) >= len(ids)
    return [match[1] if match and is_usual else "" for match in named]


def _looked_up(ids: pd.Index, table: pd.DataFrame | None, where: str) -> pd.DataFrame:
    if table is None:
        return pd.DataFrame({"block": "", "kind": ""}, index=ids, dtype=object)
    known = ids.isin(table.index)
    if not known.any():
        raise InputError(
            f'{where}: none of its features (such as "{ids[0]}") stands in the features table '
            f'(which has such as "{table.index[0]}"). '
            "Give the features table of this matrix."
        )
    if not known.all():
        logger.info("%s: %d of %d features are not in the features table.", where, int((~known).sum()), len(ids))
    features = table[[name for name in FEATURE_COLUMNS if name in table.columns]].reindex(ids)
    for name in ("block", "kind", "chromosome"):
        if name in features.columns:
            features[name] = features[name].astype(object).fillna("").astype(str).astype(object)
        elif name != "chromosome":
            features[name] = pd.Series("", index=ids, dtype=object)
    if "chromosome" in features.columns:
        human = are_human(features["chromosome"].unique())
        features["chromosome"] = features["chromosome"].map(partial(plain_chromosome, human=human)).astype(object)
    return features


def _gene_names(features: pd.DataFrame) -> set[str]:
    """What may name a gene: the column of genes, and of features without a place, the id and what begins it."""
    names = set(features["gene"].dropna().unique()) if "gene" in features.columns else set()
    placed = features["position"].notna() if "position" in features.columns else pd.Series(False, index=features.index)
    ids = features.index[~placed.to_numpy(dtype=bool)]
    starts = {re.split(r"[_*:(]", feature_id)[0].strip() for feature_id in ids}
    return (names | set(ids) | starts) - {""}


def _numbers(values: Any, members: NDArray[np.intp]) -> NumberSummary:
    """What some columns hold."""
    if isinstance(values, StoredValues):
        return _stored_numbers(values, members)
    if not hasattr(values, "tocsc"):
        return NumberSummary.of(np.asarray(values)[:, members])
    block = values.tocsc()[:, members]
    # as many zeros as other values tell `kind_of` all it asks, without filling in the matrix
    n_zeros = min(block.shape[0] * block.shape[1] - block.data.size, block.data.size + 1)
    return NumberSummary.of(np.concatenate([block.data, np.zeros(n_zeros, dtype=block.data.dtype)]))


def _stored_numbers(values: StoredValues, members: NDArray[np.intp]) -> NumberSummary:
    """The same, read block by block."""
    parts = [NumberSummary.of(block) for _, block in values.blocks(members)]
    return reduce(add, parts, NumberSummary.of(np.zeros(0)))


def _may_be_beyond(values: Any, members: NDArray[np.intp], highest: int) -> bool:
    """Whether columns are to be looked at; of stored ones it is known whether all numbers lie from 0 to the highest."""
    if not isinstance(values, StoredValues):
        return True
    known = values.statistics().take(members)
    return bool(((known.low < 0) | (known.high > highest)).any())
