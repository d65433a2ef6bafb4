"""Genotypes, responses, drugs and samples brought together by id, and what was lost on the way."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.subjects import subjects_of
from drugresponse.data.covariates import Covariates, arm_covariate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import suggest_ids, tell_of_lost_ids
from drugresponse.data.lineages.lineages import Lineages, lineage_column_of
from drugresponse.data.outcomes.observed import Observed
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError
from drugresponse.shown import Shown

__all__ = ["MINIMUM_SAMPLES", "JoinLoss", "TrainingRows", "join_training_rows", "lineages_of", "observed_of"]

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
    censored_rows
        Pairs whose response is a limit.
    """

    samples: int
    drugs: int
    pairs: int
    samples_without_genotype: int
    samples_without_response: int
    drugs_without_structure: int
    repeated_rows: int
    censored_rows: int = 0

    def to_dict(self) -> dict[str, int]:
        """Plain values for a manifest."""
        return asdict(self)


@dataclass(frozen=True, eq=False, repr=False)
class TrainingRows(Shown):
    """What a learner is fitted on.

    Attributes
    ----------
    pairs
        The measured pairs over the samples that have both genotype and response; they tell which are censored.
    y, weights
        `(n_pairs,)` float64.
    loss
        What the join kept and lost.
    covariates
        Which columns of the samples table serve as covariates, and why the others do not.
    lineages
        Of the samples, and where they are known from; None where nothing tells them.
    samples
        The table of samples as it was given, index `sample_id`, with those that have no response; None without one.
    """

    pairs: Pairs
    y: NDArray[np.float64]
    weights: NDArray[np.float64]
    loss: JoinLoss
    covariates: Covariates = field(default_factory=lambda: Covariates(pd.DataFrame()))
    lineages: Lineages | None = None
    samples: pd.DataFrame | None = None


def join_training_rows(
    genotypes: Genotypes,
    responses: Responses,
    drugs: pd.DataFrame | None,
    samples: pd.DataFrame | None,
    covariates: Sequence[str] | pd.DataFrame | None = None,
    arm: str | None = None,
    lineage_column: str | None = None,
    scheme: str | None = None,
) -> TrainingRows:
    """Join by id; a drug that the drugs table lacks is kept, without structure.

    In the scheme `new-studies` a pair that several studies measured has a row for each.

    Covariates are columns of the samples table by name, or those of a model as a table. Lineages are told by the column
    that is named or has a usual name, and made from genotype where there is none and the scheme holds them out.

    Raises
    ------
    InputError
        No sample, or fewer than 10, has both genotype and response, or all responses are equal, or a covariate, the arm
        or the column of lineages is not one, or lineages cannot be made.
    """
    if scheme == "new-studies":
        responses = responses.apart_by_study()
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
    tell_of_lost_ids("responses", "samples", measured, "genotypes", genotypes.sample_ids, "left out")
    rows = table[table["sample_id"].isin(shared)]
    _refuse_equal(rows, responses.outcome)
    sample_table = _samples_of(samples, shared)
    lineage_column = lineage_column_of(sample_table, lineage_column)
    drug_table = _drugs_of(drugs, pd.Index(rows["drug_id"].unique()))
    if isinstance(covariates, pd.DataFrame):
        chosen = Covariates(covariates.reindex(shared))
        if arm is not None:
            arm_covariate(sample_table, arm)
    else:
        held_out = lineage_column if scheme == "new-lineages" else None
        has_classes = responses.outcome.has_classes
        chosen = Covariates.choose(sample_table, covariates, arm, rows, held_out, has_classes)
    pairs = Pairs.build(
        genotypes.reindex(shared).as_root(),
        chosen.table,
        drug_table,
        rows,
        subjects_of(sample_table),
    )
    pairs = pairs if arm is None else replace(pairs, arm=arm)
    pairs = replace(pairs, observed=observed_of(rows, responses.outcome))
    if (rows["censor"] != "none").any():
        pairs = replace(pairs, censor=np.asarray(rows["censor"].map(_SIDES), dtype=np.int8))
    if scheme == "new-studies":
        pairs = replace(pairs, studies=rows["study"].to_numpy(dtype=object))
    lineages = lineages_of(sample_table, lineage_column, pairs.genotypes, scheme)
    pairs = pairs if lineages is None else replace(pairs, lineages=lineages.numbers)
    loss = JoinLoss(
        samples=len(shared),
        drugs=len(drug_table),
        pairs=len(rows),
        samples_without_genotype=len(measured) - len(shared),
        samples_without_response=len(genotypes.sample_ids) - len(shared),
        drugs_without_structure=int((pairs.drugs["smiles"] == "").sum()),
        repeated_rows=responses.n_repeated,
        censored_rows=int((rows["censor"] != "none").sum()),
    )
    return TrainingRows(pairs, rows["response"].to_numpy(), rows["weight"].to_numpy(), loss, chosen, lineages, samples)


