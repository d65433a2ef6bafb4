"""Genotypes of new samples, read for the model that will predict them."""

from __future__ import annotations

import logging
import re
from collections.abc import Collection, Sequence
from pathlib import Path

import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.models.pipeline import DrugResponseModel
from drugresponse.readers import read_genotypes

__all__ = ["read_new_genotypes"]

progress = logging.getLogger("drugresponse.progress")

_AFTER_GENE = re.compile(r"\*|:|_activity$|_phenotype:")


def read_new_genotypes(
    model: DrugResponseModel,
    paths: Sequence[Path],
    *,
    features: Path | None,
    genotype_format: str,
    absent_means: str | None,
    kind: str | None,
    known_samples: Collection[str] | None,
) -> Genotypes:
    """Read the sources; of lists of alterations and star alleles, what nobody bears is not absent from the model.

    Parameters
    ----------
    model
        Fitted; its features are those that a list may leave out.
    paths, features, genotype_format, absent_means, kind, known_samples
        As for `read_genotypes`.
    """
    table = read_genotypes(
        list(paths),
        features=features,
        genotype_format=genotype_format,
        absent_means=absent_means,
        kind=kind,
        known_samples=known_samples,
        known_features=_features_of(model),
    )
    progress.info("read %d samples x %d features", *table.shape)
    return table


def _features_of(model: DrugResponseModel) -> pd.DataFrame:
    """Index `feature_id`, columns `block` and `gene`; the gene is empty where the id does not tell it."""
    listed, _ = model.regressor_.feature_weights()
    ids = [feature_id for _, feature_id in listed]
    genes = [_AFTER_GENE.split(each, maxsplit=1)[0] if _AFTER_GENE.search(each) else "" for each in ids]
    blocks = [block for block, _ in listed]
    return pd.DataFrame({"block": blocks, "gene": genes}, index=pd.Index(ids, name="feature_id"), dtype=object)
