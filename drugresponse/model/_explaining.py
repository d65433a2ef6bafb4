"""A whole model's predictions as sums of named parts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import index_by_id
from drugresponse.features.alignment import align
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.features.unseen_alleles import without_unseen_alleles
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions
from drugresponse.learners.encoders import trained_features
from drugresponse.model._scales import TrainedScales
from drugresponse.model.predictions import weight_by_row
from drugresponse.model.requests import as_trained, drugs_by_id, prediction_pairs
from drugresponse.readers import as_genotypes
from drugresponse.threads import one_thread

if TYPE_CHECKING:
    from drugresponse.model.model import DrugResponseModel

__all__ = ["ExplainsPredictions", "PredictionParts", "asked_pairs", "out_of_range", "trained_scales"]


@dataclass(frozen=True, eq=False)
class PredictionParts:
    """What predictions are made of.

    Attributes
    ----------
    parts
        `(n_parts,)` rows of text `kind, block, feature_id, gene, arm`, as `parts_table` tells of them.
    pairs
        The samples and drugs asked for; rows are numbered as in the table of `predict`.
    by_drug
        The parts' values, drug by drug; can be gone through once.
    """

    parts: pd.DataFrame
    pairs: Pairs
    by_drug: Iterator[Contributions]


class ExplainsPredictions:
    """How a whole model tells what its predictions are made of."""

    def contributions(
        self,
        genotypes: Any,
        *,
        drugs: pd.DataFrame | None = None,
        samples: pd.DataFrame | None = None,
        pairs: pd.DataFrame | None = None,
    ) -> PredictionParts:
        """Take predictions apart; every sample with every drug, or the pairs asked for.

        The parts of a row add up to its prediction, also where `predict` withholds it because too few features are
        known. Features that go together share the credit, and a part is how the model reasons: it is no proof that the
        feature acts on the response.

        Parameters
        ----------
        genotypes, drugs, samples, pairs
            As in `predict`.

        Returns
        -------
        PredictionParts
            The names of the parts, and their values drug by drug.

        Raises
        ------
        InputError
            As in `predict`.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
        >>> model = dr.DrugResponseModel(learner="ridge", folds=0).fit(cohort.genotypes, cohort.responses)
        >>> told = model.contributions(cohort.genotypes)
        >>> first = next(told.by_drug)
        >>> predicted = model.predict(cohort.genotypes)["prediction"].to_numpy()[first.rows]
        >>> bool(abs(first.values.sum(axis=1) - predicted).max() < 1e-9), len(told.parts) == first.values.shape[1]
        (True, True)
        """
        model = cast("DrugResponseModel", self)
        check_is_fitted(model, "regressor_")
        trained = trained_features(model.regressor_)
        table = without_unseen_alleles(with_reference_sites(as_genotypes(genotypes), trained), trained)
        asked = asked_pairs(model, table, drugs, samples, pairs)
        trained = trained_features(model.regressor_)
        out_of_range(model, as_trained(table, trained, align(table.features, trained)), asked.covariates)
        return PredictionParts(model.regressor_.contribution_parts(), asked, _drug_by_drug(model, asked))


def asked_pairs(
    model: DrugResponseModel,
    genotypes: Genotypes,
    drugs: pd.DataFrame | None,
    samples: pd.DataFrame | None,
    pairs: pd.DataFrame | None,
) -> Pairs:
    """What `predict` is asked for, joined to what the model remembers."""
    return prediction_pairs(
        genotypes,
        model.drugs_,
        drugs_by_id(drugs, None if pairs is None else pairs.get("drug_id")),
        None if samples is None else index_by_id(samples, "sample_id", where="samples"),
        pairs,
        model.covariate_names_,
        model.text_covariates_,
        model.manifest_.get("arm"),
    )


def trained_scales(learner: PairRegressor, pairs: Pairs) -> TrainedScales | None:
    """What the values of a training are like, of the genotypes only where the learner uses them."""
    return TrainedScales.of(pairs.genotypes, pairs.covariates, uses_genotype=not trained_features(learner).empty)


def out_of_range(model: DrugResponseModel, known: Genotypes, covariates: pd.DataFrame) -> NDArray[np.bool_] | None:
    """`(n_samples,)` which samples lie far outside the training; None where the model's file does not tell.

    Parameters
    ----------
    model
        Fitted.
    known, covariates
        New samples in the terms of the training.

    Raises
    ------
    InputError
        The values are on another scale.
    """
    if model.scales_ is None:
        return None
    weights = weight_by_row(*model.regressor_.feature_weights(), trained_features(model.regressor_))
    return model.scales_.check(known, weights, covariates)


def _drug_by_drug(model: DrugResponseModel, asked: Pairs) -> Iterator[Contributions]:
    """One thread while a drug is worked on, and as many as before while its parts are looked at."""
    with one_thread():
        found = model.regressor_.contributions(asked)
    while True:
        with one_thread():
            parts = next(found, None)
        if parts is None:
            return
        yield parts
