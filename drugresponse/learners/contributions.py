"""A prediction as a sum of named parts: what the parts are called, and what is handed on drug by drug."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.errors import MemoryLimitError
from drugresponse.features.samples import COVARIATES, SampleEncoder
from drugresponse.learners.state import Array
from drugresponse.memory_limit import memory_left
from drugresponse.shown import Shown

__all__ = [
    "LEADING",
    "PART_COLUMNS",
    "Contributions",
    "EmbeddingParts",
    "parts_table",
    "product_contributions",
    "refuse_too_many_parts",
    "rows_by_drug",
]

PART_COLUMNS = ("kind", "block", "feature_id", "gene", "arm")
_COPIES = 8
"""Matrices of all samples by all tokens, in double precision, that are held at the peak."""
LEADING = {"mean": "mean effects", "structure": "chemical structure", "measured": "own responses"}
"""The parts that are no tokens, by kind, in this order: they stand before the tokens."""


@dataclass(frozen=True, eq=False, repr=False)
class Contributions(Shown):
    """Predictions of one drug as sums of named parts.

    Attributes
    ----------
    drug_id
        The drug.
    rows
        `(n_rows,)` which rows of the pairs asked for, ascending.
    values
        `(n_rows, n_parts)` float64 in the unit of the response; the parts are those of `contribution_parts`.
    gaps
        `(n_rows,)` prediction minus the sum of the parts. Only to be shown: no part is made of it.

    Examples
    --------
    >>> one = Contributions("d", np.array([0]), np.array([[2.0, -0.5]]), gaps=np.array([0.0]))
    >>> (one.values.sum(axis=1) + one.gaps).tolist()  # the prediction
    [1.5]
    """

    drug_id: str
    rows: NDArray[np.intp]
    values: Array
    gaps: Array


def parts_table(kinds: dict[str, bool], encoder: SampleEncoder | None = None) -> pd.DataFrame:
    """The names of a model's parts: those that are no tokens first, then the tokens in their order.

    Parameters
    ----------
    kinds
        Kinds of `LEADING`, and whether the model has such a part.
    encoder
        Of the samples; None has no tokens.

    Returns
    -------
    pandas.DataFrame
        `(n_parts,)` rows of text `kind, block, feature_id, gene, arm`. `kind` is `mean` (overall, drug and tissue means
        that the model holds as such), `structure` (what the structure of a new drug adds to its mean), `measured` (what
        a seen sample's own responses add), `covariate` (such as `tissue=lung`) or `genotype`. `arm` is filled where the
        part is how a feature acts in a treatment arm.

    Examples
    --------
    >>> parts_table({"mean": True})["feature_id"].tolist()
    ['mean effects']
    """
    names = {kind: LEADING[kind] for kind in LEADING if kinds.get(kind, False)}
    leading = pd.DataFrame({"kind": list(names), "block": "", "feature_id": list(names.values())}, dtype=object)
    leading = leading.assign(gene="", arm="")
    if encoder is None:
        return leading[list(PART_COLUMNS)]
    tokens = encoder.tokens_.rename(columns={"token": "feature_id"})
    tokens = tokens.assign(kind=np.where(tokens["block"] == COVARIATES, "covariate", "genotype"))
    return pd.concat([leading, tokens], ignore_index=True)[list(PART_COLUMNS)]


@dataclass(frozen=True, eq=False)
class EmbeddingParts:
    """Sample embeddings that meet drug vectors in a product, taken apart by token.

    Attributes
    ----------
    overall
        Added to each score.
    mean
        `(width,)` embedding that the parts start from; column 0 is a main effect.
    measured
        `(n_samples, width)` what seen samples add to it, 0 where the sample is new.
    tokens
        Gives, for the `(width,)` loadings of a drug, 1 in column 0, the `(n_samples, n_tokens)` parts of its score, and
        `(n_samples,)` what belongs to no token because nothing is known of the sample; it counts to the mean.
    """

    overall: float
    mean: Array
    measured: Array
    tokens: Callable[[Array], tuple[Array, Array]]


def product_contributions(
    pairs: Pairs,
    parts: EmbeddingParts,
    drugs: Array,
    without_structure: Array,
    kinds: dict[str, bool],
    predicted: Array,
) -> Iterator[Contributions]:
    """Contributions where the score is `overall + drug effect + sample embedding x drug vector`.

    Parameters
    ----------
    pairs
        Compact.
    parts
        Of the distinct samples.
    drugs, without_structure
        `(n_drugs, width)` vector of each drug, and what it would be if nothing were known of its structure: the same
        for drugs that have a vector of their own. Column 0 is the drug's effect.
    kinds
        Which kinds of parts that are no tokens the model has.
    predicted
        `(n_pairs,)` what `predict` says.
    """
    kept = [kind for kind in LEADING if kinds.get(kind, False)]
    for drug, rows in rows_by_drug(pairs):
        base, added = without_structure[drug], drugs[drug] - without_structure[drug]
        loadings = np.concatenate([[1.0], drugs[drug, 1:]])
        tokens, of_none = parts.tokens(loadings)
        by_kind = {
            "mean": parts.overall + base[0] + parts.mean[0] + parts.mean[1:] @ base[1:] + of_none,
            "structure": added[0] + parts.mean[1:] @ added[1:],
            "measured": parts.measured @ loadings,
        }
        columns = [np.broadcast_to(by_kind[kind], len(parts.measured)) for kind in kept]
        values = np.hstack([np.column_stack(columns), tokens])[pairs.sample_index[rows]]
        yield Contributions(str(pairs.drugs.index[drug]), rows, values, predicted[rows] - values.sum(axis=1))


def refuse_too_many_parts(n_samples: int, n_tokens: int) -> None:
    """End before predictions are taken apart whose parts do not fit into the memory that is left.

    Parameters
    ----------
    n_samples, n_tokens
        Each sample has a part of each token.

    Raises
    ------
    MemoryLimitError
        They are too many.

    Examples
    --------
    >>> refuse_too_many_parts(100, 1_000)
    """
    of_sample, left = 8 * _COPIES * n_tokens, memory_left()
    if n_samples * of_sample <= left:
        return
    raise MemoryLimitError(
        f"genotypes: taking the predictions of {n_samples:,} samples apart by {n_tokens:,} tokens takes about "
        f"{n_samples * of_sample >> 20:,} MB (expected at most the {left >> 20:,} MB that are left, which do for "
        f"{left // of_sample:,} samples). Ask for more memory, give responses of fewer samples, which explains these "
        "alone, or train on fewer features."
    )


def rows_by_drug(pairs: Pairs) -> Iterator[tuple[int, NDArray[np.intp]]]:
    """The row number of each drug that occurs, and its pairs' rows, ascending."""
    order = np.argsort(pairs.drug_index, kind="stable")
    starts = np.searchsorted(pairs.drug_index[order], np.arange(len(pairs.drugs) + 1))
    for drug in range(len(pairs.drugs)):
        rows = order[starts[drug] : starts[drug + 1]]
        if len(rows):
            yield drug, rows
