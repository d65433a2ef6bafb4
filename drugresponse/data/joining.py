"""Genotypes, responses, drugs and samples brought together by id, and what was lost on the way."""

from __future__ import annotations

import logging
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.covariates import choose_covariates
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError, show_ids

__all__ = ["MINIMUM_SAMPLES", "JoinLoss", "TrainingRows", "join_training_rows", "suggest_ids"]

logger = logging.getLogger(__name__)

MINIMUM_SAMPLES = 10
_SIDES = {"left": -1, "none": 0, "right": 1}


@dataclass(frozen=True)
class JoinLoss:
    """What the join kept, and what it left behind.

    Attributes
    ----------
    samples, drugs, pairs
        Distinct samples, distinct drugs and measured pairs that remain.
    samples_without_genotype, samples_without_response
        Samples that one side has and the other lacks.
    drugs_without_structure
        Remaining drugs with no SMILES.
    repeated_rows
        Rows averaged away because their pair was measured more than once.
    """

    samples: int
    drugs: int
    pairs: int
    samples_without_genotype: int
    samples_without_response: int
    drugs_without_structure: int
    repeated_rows: int

    def to_dict(self) -> dict[str, int]:
        """Plain values for a manifest."""
        return asdict(self)


@dataclass(frozen=True, eq=False)
class TrainingRows:
    """What a learner is fitted on.

    Attributes
    ----------
    pairs
        The measured pairs over the samples that have both genotype and response; they tell which are censored.
    y, weights
        `(n_pairs,)` float64.
    loss
        What the join kept and lost.
    """

    pairs: Pairs
    y: NDArray[np.float64]
    weights: NDArray[np.float64]
    loss: JoinLoss


def join_training_rows(
    genotypes: Genotypes,
    responses: Responses,
    drugs: pd.DataFrame | None,
    samples: pd.DataFrame | None,
    covariates: Sequence[str] | None = None,
    arm: str | None = None,
) -> TrainingRows:
    """Join by id; a drug that the drugs table lacks is kept, without structure.

    Raises
    ------
    InputError
        No sample, or fewer than 10, has both genotype and response, or all responses are equal, or a covariate or the
        arm is not one.
    """
    table = responses.table
    measured = pd.Index(table["sample_id"].unique())
    # by id, so that the order of a file has no part in what is drawn by row number
    shared = genotypes.sample_ids[genotypes.sample_ids.isin(measured)].sort_values()
    if shared.empty:
        raise InputError(_no_overlap("responses", measured, "genotypes", genotypes.sample_ids))
    if len(shared) < MINIMUM_SAMPLES:
        raise InputError(
            f"responses: found {len(shared)} samples with both genotype and response "
            f"(expected {MINIMUM_SAMPLES} or more). Add measured samples."
        )
    rows = table[table["sample_id"].isin(shared)]
    if rows["response"].nunique() == 1:
        raise InputError(
            f"responses: all {len(rows)} responses equal {rows['response'].iloc[0]:g} "
            "(expected values that differ). Check the response column."
        )
    sample_table = _samples_of(samples, shared)
    drug_table = _drugs_of(drugs, pd.Index(rows["drug_id"].unique()))
    pairs = Pairs.build(
        genotypes.reindex(shared),
        choose_covariates(sample_table, covariates, arm),
        drug_table,
        rows,
        sample_table["subject_id"] if "subject_id" in sample_table.columns else None,
    )
    pairs = pairs if arm is None else replace(pairs, arm=arm)
    if (rows["censor"] != "none").any():
        pairs = replace(pairs, censor=np.asarray(rows["censor"].map(_SIDES), dtype=np.int8))
    loss = JoinLoss(
        samples=len(shared),
        drugs=len(drug_table),
        pairs=len(rows),
        samples_without_genotype=len(measured) - len(shared),
        samples_without_response=len(genotypes.sample_ids) - len(shared),
        drugs_without_structure=int((pairs.drugs["smiles"] == "").sum()),
        repeated_rows=responses.n_repeated,
    )
    return TrainingRows(pairs, rows["response"].to_numpy(), rows["weight"].to_numpy(), loss)


def suggest_ids(missing: pd.Index, known: pd.Index) -> str:
    """A sentence that shows three ids of each side, and whether case, blanks or -._ are all that keeps them apart.

    Examples
    --------
    >>> suggest_ids(pd.Index(["mcf7"]), pd.Index(["MCF-7"]))
    'For example "mcf7" here and "MCF-7" there. "mcf7" may be "MCF-7": write them alike.'
    """
    sentence = f"For example {show_ids(sorted(missing)[:3])} here and {show_ids(sorted(known)[:3])} there."
    plain = {_plain(each): each for each in reversed(known)}
    for each in missing:
        if _plain(each) in plain:
            return f'{sentence} "{each}" may be "{plain[_plain(each)]}": write them alike.'
    return f"{sentence} Use the same ids in both."


def _plain(identity: object) -> str:
    return re.sub(r"[\s._-]+", "", str(identity)).casefold()


def _no_overlap(here: str, ids: pd.Index, there: str, known: pd.Index) -> str:
    return f"{here}: none of its {len(ids)} samples is among the {len(known)} of the {there}. {suggest_ids(ids, known)}"


def _samples_of(samples: pd.DataFrame | None, ids: pd.Index) -> pd.DataFrame:
    if samples is None:
        return pd.DataFrame(index=ids)
    absent = ids[~ids.isin(samples.index)]
    if len(absent) == len(ids):
        raise InputError(_no_overlap("samples", samples.index, "genotypes", ids))
    if len(absent):
        logger.warning(
            "samples: %d samples have no row (%s); their covariates are missing.", len(absent), show_ids(absent)
        )
    return samples.reindex(ids)


def _drugs_of(drugs: pd.DataFrame | None, ids: pd.Index) -> pd.DataFrame:
    """Rows of the drugs that have responses, in order of their ids."""
    ordered = pd.Index(sorted(ids), name="drug_id", dtype=object)
    if drugs is None:
        return pd.DataFrame(index=ordered)
    absent = ordered[~ordered.isin(drugs.index)]
    if len(absent) == len(ordered):
        logger.warning(
            "drugs: none of the %d drugs of the responses has a row. %s",
            len(ordered),
            suggest_ids(ordered, drugs.index),
        )
    elif len(absent):
        logger.warning(
            "drugs: %d drugs have no row (%s); they are treated as without structure.", len(absent), show_ids(absent)
        )
    return drugs.reindex(ordered)
