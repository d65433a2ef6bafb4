"""The whole model: tables in, tables out, one file on disk."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.conversion.observations import genotypes_and_samples
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.data.tables import ResponsesLike, as_responses
from drugresponse.errors import InputError
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.chosen import fresh_learner, learner_name, refuse_unsaveable
from drugresponse.learners.prior.prior import Prior
from drugresponse.learners.prior.prior_learner import bare_learner
from drugresponse.model._explaining import PredictionParts
from drugresponse.model._fitted_facts import fitted_facts
from drugresponse.model.file import write_model_file
from drugresponse.model.parts import FittedParts
from drugresponse.model.pilots.adapting import adapt, next_drugs
from drugresponse.model.predictions import features_found, predict, predicted_distribution, survival_table
from drugresponse.model.requests.requests import Request, Tables, refuse_settings
from drugresponse.model.scoring.scored import ScoredModel
from drugresponse.model.training import train
from drugresponse.shown import Shown
from drugresponse.threads import count_jobs, one_thread
from drugresponse.units import units_on

__all__ = ["DrugResponseModel"]


class DrugResponseModel(Shown, ScoredModel, BaseEstimator):
    """Learns drug response from genotype and predicts it for new samples and drugs.

    Parameters
    ----------
    learner
        A name of `drugresponse.LEARNERS`, which tells what each is, such as `auto` or `ridge`, or the name that another
        installed distribution gives a learner; or a `PairRegressor`, whose parameters are nested as in scikit-learn
        (`learner__penalty`). An estimator keeps its own parameters, but `scheme`, `device` and `n_jobs`, the model's.
    scheme
        What will be new when the model is used: `new-samples`, `random-pairs`, `new-drugs`, `new-tissues`,
        `new-lineages` (clones, or clusters of relatives), `new-studies` (column `study` of the responses) or
        `new-samples-and-drugs`.
    covariates, arm
        Columns of the samples table: the covariates, where None takes the usual ones, as `Covariates.choose` tells; and
        the treatment arm (text or a dose), if any: what genotype does in each is learned.
    outcome
        Kind of the responses: `continuous`, `binary`, `ordinal`, `interval` or `time-to-event`; `auto` tells it by
        what they hold.
    classes
        Of a binary or ordinal outcome, lowest response first, such as `"S<I<R"` or a list; the last of two is the
        event. None takes the usual order of the words.
    response_scale
        Scale on which measured numbers are learned: `identity`, `sqrt`, `log`, or `auto`, which leaves them as they are
        unless another one predicts held-out rows better, beyond noise. Predictions are mean responses as they were
        given, on any scale.
    lineage_column
        Column of the samples table with the lineages; None takes `lineage`, `clone`, `ST` and the like. Where there is
        none, `new-lineages` makes them from genotype.
    reference_study
        In `new-studies`, the study on whose scale responses are predicted; None takes the one with most responses.
    ancestry_components
        How many principal components of the genotypes are covariates too; new samples are projected on them.
    minimum_carriers
        Training samples that must carry a feature for a weight of its own; others count by their parents, if at all.
    minimum_features
        Least share of the model's weight that a sample's known features must hold; below it nothing is predicted. None
        is 0.5, or what 99 of 100 training samples have where that is less; `manifest_` tells it.
    folds
        Folds of the held-out check at training; 0 leaves it out.
    rank, epochs
        Most interaction factors, and most epochs of neural.
    trees, depth
        Of the tree learners.
    most_fits, most_minutes
        Work budget of `auto`; 0 sets no limit.
    cost_of_miss
        Of a binary outcome, how many false alarms are as bad as one missed event: what the threshold follows from; None
        where that is not known.
    horizon
        Of a time to an event, up to when survival is told and mean times restricted; None: while enough were watched.
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
    held_out_ : HeldOutForecasts or None
        The held-out rows of an outcome that is not continuous, from which its page is drawn; not stored.
    parts_ : FittedParts
        All that predicts.
    manifest_ : dict
        What the model file tells about the model.
    regressor_ : PairRegressor
        The learner, fitted to all rows.
    drugs_ : pandas.DataFrame
        Drugs of the training by id.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=0)
    >>> model = model.fit(cohort.genotypes, cohort.responses, drugs=cohort.drugs, samples=cohort.samples)
    >>> model.predict(cohort.genotypes, samples=cohort.samples).shape
    (240, 11)
    """

    def __init__(
        self,
        learner: str | PairRegressor = "auto",
        scheme: str = "new-samples",
        *,
        covariates: Sequence[str] | None = None,
        arm: str | None = None,
        outcome: str = "auto",
        classes: str | Sequence[str] | None = None,
        response_scale: str = "auto",
        lineage_column: str | None = None,
        reference_study: str | None = None,
        ancestry_components: int = 0,
        minimum_carriers: int = 1,
        minimum_features: float | None = None,
        folds: int = 3,
        rank: int = 256,
        epochs: int = 60,
        trees: int = 400,
        depth: int = 5,
        most_fits: int = 0,
        most_minutes: float = 0,
        cost_of_miss: float | None = None,
        horizon: float | None = None,
        forget_samples: bool = False,
        device: str = "auto",
        n_jobs: int | None = None,
        random_state: int = 0,
    ) -> None:
        self.learner = learner
        self.scheme = scheme
        self.covariates = covariates
        self.arm = arm
        self.outcome = outcome
        self.classes = classes
        self.response_scale = response_scale
        self.lineage_column = lineage_column
        self.reference_study = reference_study
        self.ancestry_components = ancestry_components
        self.minimum_carriers = minimum_carriers
        self.minimum_features = minimum_features
        self.folds = folds
        self.rank = rank
        self.epochs = epochs
        self.trees = trees
        self.depth = depth
        self.most_fits = most_fits
        self.most_minutes = most_minutes
        self.cost_of_miss = cost_of_miss
        self.horizon = horizon
        self.forget_samples = forget_samples
        self.device = device
        self.n_jobs = n_jobs
        self.random_state = random_state

    def set_params(self, **params: Any) -> DrugResponseModel:
        """Set parameters, also those of a learner that is an estimator, as `learner__penalty`."""
        nested = [name for name in params if name.startswith("learner__")]
        if nested and isinstance(learner := params.get("learner", self.learner), str):
            raise InputError(
                f'`{nested[0]}`: the learner is the name "{learner}", which has no parameters of its own (expected an '
                "estimator). Set those of the model, or give `learner` a PairRegressor."
            )
        super().set_params(**params)
        return self

    @one_thread()
    def fit(
        self,
        genotypes: GenotypesLike,
        responses: ResponsesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        prior: FrameLike | None = None,
        inputs: dict[str, Any] | None = None,
        client: Any = None,
    ) -> DrugResponseModel:
        """Join the tables by id, check on held-out rows, and train on all.

        Parameters
        ----------
        genotypes
            `Genotypes`, a DataFrame (index or column `sample_id`, one column a feature), an AnnData or a MuData, as
            `as_genotypes` tells, or a dict of such objects by the name of their block, `{"expression": frame, ...}`.
            Tables may be frames of pandas, polars, pyarrow or others.
        responses
            `Responses`, or a DataFrame with `sample_id`, `drug_id`, `response`; with one drug `drug_id` may be absent.
            A response is a number, a class (`"S"`, `True`, an ordered categorical) or a limit (`"<=0.25"`); `time` and
            `event` may stand in its place, or `lower` and `upper`.
        drugs
            `drug_id` (column or index), `smiles` and what else is known.
        samples
            `sample_id` (column or index), `subject_id`, covariates; None takes the `obs` of AnnData or MuData.
        prior
            What is known already of effects on measured numbers: columns `feature_id`, `effect` (in the unit of the
            response, for each allele or unit of the feature) or `score` (larger where the response is; its scale is
            learned), and optionally `drug_id` or `drug_class`, `block` and `weight`. It is taken as far as held-out
            rows allow.
        inputs
            Checksums of the files that these came from, for the manifest.
        client
            A `dask.distributed.Client`, on whose workers held-out fits, and the learners of `auto`, are made; None
            makes them on this machine, with the same result.

        Raises
        ------
        InputError
            The tables do not fit together, or the measure's name and unit do not; the message says where.
        """
        settings = self.get_params(deep=False)
        refuse_settings(settings)
        settings["learner"] = learner_name(self.learner)
        jobs = count_jobs(self.n_jobs)
        called, samples = genotypes_and_samples(genotypes, samples)
        with units_on(client):
            training = train(
                settings,
                fresh_learner(self.learner, {**settings, "n_jobs": jobs}),
                called,
                as_responses(responses, self.outcome, self.classes),
                drugs=drugs,
                samples=samples,
                prior=None if prior is None else Prior.build(prior),
                inputs=inputs or {},
                n_jobs=jobs,
            )
        self.parts_, self.metrics_, self.findings_ = training.parts, training.metrics, training.findings
        self.held_out_ = training.held_out
        return self

    @one_thread()
    def predict(
        self,
        genotypes: GenotypesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        pairs: FrameLike | None = None,
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
            Covariates by `sample_id`; None takes the `obs` of AnnData or MuData.
        pairs
            Columns `sample_id`, `drug_id`, or an index of these names.
        minimum_features
            As in the constructor; None takes that of training.

        Returns
        -------
        pandas.DataFrame
            Columns `sample_id, drug_id, prediction, lower, upper, baseline, sample_seen, drug_seen, features_found,
            flag, sites_filled`. `prediction` is missing for a sample of which too few features are known; `lower` and
            `upper` are missing where no coverage can be told of; `flag` joins its words with `;`; `sites_filled` counts
            the model's sites that were absent and taken for the reference, which count as found.

            Of other outcomes `prediction` is the probability of the event, the most probable of ordered classes in
            words, the expected reading of values between limits in the range that was told of the drug, or the mean
            time to the horizon; `lower` and `upper` are bounds of that (of a class the ends of its set), and `baseline`
            the naive prediction of the same. More columns stand last: `class, class_set, threshold` of yes or no
            (`class_set` joins the classes that remain with `;`); `probability, class_set, probability_CLASS` of ordered
            classes; `value, value_lower, value_upper`, no longer logarithms, of dilution series, and the dilutions that
            are read of these, `reading, reading_lower, reading_upper`; `median_time` (missing where it is not reached
            before the horizon) and `survival_TIME` of times.
        """
        parts = self._fitted()
        request = self._request(genotypes, drugs, samples, pairs)
        return predict(parts, request, self._least(minimum_features))

    @one_thread()
    def predict_proba(
        self,
        genotypes: GenotypesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        pairs: FrameLike | None = None,
        minimum_features: float | None = None,
    ) -> NDArray[np.float64]:
        """Probabilities of the classes of an outcome that is yes or no, or one of ordered classes.

        They are calibrated on held-out rows, drug by drug, and not what the learner itself says.

        Parameters
        ----------
        genotypes, drugs, samples, pairs, minimum_features
            As in `predict`.

        Returns
        -------
        numpy.ndarray
            `(n_rows, n_classes)` float64, the rows those of the table of `predict`, the columns in the order of
            `classes_`; NaN for a sample of which too few features are known.

        Raises
        ------
        InputError
            The outcome has no classes; or as in `predict`.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20, outcome="binary")
        >>> model = dr.DrugResponseModel(learner="ridge").fit(cohort.genotypes, cohort.responses)
        >>> model.predict_proba(cohort.genotypes).sum(axis=1).round(9).tolist()[:2], model.classes_.tolist()
        ([1.0, 1.0], ['S', 'R'])
        """
        parts = self._fitted()
        if not parts.outcome.has_classes:
            raise InputError(
                f"outcome: {parts.outcome.kind} responses have no classes (expected a binary or an ordinal outcome). "
                f"Use `{'predict_survival' if parts.outcome.kind == 'time-to-event' else 'predict'}`."
            )
        request = self._request(genotypes, drugs, samples, pairs)
        shares = predicted_distribution(parts, request, self._least(minimum_features)).shares
        return np.asarray(shares, dtype=np.float64)

    @one_thread()
    def predict_survival(
        self,
        genotypes: GenotypesLike,
        *,
        times: Sequence[float] | None = None,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        pairs: FrameLike | None = None,
        minimum_features: float | None = None,
    ) -> pd.DataFrame:
        """Probability that the event has not happened by each of some times.

        Parameters
        ----------
        genotypes, drugs, samples, pairs, minimum_features
            As in `predict`.
        times
            Above 0 and within the follow-up of the training, in its unit; None takes the times that `predict` tells
            of.

        Returns
        -------
        pandas.DataFrame
            Index `sample_id, drug_id`, the rows those of the table of `predict`; a column for each time, float64. NaN
            for a sample of which too few features are known.

        Raises
        ------
        InputError
            The outcome is no time to an event, or a time lies outside the follow-up; or as in `predict`.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20, outcome="time-to-event")
        >>> model = dr.DrugResponseModel(learner="ridge").fit(cohort.genotypes, cohort.responses)
        >>> model.predict_survival(cohort.genotypes, times=[1, 2]).columns.tolist()
        [1.0, 2.0]
        """
        parts = self._fitted()
        request = self._request(genotypes, drugs, samples, pairs)
        return survival_table(parts, request, self._least(minimum_features), times)

    @one_thread()
    def features_found(self, genotypes: GenotypesLike) -> NDArray[np.float64]:
        """`(n_samples,)` share of the model's weight that each sample's known features hold; 1 without genotype."""
        return features_found(self._fitted(), as_genotypes(genotypes))

    def contributions(
        self,
        genotypes: GenotypesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        pairs: FrameLike | None = None,
    ) -> PredictionParts:
        """Take predictions apart; every sample with every drug, or the pairs asked for.

        The parts of a row add up to its prediction, also where `predict` withholds it because too few features are
        known. Where responses are no measured numbers they add up to the learner's score, on the scale of the link:
        log odds, the place among classes, the location, or the log hazard; and where responses were learned as roots or
        logarithms (`manifest_["response_scale"]`), to the root or the logarithm. Features that go together share the
        credit,
        and a part is how the model reasons: it is no proof that the feature acts on the response.

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
        >>> attributed = model.contributions(cohort.genotypes)
        >>> first = next(attributed.by_drug)
        >>> predicted = model.predict(cohort.genotypes)["prediction"].to_numpy()[first.rows]
        >>> bool(abs(first.values.sum(axis=1) - predicted).max() < 1e-9), len(attributed.parts) == first.values.shape[1]
        (True, True)
        """
        parts = self._fitted()
        request = self._request(genotypes, drugs, samples, pairs)
        request.checks()
        return PredictionParts.of(parts.regressor, request.pairs)

    def adapt(
        self,
        genotypes: GenotypesLike,
        pilot_responses: ResponsesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        pairs: FrameLike | None = None,
        minimum_features: float | None = None,
    ) -> pd.DataFrame:
        """Predict for new samples, corrected by what a few of their drugs measured.

        The residuals of the pilot drugs move the predictions of the other drugs, by the covariance of the residuals
        that held-out samples had at training: a Gaussian update in closed form.

        Parameters
        ----------
        genotypes
            As in `predict`; None starts at the mean of the tissue and drug, or of the drug, instead of the model's
            prediction. Samples without a pilot measurement get their plain prediction.
        pilot_responses
            Measurements of new samples, as in `fit`, on the scale of the training. Repeats are averaged, and count for
            more than one measurement, though for less than two; so does a weight above 1.
        drugs, samples, minimum_features
            As in `predict`. A drug that training did not have moves by the mean of the others, without bounds.
        pairs
            Columns `sample_id`, `drug_id`; None takes every sample with every drug, less the measured pairs.

        Returns
        -------
        pandas.DataFrame
            The columns of `predict`, and `pilots`: how many pilot drugs corrected the row. Bounds hold a new
            measurement of the pair, not its mean.

        Raises
        ------
        InputError
            The model learned no covariance, or no pilot measurement can be used; the message says why.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=4, n_features=30)
        >>> model = dr.DrugResponseModel(learner="ridge").fit(cohort.genotypes, cohort.responses)
        >>> first = cohort.responses.table.head(1).assign(sample_id="new")
        >>> model.adapt(None, first)[["sample_id", "drug_id", "pilots"]].values.tolist()[0]
        ['new', 'D002', 1]
        """
        parts, table = self._fitted(), None
        if genotypes is not None:
            table, samples = genotypes_and_samples(genotypes, samples)
        return adapt(parts, table, pilot_responses, Tables.of(drugs, samples, pairs), self._least(minimum_features))

    def next_drugs(
        self,
        pilot_responses: ResponsesLike | None = None,
        *,
        sample_ids: Sequence[str] | None = None,
        candidates: Sequence[str] | None = None,
        n_drugs: int = 5,
        with_genotypes: bool = True,
    ) -> pd.DataFrame:
        """Rank the drugs to measure next by the variance that they would remove from the drugs not yet measured.

        Each rank supposes that those before it have been measured. Here it only matters which drugs the pilots
        are of, not what was measured.

        Parameters
        ----------
        pilot_responses
            What was measured already; None is nothing.
        sample_ids
            Samples to rank for; None takes those of the pilots, or one ranking for any new sample.
        candidates
            Ids of the drugs that can be measured; None takes all of the training.
        n_drugs
            Most drugs for each sample.
        with_genotypes
            Whether predictions will start at the model's or, without genotype, at naive ones.

        Returns
        -------
        pandas.DataFrame
            Columns `sample_id, rank, drug_id, variance_removed`: the share of the variance of all drugs not yet
            measured that measuring this one removes from the others.
        """
        return next_drugs(self._fitted(), pilot_responses, sample_ids, candidates, n_drugs, with_genotypes)

    def save(self, path: str | Path) -> None:
        """Write the model to one `.safetensors` file; the same training gives the same bytes.

        Raises
        ------
        InputError
            The learner is an estimator that no installed distribution has registered, or a parameter or its state is
            an object that no file can hold.
        """
        parts = self._fitted()
        refuse_unsaveable(bare_learner(parts.regressor), parts.manifest)
        state = parts.get_state()
        try:
            write_model_file(path, state, parts.manifest)
        except (TypeError, ValueError) as error:
            raise InputError(
                f"`learner`: a file cannot hold what the `get_state` of {type(parts.regressor).__name__} gives "
                f"({error}; expected arrays of numbers, lists of text and plain JSON values). Mend the method."
            ) from error

    @property
    def classes_(self) -> NDArray[np.object_]:
        """The words of the classes, lowest first, of an outcome that has any; the last is the event of yes or no."""
        outcome = self._fitted().outcome
        if not outcome.has_classes:
            raise AttributeError(f"outcome: {outcome.kind} responses have no classes")
        return np.array(outcome.classes, dtype=object)

    @property
    def manifest_(self) -> dict[str, Any]:
        """What the model file tells about the model."""
        return self.parts_.manifest

    @property
    def regressor_(self) -> PairRegressor:
        """The learner, fitted to all rows."""
        return self.parts_.regressor

    @property
    def drugs_(self) -> pd.DataFrame:
        """Drugs of the training by id."""
        return self.parts_.drugs

    def _headline(self) -> str:
        return BaseEstimator.__repr__(self).replace("\n", "")

    def _facts(self) -> dict[str, str]:
        return fitted_facts(self.manifest_) if hasattr(self, "parts_") else {"fitted": "not yet"}

    def _request(
        self, genotypes: GenotypesLike, drugs: FrameLike | None, samples: FrameLike | None, pairs: FrameLike | None
    ) -> Request:
        called, samples = genotypes_and_samples(genotypes, samples)
        return Request.join(self._fitted(), called, Tables.of(drugs, samples, pairs))

    def _fitted(self) -> FittedParts:
        check_is_fitted(self, "parts_")
        return self.parts_

    def _least(self, minimum_features: float | None) -> float:
        if minimum_features is None:
            minimum_features = self.minimum_features
        if minimum_features is None:
            return float(self.manifest_["parameters"]["minimum_features"])
        return minimum_features
