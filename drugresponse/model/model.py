"""The whole model: tables in, tables out, one file on disk."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from drugresponse.audit.duplicates import twins_together
from drugresponse.audit.findings import leak_messages, twin_messages
from drugresponse.audit.inputs import audit
from drugresponse.curves import refuse_misread_responses
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme, tissue_of_pair
from drugresponse.data.tables import Responses, as_responses, index_by_id
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError
from drugresponse.features.alignment import align
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.features.unseen_alleles import without_unseen_alleles
from drugresponse.learners.baselines import NaiveEffects
from drugresponse.learners.encoders import trained_features
from drugresponse.learners.registry import NAIVE, make_learner
from drugresponse.model._explaining import ExplainsPredictions, asked_pairs, out_of_range, trained_scales
from drugresponse.model._storage import model_state, read_model
from drugresponse.model._training_ids import SeenSamples
from drugresponse.model.adaptation.adaptation import PilotAdaptation
from drugresponse.model.adaptation.adapting import AdaptsToPilots
from drugresponse.model.file import write_model_file
from drugresponse.model.held_out import HeldOut, plan_check, score_held_out
from drugresponse.model.manifest import describe_training
from drugresponse.model.predictions import prediction_table, weight_found, with_bounds
from drugresponse.model.requests import as_trained, drugs_by_id, refuse_settings, rows_asked
from drugresponse.readers import as_genotypes
from drugresponse.threads import count_jobs, one_thread

__all__ = ["DrugResponseModel", "load_model"]

logger = logging.getLogger(__name__)


class DrugResponseModel(AdaptsToPilots, ExplainsPredictions, BaseEstimator):
    """Learns drug response from genotype and predicts it for new samples and drugs.

    Parameters
    ----------
    learner
        `auto`, `additive-mean`, `covariates`, `ridge`, `pair-ridge`, `gaussian`, `boosted-trees`, `random-forest` or
        `neural`.
    scheme
        What will be new when the model is used: `new-samples`, `random-pairs`, `new-drugs`, `new-tissues` or
        `new-samples-and-drugs`.
    covariates, arm
        Columns of the samples table: the covariates, where None takes the usual ones, as `Covariates.choose` tells; and
        the treatment arm (text or a dose), if any: what genotype does in each is learned.
    minimum_features
        Least share of the model's weight that a sample's known features must hold; below it nothing is predicted.
    folds
        Folds of the held-out check at training; 0 leaves it out.
    rank, epochs
        Most interaction factors, and most epochs of neural.
    trees, depth
        Of the tree learners.
    most_fits, most_minutes
        Work budget of `auto`; 0 sets no limit.
    forget_samples
        Keep no hash of the training samples' ids.
    device, n_jobs
        `cpu`, `cuda` or `auto`, where neural is trained; and units run at once: None and -1 are all cores.
    random_state
        Seed.

    Attributes
    ----------
    metrics_ : pandas.DataFrame or None
        Held-out scores beside the naive predictions, as the metrics table of the command line.
    findings_ : tuple of Finding
        What the inputs themselves say against the held-out scores, leaks first.
    manifest_ : dict
        What the model file tells about the model.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0)
    >>> model = model.fit(cohort.genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples)
    >>> model.predict(cohort.genotypes, samples=cohort.samples).shape
    (240, 10)
    """

    def __init__(
        self,
        learner: str = "auto",
        scheme: str = "new-samples",
        *,
        covariates: Sequence[str] | None = None,
        arm: str | None = None,
        minimum_features: float = 0.5,
        folds: int = 3,
        rank: int = 256,
        epochs: int = 60,
        trees: int = 400,
        depth: int = 5,
        most_fits: int = 0,
        most_minutes: float = 0,
        forget_samples: bool = False,
        device: str = "auto",
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.learner = learner
        self.scheme = scheme
        self.covariates = covariates
        self.arm = arm
        self.minimum_features = minimum_features
        self.folds = folds
        self.rank = rank
        self.epochs = epochs
        self.trees = trees
        self.depth = depth
        self.most_fits = most_fits
        self.most_minutes = most_minutes
        self.forget_samples = forget_samples
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    @one_thread()
    def fit(
        self,
        genotypes: Any,
        responses: Responses | pd.DataFrame,
        *,
        drugs: pd.DataFrame | None = None,
        samples: pd.DataFrame | None = None,
        inputs: dict[str, Any] | None = None,
    ) -> DrugResponseModel:
        """Join the tables by id, check on held-out rows, and train on all.

        Parameters
        ----------
        genotypes
            `Genotypes`, a DataFrame (index or column `sample_id`, one column a feature) or an AnnData.
        responses
            `Responses`, or a DataFrame with `sample_id`, `drug_id`, `response`; with one drug `drug_id` may be absent.
        drugs
            `drug_id` (column or index), `smiles` and what else is known.
        samples
            `sample_id` (column or index), `subject_id`, covariates.
        inputs
            Checksums of the files that these came from, for the manifest.

        Raises
        ------
        InputError
            The tables do not fit together, or the measure's name and unit do not; the message says where.
        """
        refuse_settings(self.get_params(deep=False))
        table = as_genotypes(genotypes)
        measured = right_way_round(as_responses(responses), samples=table.sample_ids)
        refuse_misread_responses(measured)
        rows = join_training_rows(
            table,
            measured,
            drugs_by_id(drugs, measured.table["drug_id"]),
            None if samples is None else index_by_id(samples, "sample_id", where="samples"),
            [self.covariates] if isinstance(self.covariates, str) else self.covariates,
            self.arm,
        )
        self._refuse_unmet_scheme(rows.pairs)
        told, rows = rows, replace(rows, pairs=twins_together(rows.pairs))
        together = rows.pairs.subjects
        self.findings_ = audit(told, genotypes=table, responses=measured, scheme=self.scheme, together=together)
        for message in (*leak_messages(self.findings_), *twin_messages(self.findings_)):
            logger.warning("%s", message)
        held_out = self._fit_regressor(rows)
        self.naive_ = NaiveEffects.fit(rows.pairs, rows.y, rows.weights, scheme=self.scheme)
        pilots = None if held_out is None else PilotAdaptation.learn(held_out, self.random_state, self._jobs())
        self.adaptation_ = pilots
        self.metrics_ = None if held_out is None else score_held_out(held_out, self.learner)
        self.intervals_ = None if held_out is None else held_out.intervals()
        self.loss_, self.drugs_ = rows.loss, rows.pairs.drugs
        self.covariate_names_ = [str(each) for each in rows.pairs.covariates.columns]
        self.text_covariates_ = rows.covariates.texts(self.arm)
        self.scales_ = trained_scales(self.regressor_, rows.pairs)
        self.seen_ = SeenSamples.forgotten() if self.forget_samples else SeenSamples.of(rows.pairs.genotypes.sample_ids)
        self.manifest_ = describe_training(self, rows, measured.measure, inputs or {})
        return self

    def _fit_regressor(self, rows: TrainingRows) -> HeldOut | None:
        """Train on all rows; what held-out fits say of the rows is returned."""
        self.regressor_ = make_learner(self.learner, {**self.get_params(deep=False), "n_jobs": self._jobs()})
        if not self.folds:
            self.regressor_.fit(rows.pairs, rows.y, rows.weights)
            return None
        folds = plan_check(rows, self.scheme, self.folds, self.random_state)
        predicted = self.regressor_.fit_holding_out(rows.pairs, rows.y, rows.weights, folds, self._jobs())
        return HeldOut.gather(rows, self.scheme, folds, predicted)

    def _jobs(self) -> int:
        return count_jobs(self.n_jobs)

    def _refuse_unmet_scheme(self, pairs: Pairs) -> None:
        """The scheme must be one that these data can be asked about, also where nothing is held out."""
        scheme = find_scheme(self.scheme)
        if scheme.name == "new-tissues":
            tissue_of_pair(pairs)
        if scheme.sample_effect and self.forget_samples:
            raise InputError(
                f"`forget_samples`: the scheme {self.scheme} keeps an effect for each training sample, by name "
                "(expected a scheme for new samples). Choose another `scheme`, or do not forget the samples."
            )
        needs_structure = not scheme.drug_effect and self.learner != NAIVE
        if needs_structure and not (pairs.drugs["smiles"] != "").any():
            raise InputError(
                f"drugs: no drug has a structure (the scheme {self.scheme} predicts new drugs from theirs). "
                "Give `drugs` with a column smiles, or choose another `scheme`."
            )

    @one_thread()
    def predict(
        self,
        genotypes: Any,
        *,
        drugs: pd.DataFrame | None = None,
        samples: pd.DataFrame | None = None,
        pairs: pd.DataFrame | None = None,
        minimum_features: float | None = None,
    ) -> pd.DataFrame:
        """Predict responses; every sample with every drug, or the pairs asked for.

        Parameters
        ----------
        genotypes
            As in `fit`; features are found by id or by place, swapped alleles turned, and absent ones count as missing.
        drugs
            Drugs to predict for; None takes those of training. A structure that is missing here is taken from training.
        samples
            Covariates by `sample_id`.
        pairs
            Columns `sample_id`, `drug_id`, or an index of these names.
        minimum_features
            As in the constructor; None takes that of training.

        Returns
        -------
        pandas.DataFrame
            Columns `sample_id, drug_id, prediction, lower, upper, baseline, sample_seen, drug_seen, features_found,
            flag`. `prediction` is missing for a sample of which too few features are known; `lower` and `upper`
            are missing where no coverage can be told of; `flag` joins its words with `;`.
        """
        check_is_fitted(self, "regressor_")
        trained = trained_features(self.regressor_)
        table = without_unseen_alleles(with_reference_sites(as_genotypes(genotypes), trained), trained)
        alignment = align(table.features, trained)
        asked = asked_pairs(self, as_trained(table, trained, alignment), drugs, samples, rows_asked(pairs))
        far = out_of_range(self, asked.genotypes, asked.covariates)
        predicted = self.regressor_.predict(asked)
        baseline = self.naive_.finest(asked)
        told = prediction_table(
            asked,
            predicted,
            baseline,
            scheme=self.scheme,
            found=weight_found(self.regressor_, table, alignment),
            least=self.minimum_features if minimum_features is None else minimum_features,
            sample_seen=self.seen_.contains(table.sample_ids),
            drug_seen=asked.drugs.index.isin(self.drugs_.index),
            out_of_range=far,
        )
        bounds = None if self.intervals_ is None else self.intervals_.bounds(asked, predicted)
        return told if bounds is None else with_bounds(told, *bounds, self.scheme)

    @one_thread()
    def features_found(self, genotypes: Any) -> NDArray[np.float64]:
        """`(n_samples,)` share of the model's weight that each sample's known features hold; 1 without genotype."""
        check_is_fitted(self, "regressor_")
        trained = trained_features(self.regressor_)
        return weight_found(self.regressor_, without_unseen_alleles(as_genotypes(genotypes), trained))

    def save(self, path: str | Path) -> None:
        """Write the model to one `.safetensors` file; the same training gives the same bytes."""
        check_is_fitted(self, "regressor_")
        write_model_file(path, model_state(self), self.manifest_)


def load_model(path: str | Path) -> DrugResponseModel:
    """Load a model that `save` or `drugresponse train` wrote. Nothing in the file is executed.

    Raises
    ------
    ModelFileError
        The file is foreign, truncated, damaged or of a newer format.
    """
    return read_model(DrugResponseModel, path)