def lineages_of(samples: pd.DataFrame, column: str | None, genotypes: Genotypes, scheme: str | None) -> Lineages | None:
    """Those of the column, or where there is none and they are needed, of the genotypes."""
    if column is not None:
        return Lineages.of_column(samples, column)
    return Lineages.of_genotypes(genotypes) if scheme == "new-lineages" else None


def observed_of(rows: pd.DataFrame, outcome: Outcome) -> Observed | None:
    """What was observed in rows of a table of `Responses`, beside the response; None where that is all."""
    if outcome.kind == "continuous":
        return None
    columns = {"interval": ("lower", "upper"), "time-to-event": ("happened", "entry")}.get(outcome.kind, ())
    return Observed(outcome, **{name: rows[name].to_numpy() for name in columns})


def _refuse_equal(rows: pd.DataFrame, outcome: Outcome) -> None:
    """Refuse responses that all say the same, so that nothing can be learned of them."""
    if outcome.kind == "time-to-event":
        if not rows["happened"].any():
            raise InputError(
                f"responses: the event happened in none of {len(rows)} responses (expected times at which it did). "
                "Check the column of events."
            )
        return
    columns = ["lower", "upper"] if outcome.kind == "interval" else ["response"]
    if rows[columns].drop_duplicates().shape[0] == 1:
        first = rows["response"].iloc[0]
        same = f'are "{outcome.classes[int(first)]}"' if outcome.has_classes else f"equal {first:g}"
        raise InputError(
            f"responses: all {len(rows)} responses {same} (expected values that differ). Check the response column."
        )


def _no_overlap(here: str, ids: pd.Index, there: str, known: pd.Index) -> str:
    return f"{here}: none of its {len(ids)} samples is among the {len(known)} of the {there}. {suggest_ids(ids, known)}"


def _samples_of(samples: pd.DataFrame | None, ids: pd.Index) -> pd.DataFrame:
    if samples is None:
        return pd.DataFrame(index=ids)
    absent = ids[~ids.isin(samples.index)]
    if len(absent) == len(ids):
        raise InputError(_no_overlap("samples", samples.index, "genotypes", ids))
    tell_of_lost_ids("genotypes", "samples", ids, "samples table", samples.index, "without covariates")
    return samples.reindex(ids)


def _drugs_of(drugs: pd.DataFrame | None, ids: pd.Index) -> pd.DataFrame:
    """Rows of the drugs that have responses, in order of their ids."""
    ordered = pd.Index(sorted(ids), name="drug_id", dtype=object)
    if drugs is None:
        return pd.DataFrame(index=ordered)
    absent = ordered[~ordered.isin(drugs.index)]
    if len(absent) == len(ordered):
        logger.warning(
            f"drugs: none of the {len(ordered)} drugs of the responses has a row. {suggest_ids(ordered, drugs.index)}"
        )
    else:
        tell_of_lost_ids("responses", "drugs", ordered, "drugs table", drugs.index, "treated as without structure")
    return drugs.reindex(ordered)
