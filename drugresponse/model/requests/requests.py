"""What is asked of a model: settings that can be met, and samples and drugs joined to what it remembers."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import clean_ids, spellings_alike, suggest_ids
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, find_scheme
from drugresponse.data.tables import index_by_id
from drugresponse.data.variants.genome_build import refuse_other_build
from drugresponse.errors import InputError, nearest
from drugresponse.features.alignment import Alignment, align, refuse_other_blocks
from drugresponse.features.drugs import without_unreadable
from drugresponse.features.reference_sites import sites_filled
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.registry import find_learner, learner_names
from drugresponse.model.feature_weights import share_of_weight
from drugresponse.model.intervals.absent_blocks import AbsentBlocks, BlockWidths
from drugresponse.model.parts import FittedParts
from drugresponse.model.requests.ancestry import placed_on_axes, tell_of_places
from drugresponse.model.requests.covariates import covariates_as_trained, tell_unknown_arms
from drugresponse.model.requests.feature_names import tell_of_names
from drugresponse.model.requests.first_reading import Checks, FirstReading
from drugresponse.model.requests.genotypes import as_trained, completed_genotypes

__all__ = ["Request", "Tables", "drugs_by_id", "refuse_absent_columns", "refuse_settings"]

logger = logging.getLogger(__name__)


_WHOLE = ("ancestry_components", "minimum_carriers", "folds", "rank", "epochs", "trees", "depth", "random_state")


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
    kinds = (("learner", learner_names(), (str, PairRegressor)), ("scheme", SCHEMES, (str,)))
    for name, choices, expected in kinds:
        if not isinstance(settings[name], expected):
            or_else = " or a PairRegressor" if PairRegressor in expected else ""
            found = _shown(settings[name])
            raise InputError(f"`{name}`: found {found} (expected a name{or_else}). {nearest('', choices)}")
    if isinstance(settings["learner"], str):
        find_learner(settings["learner"])
    find_scheme(settings["scheme"])
    for name in _WHOLE:
        value = settings.get(name, 0)
        if not isinstance(value, Integral) or value < 0:
            raise InputError(f"`{name}`: found {_shown(value)} (expected a whole number, 0 or more). Give one.")
    share = settings.get("minimum_features")
    if share is not None and (not isinstance(share, Real) or not 0 <= float(share) <= 1):
        raise InputError(f"`minimum_features`: found {_shown(share)} (expected a share from 0 to 1). Give one.")


def _shown(value: object) -> str:
    """A number or text as it is, and of anything else what it is."""
    if isinstance(value, type):
        return f"the class {value.__name__}"
    return repr(value) if value is None or isinstance(value, str | Real) else type(value).__name__


def drugs_by_id(drugs: FrameLike | None, used: pd.Series | None) -> pd.DataFrame | None:
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


@dataclass(frozen=True, eq=False)
class Tables:
    """What is asked of a model beside the genotypes, by id.

    Attributes
    ----------
    drugs
        Index `drug_id`, unreadable structures left out; None asks for the drugs of the training.
    samples
        Index `sample_id`, with the covariates; None where there is no table.
    rows
        Columns `sample_id` and, unless the model has one drug, `drug_id`; None asks for every sample with every drug.
    """

    drugs: pd.DataFrame | None
    samples: pd.DataFrame | None
    rows: pd.DataFrame | None

    @classmethod
    def of(cls, drugs: FrameLike | None, samples: FrameLike | None, pairs: FrameLike | None) -> Tables:
        """The tables as `DrugResponseModel.predict` takes them.

        Raises
        ------
        InputError
            An id stands twice, or the pairs are no DataFrame.
        """
        rows = _with_ids_as_columns(pairs)
        return cls(
            drugs_by_id(drugs, None if rows is None else rows.get("drug_id")),
            None if samples is None else index_by_id(samples, "sample_id", where="samples"),
            rows,
        )

    def join(self, parts: FittedParts, genotypes: Genotypes, ancestry: pd.DataFrame | None = None) -> Pairs:
        """The grid of samples and drugs, or the rows asked for.

        Parameters
        ----------
        parts
            Of the model, which remembers its drugs and covariates.
        genotypes
            New samples.
        ancestry
            Index `sample_id`, where they lie on the model's axes; None where that is not known.

        Raises
        ------
        InputError
            There is no sample, or a row names a sample or drug that is nowhere described.
        """
        if not len(genotypes.sample_ids):
            raise InputError("genotypes: found no sample (expected at least one). Check the file.")
        known = _merge_drugs(parts.drugs, self.drugs)
        ids = genotypes.sample_ids
        covariates = covariates_as_trained(ids, self.samples, parts.given_covariates, parts.covariate_levels)
        covariates = covariates if ancestry is None else covariates.join(ancestry)
        if parts.arm is not None:
            tell_unknown_arms(covariates, str(parts.arm["column"]), parts.arm["levels"])
        if self.rows is None:
            return Pairs.grid(genotypes, covariates, known if self.drugs is None else known.loc[self.drugs.index])
        return Pairs.build(genotypes, covariates, known, _complete_rows(self.rows, known, genotypes))


@dataclass(frozen=True, eq=False)
class Request:
    """New samples and drugs in the terms of a model.

    Attributes
    ----------
    pairs
        What is asked for, with the very features of the model.
    alignment
        Where the model's features stood among those of the genotypes.
    sites_filled
        `(n_samples,)` how many sites of the model were absent and taken for the reference.
    checks
        What is known of the samples. Of genotypes that are read in blocks it is learned while they are read to predict,
        and values on another scale are refused when it is asked for.
    absent_blocks
        Which samples lack whole blocks that a model can do without; None where all are there.
    """

    pairs: Pairs
    alignment: Alignment
    sites_filled: NDArray[np.intp]
    checks: Callable[[], Checks]
    absent_blocks: AbsentBlocks | None = None

    @property
    def known_weight(self) -> NDArray[np.float64]:
        """`(n_samples,)` share of the model's weight that a sample's known features hold."""
        return self.checks().known_weight

    @property
    def out_of_range(self) -> NDArray[np.bool_] | None:
        """`(n_samples,)` which samples lie far outside the training; None where the model's file does not tell."""
        return self.checks().out_of_range

    @classmethod
    def join(cls, parts: FittedParts, genotypes: Genotypes, tables: Tables) -> Request:
        """Bring genotypes to a model's terms, join them with the tables, and check that they are on its scale.

        Raises
        ------
        InputError
            As `Tables.join`; or positions are of another genome build, or values on another scale.
        """
        refuse_other_build("genotypes", genotypes.genome, "the model", parts.genome)
        placed = placed_on_axes(parts, genotypes)
        tell_of_places(placed)
        completed = completed_genotypes(genotypes, parts.features)
        alignment = align(completed.features, parts.features)
        refuse_other_blocks(completed.features, parts.features, alignment)
        tell_of_names(completed.features, parts.features, alignment)
        aligned, n_filled = as_trained(completed, parts.features, alignment), sites_filled(completed)
        widths = BlockWidths.from_manifest(parts.manifest)
        lacking = None
        if widths is not None:
            lacking = AbsentBlocks.of(aligned, alignment.columns >= 0, parts.feature_weights, widths)
        if aligned.is_stored:
            reading = FirstReading(parts, completed, alignment, aligned)
            pairs = tables.join(parts, reading.genotypes, placed.scores)
            return cls(
                pairs, alignment, n_filled, lambda: reading.checks(pairs.covariates).beside(placed.outside), lacking
            )
        pairs = tables.join(parts, aligned, placed.scores)
        out_of_range = (
            None
            if parts.scales is None
            else parts.scales.check(pairs.genotypes, parts.feature_weights, pairs.covariates)
        )
        checks = Checks(share_of_weight(parts.feature_weights, completed, alignment), out_of_range)
        return cls(pairs, alignment, n_filled, lambda: checks.beside(placed.outside), lacking)


