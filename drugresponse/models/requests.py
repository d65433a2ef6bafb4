"""What a prediction is asked for: samples and drugs joined to what the model remembers of its training."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from drugresponse.data.covariates import typed_covariate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import suggest_ids
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import index_by_id
from drugresponse.errors import InputError, show_ids
from drugresponse.features.drugs import without_unreadable

__all__ = ["drugs_by_id", "prediction_pairs"]

logger = logging.getLogger(__name__)


def drugs_by_id(drugs: pd.DataFrame | None, used: pd.Series | None) -> pd.DataFrame | None:
    """A drugs table by id, its unreadable structures left out.

    Parameters
    ----------
    drugs
        `drug_id` as column or index; None is handed on.
    used
        Ids of the drugs in use, whose structures alone are looked at; None looks at all.
    """
    if drugs is None:
        return None
    table = index_by_id(drugs, "drug_id", where="drugs")
    return without_unreadable(table, table.index if used is None else pd.Index(used.astype(str)))


def prediction_pairs(
    genotypes: Genotypes,
    trained_drugs: pd.DataFrame,
    drugs: pd.DataFrame | None,
    samples: pd.DataFrame | None,
    rows: pd.DataFrame | None,
    covariates: Sequence[str],
    text_covariates: Collection[str] = (),
    arm: Mapping[str, Any] | None = None,
) -> Pairs:
    """The grid of samples and drugs, or the rows asked for.

    Parameters
    ----------
    genotypes
        New samples.
    trained_drugs
        What the model remembers: index `drug_id`, column `smiles`.
    drugs, samples
        Tables by id, or None.
    rows
        Columns `sample_id` and, unless the model has one drug, `drug_id`; None asks for the grid.
    covariates
        Names that the model was trained with.
    text_covariates
        Those of them that were text.
    arm
        `column` and `levels` of the treatment arm, as in the manifest; None where there is none.

    Raises
    ------
    InputError
        No sample is given, or a row names a sample or drug that is nowhere described.
    """
    if not len(genotypes.sample_ids):
        raise InputError("genotypes: found no sample (expected at least one). Check the file.")
    known = _merge_drugs(trained_drugs, drugs)
    side = _covariates(genotypes.sample_ids, samples, covariates, text_covariates)
    if arm is not None:
        _tell_unknown_arms(side, str(arm["column"]), arm["levels"])
    if rows is None:
        wanted = known if drugs is None else known.loc[drugs.index]
        return Pairs.grid(genotypes, side, wanted)
    asked = _complete_rows(rows, known, genotypes)
    return Pairs.build(genotypes, side, known, asked)


def _merge_drugs(trained: pd.DataFrame, drugs: pd.DataFrame | None) -> pd.DataFrame:
    """All drugs known to either side; a structure given now wins over the remembered one."""
    if drugs is None:
        return trained
    smiles = drugs["smiles"] if "smiles" in drugs.columns else pd.Series("", index=drugs.index)
    smiles = smiles.astype(object).where(smiles.notna(), "").astype(str).str.strip()
    remembered = trained["smiles"].reindex(drugs.index).fillna("")
    given = drugs.assign(smiles=smiles.where(smiles != "", remembered))
    return pd.concat([given, trained[~trained.index.isin(given.index)]])


def _covariates(
    sample_ids: pd.Index, samples: pd.DataFrame | None, names: Sequence[str], texts: Collection[str]
) -> pd.DataFrame:
    if names and samples is None:
        logger.warning(
            "samples: no table was given, and the model uses the covariates %s; they count as missing. Give --samples.",
            ", ".join(names),
        )
    table = pd.DataFrame(index=sample_ids) if samples is None else samples.reindex(sample_ids)
    if samples is not None and names and not sample_ids.isin(samples.index).any():
        raise InputError(
            f"samples: none of its {len(samples)} samples is among those of the genotypes. "
            f"{suggest_ids(samples.index, sample_ids)}"
        )
    absent = [name for name in names if name not in table.columns]
    if samples is not None and absent:
        logger.warning("samples: the columns %s of the training are absent; they count as missing.", show_ids(absent))
    present = [name for name in names if name in table.columns]
    # numbers alone among new samples do not make levels of text into numbers
    typed = {name: _as_text(table[name]) if name in texts else typed_covariate(table[name]) for name in present}
    return pd.DataFrame(typed, index=sample_ids)


def _tell_unknown_arms(covariates: pd.DataFrame, column: str, levels: Sequence[str] | None) -> None:
    """Say for how many samples the arm is missing, or is not one of the training."""
    arms = covariates.get(column, pd.Series(float("nan"), index=covariates.index))
    known = pd.to_numeric(arms, errors="coerce").notna() if levels is None else arms.isin(list(levels))
    if not known.all():
        logger.warning(
            'samples, column "%s": the treatment arm of %d of %d samples is missing or was not in training; their '
            "predictions leave out how genotype acts in an arm.",
            column,
            int((~known).sum()),
            len(known),
        )


def _as_text(column: pd.Series) -> pd.Series:
    return column.astype(object).where(column.notna(), "").astype(str).str.strip().astype(object)


def _complete_rows(rows: pd.DataFrame, known: pd.DataFrame, genotypes: Genotypes) -> pd.DataFrame:
    if "sample_id" not in rows.columns:
        raise InputError('pairs: found no column "sample_id" (expected sample_id and drug_id). Rename the columns.')
    if "drug_id" not in rows.columns:
        if len(known) != 1:
            raise InputError(
                f'pairs: found no column "drug_id", and the model knows {len(known)} drugs. Add the column.'
            )
        rows = rows.assign(drug_id=known.index[0])
    asked = rows[["sample_id", "drug_id"]].astype(str)
    absent = pd.Index(asked["sample_id"].unique()).difference(genotypes.sample_ids)
    if len(absent):
        raise InputError(
            f"pairs: {len(absent)} of its samples have no genotype. {suggest_ids(absent, genotypes.sample_ids)}"
        )
    unknown = pd.Index(asked["drug_id"].unique()).difference(known.index)
    if len(unknown):
        raise InputError(
            f"pairs: {len(unknown)} of its drugs are neither trained nor in the drugs table. "
            f"{suggest_ids(unknown, known.index)}"
        )
    return asked.drop_duplicates(ignore_index=True)
