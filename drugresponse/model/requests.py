"""What a model is asked for: settings that can be met, and samples and drugs joined to what it remembers."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import clean_ids, spellings_alike, suggest_ids
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, find_scheme
from drugresponse.data.tables import index_by_id
from drugresponse.errors import InputError, count, nearest
from drugresponse.features.alignment import Alignment
from drugresponse.features.drugs import without_unreadable
from drugresponse.learners.registry import LEARNERS, find_learner
from drugresponse.model.new_covariates import covariates_as_trained

__all__ = [
    "as_trained",
    "drugs_by_id",
    "prediction_pairs",
    "refuse_settings",
    "rows_asked",
]

logger = logging.getLogger(__name__)


_WHOLE = ("folds", "rank", "epochs", "trees", "depth", "random_state")
_TEXT = {"learner": LEARNERS, "scheme": SCHEMES}


def refuse_settings(settings: Mapping[str, Any]) -> None:
    """Refuse settings of a model that are of another kind than theirs.

    Parameters
    ----------
    settings
        The arguments of `DrugResponseModel` by name.

    Raises
    ------
    InputError
        A name of a learner or scheme is unknown, a number that must be whole is not, or a share is not one.

    Examples
    --------
    >>> refuse_settings({"learner": "ridge", "scheme": "new-samples", "folds": 3, "random_state": 0})
    """
    for name, choices in _TEXT.items():
        if not isinstance(settings[name], str):
            raise InputError(f"{name}: found {_told(settings[name])} (expected a name). {nearest('', choices)}")
    find_learner(settings["learner"]), find_scheme(settings["scheme"])
    for name in _WHOLE:
        value = settings.get(name, 0)
        if not isinstance(value, Integral) or value < 0:
            raise InputError(f"{name}: found {_told(value)} (expected a whole number, 0 or more). Give one.")
    share = settings.get("minimum_features", 0)
    if not isinstance(share, Real) or not 0 <= float(share) <= 1:
        raise InputError(f"minimum_features: found {_told(share)} (expected a share from 0 to 1). Give one.")


def _told(value: object) -> str:
    """A number or text as it is, and of anything else what it is."""
    return repr(value) if value is None or isinstance(value, str | Real) else type(value).__name__


def rows_asked(pairs: pd.DataFrame | None) -> pd.DataFrame | None:
    """The pairs asked for, ids that stand in the index as columns too.

    Raises
    ------
    InputError
        They are no DataFrame.

    Examples
    --------
    >>> table = pd.DataFrame({"sample_id": ["s1"], "drug_id": ["d1"], "response": [0.5]})
    >>> list(rows_asked(table.set_index(["sample_id", "drug_id"])).columns)
    ['sample_id', 'drug_id', 'response']
    """
    if pairs is None:
        return None
    if not isinstance(pairs, pd.DataFrame):
        raise InputError(
            f"pairs: found {type(pairs).__name__} (expected a DataFrame with the columns sample_id and drug_id). "
            "Make one of them."
        )
    return pairs.reset_index() if {"sample_id", "drug_id"} & set(pairs.index.names) else pairs


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


def as_trained(genotypes: Genotypes, trained: pd.DataFrame, alignment: Alignment) -> Genotypes:
    """Genotypes with the very features of a model, so that none of its learners has to look for them again.

    Parameters
    ----------
    genotypes
        Of new samples.
    trained
        The model's feature table.
    alignment
        Where its features stand among those of the genotypes.

    Returns
    -------
    Genotypes
        Dosages turned where alleles are swapped; NaN where a feature is missing, absent or in conflict. Its values are
        float64 where any is turned, since two less a float32 is not always one.

    Examples
    --------
    >>> from drugresponse.features.alignment import align
    >>> trained = Genotypes.from_dense([[0, 1]], ["s1"], ["KRAS", "TP53"]).features
    >>> new = Genotypes.from_dense([[1, 1]], ["n1"], ["MYC", "TP53"])
    >>> as_trained(new, trained, align(new.features, trained)).dense().tolist()
    [[nan, 1.0]]
    """
    if trained.empty or genotypes.features.equals(trained):
        return genotypes
    found, turned = alignment.columns >= 0, alignment.turned
    parts = [np.flatnonzero(found & ~turned), np.flatnonzero(turned), np.flatnonzero(~found)]
    blocks = [
        genotypes.values[:, alignment.columns[parts[0]]],
        sparse.csr_array(alignment.values(genotypes, parts[1])),
        sparse.csr_array(np.full((genotypes.shape[0], len(parts[2])), np.nan, dtype=np.float32)),
    ]
    together = sparse.hstack([each for each in blocks if each.shape[1]], format="csr")
    values = sparse.csr_array(together[:, np.argsort(np.concatenate(parts))])
    values.sort_indices()
    return Genotypes(values, genotypes.sample_ids, trained)


def prediction_pairs(
    genotypes: Genotypes,
    trained_drugs: pd.DataFrame,
    drugs: pd.DataFrame | None,
    samples: pd.DataFrame | None,
    rows: pd.DataFrame | None,
    covariates: Sequence[str],
    text_covariates: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
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
        Those of them that were text, each with the level that its texts were taken as; none where that is not known.
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
    side = covariates_as_trained(genotypes.sample_ids, samples, covariates, text_covariates)
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
    alike = spellings_alike(drugs.index[~drugs.index.isin(trained.index)], trained.index)
    if alike:
        logger.warning(
            "drugs: %d drugs count as new, and may be drugs of the training: %s. Write them alike where they are.",
            len(alike),
            ", ".join(f'"{here}" may be "{there}"' for here, there in list(alike.items())[:3]),
        )
    smiles = drugs["smiles"] if "smiles" in drugs.columns else pd.Series("", index=drugs.index)
    smiles = smiles.astype(object).where(smiles.notna(), "").astype(str).str.strip()
    remembered = trained["smiles"].reindex(drugs.index).fillna("")
    given = drugs.assign(smiles=smiles.where(smiles != "", remembered))
    return pd.concat([given, trained[~trained.index.isin(given.index)]])


def _tell_unknown_arms(covariates: pd.DataFrame, column: str, levels: Sequence[str] | None) -> None:
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


def _complete_rows(rows: pd.DataFrame, known: pd.DataFrame, genotypes: Genotypes) -> pd.DataFrame:
    if "sample_id" not in rows.columns:
        raise InputError('pairs: found no column "sample_id" (expected sample_id and drug_id). Rename the columns.')
    if "drug_id" not in rows.columns:
        if len(known) != 1:
            raise InputError(
                f'pairs: found no column "drug_id", and the model knows {len(known)} drugs. Add the column.'
            )
        rows = rows.assign(drug_id=known.index[0])
    asked = pd.DataFrame({name: clean_ids(rows[name], "pairs") for name in ("sample_id", "drug_id")})
    absent = pd.Index(asked["sample_id"].unique()).difference(genotypes.sample_ids)
    if len(absent):
        have = "has" if len(absent) == 1 else "have"
        raise InputError(
            f"pairs: {len(absent)} of its samples {have} no genotype. {suggest_ids(absent, genotypes.sample_ids)}"
        )
    unknown = pd.Index(asked["drug_id"].unique()).difference(known.index)
    if len(unknown):
        are = "is" if len(unknown) == 1 else "are"
        raise InputError(
            f"pairs: {len(unknown)} of its drugs {are} neither trained nor in the drugs table. "
            f"{suggest_ids(unknown, known.index)}"
        )
    return asked.drop_duplicates(ignore_index=True)
