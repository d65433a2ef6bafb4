"""What a model has for being scored: its skill on measured responses, and itself as an estimator of scikit-learn."""

from __future__ import annotations

from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.conversion.observations import genotypes_and_samples
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.data.tables import Measure, ResponsesLike, as_responses
from drugresponse.model.parts import FittedParts
from drugresponse.model.requests.requests import Tables
from drugresponse.model.scoring.estimator import PairEstimator
from drugresponse.model.scoring.skill import skill_on
from drugresponse.threads import one_thread

__all__ = ["ScoredModel"]


class ScoredModel:
    """Base of a model, which has fitted parts."""

    def _fitted(self) -> FittedParts:
        raise NotImplementedError

    @one_thread()
    def score(
        self,
        genotypes: GenotypesLike,
        responses: ResponsesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
    ) -> float:
        """The skill on measured responses: 1 - loss / loss of the best naive prediction of the training.

        The loss is the squared error of measured numbers, and of other outcomes their proper loss, as for `skill` in
        the manifest's `held_out`, which is that of samples held out at the training. 0 is as good as a mean.

        Parameters
        ----------
        genotypes, drugs, samples
            As in `predict`.
        responses
            As in `fit`, of samples that the training did not have: a warning tells of others. Every row counts, also
            those that `predict` withholds for want of features.

        Returns
        -------
        float
            At most 1; NaN where the responses do not differ.

        Raises
        ------
        InputError
            No measured sample has a genotype, or as in `predict`.

        Examples
        --------
        >>> import drugresponse as dr
        >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
        >>> known, new = cohort.samples.index[:60], cohort.samples.index[60:]
        >>> model = dr.DrugResponseModel("ridge", folds=0)
        >>> model = model.fit(cohort.genotypes.reindex(known), cohort.responses.select(samples=known))
        >>> model.score(cohort.genotypes, cohort.responses.select(samples=new)) <= 1
        True
        """
        parts = self._fitted()
        called, samples = genotypes_and_samples(genotypes, samples)
        built = as_responses(responses, parts.outcome)
        return skill_on(parts, called, built, Tables.of(drugs, samples, None))

    def as_estimator(
        self,
        genotypes: GenotypesLike,
        *,
        drugs: FrameLike | None = None,
        samples: FrameLike | None = None,
        measure: Measure | None = None,
    ) -> PairEstimator:
        """The model bound to its tables, for scikit-learn: `X` is a frame of `sample_id` and `drug_id`, `y` responses.

        Parameters
        ----------
        genotypes, drugs, samples, measure
            As in `PairEstimator`.
        """
        return PairEstimator(self, genotypes, drugs=drugs, samples=samples, measure=measure)