def _with_ids_as_columns(pairs: FrameLike | None) -> pd.DataFrame | None:
    """The pairs asked for, ids that stand in the index as columns too."""
    if pairs is None:
        return None
    pairs = as_pandas(pairs, "pairs", " with the columns sample_id and drug_id")
    return pairs.reset_index() if {"sample_id", "drug_id"} & set(pairs.index.names) else pairs


def refuse_absent_columns(rows: pd.DataFrame, *names: str) -> None:
    """Refuse pairs without these columns."""
    for name in names:
        if name not in rows.columns:
            raise InputError(f'pairs: found no column "{name}" (expected sample_id and drug_id). Rename the columns.')


def _merge_drugs(trained: pd.DataFrame, drugs: pd.DataFrame | None) -> pd.DataFrame:
    """All drugs known to either side; a structure given now wins over the remembered one."""
    if drugs is None:
        return trained
    alike = spellings_alike(drugs.index[~drugs.index.isin(trained.index)], trained.index)
    if alike:
        logger.warning(
            "drugs: %d drugs count as new, and may be drugs of the training: %s. Write them alike where they are.",
            len(alike),
            ", ".join(f'"{new}" may be "{trained_id}"' for new, trained_id in list(alike.items())[:3]),
        )
    smiles = drugs["smiles"] if "smiles" in drugs.columns else pd.Series("", index=drugs.index)
    smiles = smiles.astype(object).where(smiles.notna(), "").astype(str).str.strip()
    remembered = trained["smiles"].reindex(drugs.index).fillna("")
    described = drugs.assign(smiles=smiles.where(smiles != "", remembered))
    return pd.concat([described, trained[~trained.index.isin(described.index)]])


def _complete_rows(rows: pd.DataFrame, known: pd.DataFrame, genotypes: Genotypes) -> pd.DataFrame:
    refuse_absent_columns(rows, "sample_id")
    if "drug_id" not in rows.columns:
        if len(known) != 1:
            raise InputError(
                f'pairs: found no column "drug_id", and the model knows {len(known)} drugs. Add the column.'
            )
        rows = rows.assign(drug_id=known.index[0])
    wanted = pd.DataFrame({name: clean_ids(rows[name], "pairs") for name in ("sample_id", "drug_id")})
    _refuse_absent(wanted["sample_id"], genotypes.sample_ids, "samples {have} no genotype")
    _refuse_absent(wanted["drug_id"], known.index, "drugs {are} neither trained nor in the drugs table")
    return wanted.drop_duplicates(ignore_index=True)


def _refuse_absent(ids: pd.Series, known: pd.Index, words: str) -> None:
    """Refuse pairs of samples or drugs that are nowhere described."""
    absent = pd.Index(ids.unique()).difference(known)
    if len(absent):
        verbs = {"have": "has", "are": "is"} if len(absent) == 1 else {"have": "have", "are": "are"}
        raise InputError(f"pairs: {len(absent)} of its {words.format(**verbs)}. {suggest_ids(absent, known)}")
