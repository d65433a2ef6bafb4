"""Genotypes of new samples, read for the model that will predict them."""

from __future__ import annotations

import logging
from collections.abc import Collection

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.parents.sums import is_parent
from drugresponse.data.variants.genome_build import refuse_other_build
from drugresponse.data.variants.star_features import star_feature
from drugresponse.errors import InputError, count
from drugresponse.features.reference_sites import is_site
from drugresponse.model.feature_weights import FeatureMatch, rows_of_features
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.requests.genotypes import completed_genotypes
from drugresponse.settings import GenotypeReading
from drugresponse.workflows.sources import genotypes_of

__all__ = ["covariates_words", "read_new_genotypes", "refuse_few_features"]

progress = logging.getLogger("drugresponse.progress")

_TOLD = ("gene", "effect", "parent", "ref", "alt")
"""What a model tells of a feature that lists of what was found, or calls in letters, leave out."""


def read_new_genotypes(
    model: DrugResponseModel,
    settings: GenotypeReading,
    samples: pd.DataFrame | None,
    known_samples: Collection[str] | None,
) -> Genotypes:
    """Read the sources; of lists of alterations and star alleles, what nobody bears is not absent from the model.

    Parameters
    ----------
    model
        Fitted; its features are those that a list may leave out.
    settings, samples, known_samples
        As for `genotypes_of`.

    Raises
    ------
    InputError
        A file cannot be read, or bears positions of another genome build than the model.
    """
    table = genotypes_of(settings, samples, known_samples, known_features=_features_of(model))
    refuse_other_build("genotypes", table.genome, "the model", model.parts_.genome)
    table = completed_genotypes(table, model.parts_.features)
    trained = model.parts_.features
    n_made = int(table.features.index.isin(trained.index[is_parent(trained)]).sum())
    progress.info("read %s x %s", count(table.shape[0], "sample"), count(table.shape[1] - n_made, "feature"))
    return table


def covariates_words(model: DrugResponseModel, samples: pd.DataFrame | None) -> list[str]:
    """Which covariates of the model the table of samples has; nothing where the model has none."""
    names = list(map(str, model.parts_.covariates))
    given = [name for name in names if samples is not None and name in samples.columns]
    absent = [name for name in names if name not in given]
    if not names:
        return []
    missing = f"; missing: {', '.join(absent)}" if absent else ""
    return [f"Covariates of the model: {', '.join(given) or 'none is given'}{missing}"]


def refuse_few_features(
    result: pd.DataFrame, model: DrugResponseModel, table: Genotypes, minimum: float | None, *, advice: str = ""
) -> None:
    """Refuse a table of predictions in which no sample has enough of the model's features.

    Parameters
    ----------
    result
        Columns `prediction, features_found`.
    model, table
        What predicted, and the genotypes that it was given.
    minimum
        Least share of the model's weight that was asked for; None is that of the training.
    advice
        What else may be done, as the end of a sentence.

    Raises
    ------
    InputError
        Names the heaviest features that no sample has.
    """
    if result["prediction"].notna().any():
        return
    least = model.minimum_features if minimum is None else minimum
    match = FeatureMatch.of(model.regressor_, table)
    absent = f"{match.heaviest_absent()}{_where_variants_alone_are_listed(table, match, model.parts_.features)}"
    raise InputError(
        f"genotypes: the features found hold at most {float(result['features_found'].max()):.1%} of the model's weight "
        f"in any sample (expected {least:.0%} or more). {absent}{' ' if absent else ''}Check that ids, places and "
        f"alleles are those of the training (prepare writes them so with `like`), or lower `minimum_features`{advice}."
    )


def _where_variants_alone_are_listed(table: Genotypes, match: FeatureMatch, trained: pd.DataFrame) -> str:
    """What to do where a file may lack sites since the sample bears the reference there, as a sentence; or nothing."""
    sites, columns = is_site(trained), match.alignment.columns
    told = table.reference is not None and table.reference.everywhere.any()
    if told or not (sites & (columns >= 0)).any() or not (sites & (columns < 0) & ~match.alignment.conflict).any():
        return ""
    return " If the files list variants only, give `absent_means` reference: what they lack is the reference then."


def _features_of(model: DrugResponseModel) -> pd.DataFrame:
    """Index `feature_id`, columns `block` and `_TOLD`: empty where neither the model nor the id tells it."""
    listed, _ = model.regressor_.feature_weights()
    if not listed:
        return pd.DataFrame(columns=["block", *_TOLD], index=pd.Index([], name="feature_id", dtype=object))
    trained, at = model.parts_.features, rows_of_features(listed, model.parts_.features)
    index = pd.Index([feature_id for _, feature_id in listed], name="feature_id", dtype=object)
    table = pd.DataFrame({"block": [block for block, _ in listed]}, index=index, dtype=object)
    for name in _TOLD:
        told = trained[name].to_numpy(dtype=object)[at] if len(trained) else ""
        table[name] = np.where(at >= 0, told, "")
    # a variant with a place is no star allele
    placed = (at >= 0) & trained["position"].notna().to_numpy()[at] if len(trained) else at >= 0
    rest = np.flatnonzero(~placed)
    named = [star_feature(index[row])[0] for row in rest]
    genes = table["gene"].to_numpy(dtype=object, copy=True)
    genes[rest] = [name or gene for name, gene in zip(named, genes[rest], strict=True)]
    return table.assign(gene=genes)
