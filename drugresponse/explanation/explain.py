"""Explain a model: what it hangs on which feature, what the measurements say without it, and where both agree."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd
from sklearn.utils.validation import check_is_fitted

from drugresponse.association.associations import MINIMUM_CARRIERS, Associations, associate_pairs
from drugresponse.data.conversion.frames import FrameLike
from drugresponse.data.conversion.observations import genotypes_and_samples
from drugresponse.data.genotypes import Genotypes, GenotypesLike
from drugresponse.data.ids import suggest_ids
from drugresponse.data.joining import TrainingRows, join_training_rows
from drugresponse.data.measures.plausible import refuse_misread_responses
from drugresponse.data.pairs import Pairs
from drugresponse.data.tables import Measure, Responses, ResponsesLike, as_responses, index_by_id
from drugresponse.data.turned_responses import right_way_round
from drugresponse.errors import InputError, count
from drugresponse.explanation._agreement import agreement
from drugresponse.explanation._attributions import PartEffects, attribute
from drugresponse.explanation._gene_sets import gene_set_tests
from drugresponse.explanation._model_terms import in_terms_of, with_genes
from drugresponse.explanation._noise import Noise, noise_of_copies
from drugresponse.explanation._refits import Recipe, Spread, refit_without_groups, spread_over_refits
from drugresponse.explanation._targets import target_ranks
from drugresponse.explanation.attribution_table import attribution_table
from drugresponse.explanation.drivers import DrugClusters, cluster_drugs
from drugresponse.learners.genotypes_in_memory import genotypes_in_memory
from drugresponse.learners.registry import WITHOUT_GENOTYPE
from drugresponse.learners.studies.study_learner import rows_on_one_scale
from drugresponse.model.model import DrugResponseModel
from drugresponse.model.predictions import PREDICTION_COLUMNS
from drugresponse.model.requests.ancestry import placed_on_axes
from drugresponse.model.requests.covariates import covariates_as_trained
from drugresponse.model.requests.requests import drugs_by_id
from drugresponse.model.response_scales.response_scale import IDENTITY, on_scale
from drugresponse.progress import doing
from drugresponse.readers.genes.sets import GeneSet
from drugresponse.shown import Shown
from drugresponse.threads import one_thread
from drugresponse.units import units_on

__all__ = ["DEFAULT_REFITS", "Explanation", "explain", "rows_to_explain"]

progress = logging.getLogger("drugresponse.progress")

DEFAULT_REFITS = 5
_FEWEST_REFITS = 2


@dataclass(frozen=True, eq=False, repr=False)
class Explanation(Shown):
    """What `explain` found.

    Attributes
    ----------
    attributions
        What the model hangs on each feature for each drug; see `attribution_table`.
    associations
        What the measurements say without the model; see `Associations`.
    agreement
        What either names, and what both do; see `agreement`.
    reasons
        The predictions of the selected samples, part by part; see `reasons_of`.
    predictions
        The same predictions with their bounds, as `DrugResponseModel.predict` gives them.
    pathways
        Gene sets; see `gene_set_tests`. None where no sets were given.
    targets
        Where the drugs' annotated targets rank; see `target_ranks`.
    clusters
        Drugs by what drives them; None with fewer than two drugs, or where no genotype drives any.
    spread, noise
        How far effects move over refits, and what copies without meaning reach; None without refits.
    rows
        The measurements that were explained.
    measure, manifest
        What a response means, and what the model tells of itself.
    fits
        Fits of learners that stability and noise cost.
    refit_learner
        Whose fits they are: the model's own learner, or a cheaper one in its place.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=2, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses)
    >>> explanation = dr.explain(model, cohort.genotypes, cohort.responses, refits=0)
    >>> explanation.fits, explanation.noise is None, explanation.measure.name == cohort.responses.measure.name
    (0, True, True)
    """

    attributions: pd.DataFrame
    associations: Associations
    agreement: pd.DataFrame
    reasons: pd.DataFrame
    predictions: pd.DataFrame
    pathways: pd.DataFrame | None
    targets: pd.DataFrame
    clusters: DrugClusters | None
    spread: Spread | None
    noise: Noise | None
    rows: TrainingRows
    measure: Measure
    manifest: dict[str, Any]
    fits: int
    refit_learner: str

    @property
    def response_scale(self) -> str:
        """On which effects and parts of predictions are, by its name: that on which the model learned."""
        return str(self.manifest.get("response_scale", {}).get("name", IDENTITY))

    def _headline(self) -> str:
        learner, pairs = self.manifest.get("learner", "a model"), count(len(self.rows.y), "measured pair")
        return f"Explanation of {learner}, on {pairs} of {count(self.attributions['drug_id'].nunique(), 'drug')}"


@one_thread()
def explain(
    model: DrugResponseModel,
    genotypes: GenotypesLike,
    responses: ResponsesLike,
    *,
    drugs: FrameLike | None = None,
    samples: FrameLike | None = None,
    gene_sets: Sequence[GeneSet] | None = None,
    selected_samples: Sequence[str] = (),
    refits: int = DEFAULT_REFITS,
    refit_learner: str | None = None,
    adjust_sensitivity: bool = False,
    minimum_carriers: int = MINIMUM_CARRIERS,
    n_reasons: int = 10,
    n_jobs: int | None = None,
    client: Any = None,
    random_state: int = 0,
) -> Explanation:
    """Attribute predictions to features, test the features in the measurements, and set both side by side.

    Parameters
    ----------
    model
        Fitted.
    genotypes, responses, drugs, samples
        As for `DrugResponseModel.fit`: the samples whose predictions are explained, and what was measured of them.
        Those of the training, or others of the same assay. Associations are adjusted for the model's covariates.
        Effects on an outcome that is no number are on the scale of its link: log odds, latent place, log hazard. Those
        of a model that learned roots or logarithms of the responses are on that scale; associations are as measured.
    gene_sets
        As `read_gene_sets` gives them.
    selected_samples
        Samples of the genotypes whose predictions are told part by part; they need not be measured.
    refits
        Fits of the model's learner without a part of the subjects, from which stability and intervals come; some more
        show what features without meaning reach. 0 leaves both out.
    refit_learner
        A cheaper learner for them, one that uses genotype; None takes the model's own, `auto` with its weights as they
        are.
    adjust_sensitivity, minimum_carriers
        Of the associations: whether they are adjusted for how sensitive a sample is to the other drugs, and the fewest
        samples that must bear a feature.
    n_reasons
        Features told one by one in the reasons of a prediction.
    n_jobs, random_state
        Units run at once, None and -1 for all cores; and the seed.
    client
        A `dask.distributed.Client`, on whose workers refits are made; None makes them on this machine, with the same
        result.

    Raises
    ------
    InputError
        The tables do not fit the model or each other; or fewer than 2 refits, other than 0.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    >>> explanation = dr.explain(model, cohort.genotypes, cohort.responses, samples=cohort.samples, refits=0)
    >>> explanation.attributions.columns[:4].tolist(), explanation.reasons.empty
    (['drug_id', 'feature_id', 'gene', 'effect'], True)
    """
    listed = [selected_samples] if isinstance(selected_samples, str) else selected_samples
    selected = pd.Index(list(map(str, listed)), dtype=object).unique()
    recipe = _recipe_of(model, refit_learner, n_jobs)
    given, samples = genotypes_and_samples(genotypes, samples)
    called = genotypes_in_memory(given, "explain")
    rows, known = rows_to_explain(
        model, called, responses, drugs=drugs, samples=samples, selected_samples=selected, refits=refits
    )
    measure, measured_ids = model.parts_.measure, rows.pairs.genotypes.sample_ids
    progress.info("explaining %d samples x %d drugs", rows.pairs.genotypes.shape[0], len(rows.pairs.drugs))
    explained = known.reindex(measured_ids.append(selected[~selected.isin(measured_ids)]))
    doing("attributing predictions to features")
    decomposed = model.contributions(explained, drugs=rows.pairs.drugs, samples=samples)
    pairs = decomposed.pairs
    parts = with_genes(decomposed.parts, known.features)
    effects, reasons = attribute(
        parts,
        decomposed.by_drug,
        pairs,
        selected=pairs.genotypes.sample_ids.isin(selected)[pairs.sample_index],
        n_strongest=n_reasons,
    )
    doing("testing associations")
    progress.info("testing associations")
    associations = associate_pairs(
        rows.pairs,
        rows.y,
        adjust_sensitivity=adjust_sensitivity,
        minimum_carriers=minimum_carriers,
        random_state=random_state,
        n_jobs=n_jobs,
    )
    # without features that the model was not given
    y = on_scale(model.parts_.response_scale.name, rows.y)
    refitted = replace(rows, y=y, pairs=replace(rows.pairs, genotypes=known.reindex(measured_ids)))
    with units_on(client):
        spread, noise = _refit(recipe, refitted, pairs, effects, refits, random_state)
    doing("putting attributions and associations side by side")
    attributions = attribution_table(effects, measure, outcome=rows.pairs.outcome, spread=spread, noise=noise)
    return Explanation(
        attributions,
        associations,
        agreement(associations.table, attributions),
        reasons,
        model.predict(called.reindex(selected), samples=samples, drugs=rows.pairs.drugs)
        if len(selected)
        else pd.DataFrame(columns=list(PREDICTION_COLUMNS)),
        None if gene_sets is None else gene_set_tests(attributions, gene_sets, rows.pairs.genotypes),
        target_ranks(
            rows.pairs.drugs if drugs is None else index_by_id(drugs, "drug_id", where="drugs"),
            attributions,
            associations.table,
        ),
        _clusters(attributions, effects),
        spread,
        noise,
        rows,
        measure,
        dict(model.manifest_),
        0 if spread is None or noise is None else recipe.n_fits() * (spread.n_refits + noise.n_refits),
        recipe.learner,
    )


def rows_to_explain(
    model: DrugResponseModel,
    genotypes: Genotypes,
    responses: ResponsesLike,
    *,
    drugs: FrameLike | None = None,
    samples: FrameLike | None = None,
    selected_samples: Sequence[str] | pd.Index = (),
    refits: int = 0,
) -> tuple[TrainingRows, Genotypes]:
    """What `explain` explains: the measurements joined to the genotypes, with the same refusals.

    Parameters
    ----------
    model, genotypes, responses, drugs, samples, selected_samples, refits
        As for `explain`.

    Returns
    -------
    rows : TrainingRows
        With every feature.
    known : Genotypes
        With the features of the model.
    """
    check_is_fitted(model, "parts_")
    _refuse_few_refits(refits)
    _refuse_unknown(pd.Index(selected_samples, dtype=object), genotypes)
    built = as_responses(responses, model.parts_.outcome)
    measured = right_way_round(built, samples=genotypes.sample_ids, drugs=model.drugs_.index)
    every, known = in_terms_of(genotypes, model.parts_.features)
    if measured.outcome.kind == "continuous":
        refuse_misread_responses(measured, model.parts_.measure)
    return _rows_of(model, every, measured, drugs, samples), known


def _refuse_few_refits(refits: int) -> None:
    if refits and refits < _FEWEST_REFITS:
        raise InputError(f"`refits`: found {refits} (expected 0, or {_FEWEST_REFITS} or more). Give another number.")


def _recipe_of(model: DrugResponseModel, refit_learner: str | None, n_jobs: int | None) -> Recipe:
    if refit_learner in WITHOUT_GENOTYPE:
        raise InputError(
            f"`refit_learner`: found {refit_learner}, which uses no genotype (expected a learner that does). "
            "Take ridge, or leave it out."
        )
    return Recipe.of(model, refit_learner, n_jobs)


def _refit(
    recipe: Recipe, rows: TrainingRows, explained: Pairs, effects: PartEffects, refits: int, random_state: int
) -> tuple[Spread | None, Noise | None]:
    """How far effects move without a part of the subjects, and what features without meaning reach."""
    if not refits:
        return None, None
    progress.info("fitting %s again, %d times without a part of the subjects", recipe.learner, refits)
    others = refit_without_groups(recipe, rows, explained, n_groups=refits, random_state=random_state)
    spread = spread_over_refits(effects, others)
    progress.info("fitting %s again beside features without meaning", recipe.learner)
    return spread, noise_of_copies(recipe, rows, explained, effects, random_state=random_state)


def _rows_of(
    model: DrugResponseModel,
    genotypes: Genotypes,
    measured: Responses,
    drugs: FrameLike | None,
    samples: FrameLike | None,
) -> TrainingRows:
    """The measurements of the model's drugs, with the model's covariates."""
    if model.parts_.scheme == "new-studies":
        measured = measured.apart_by_study()
    known = measured.table["drug_id"].isin(model.drugs_.index)
    known_drugs = drugs_by_id(drugs, None)
    if known_drugs is not None:
        known |= measured.table["drug_id"].isin(known_drugs.index)
    if not known.any():
        ids = pd.Index(measured.table["drug_id"].unique())
        raise InputError(
            f"responses: none of its {len(ids)} drugs is among the {len(model.drugs_)} of the model. "
            f"{suggest_ids(ids, model.drugs_.index)}"
        )
    table = None if samples is None else index_by_id(samples, "sample_id", where="samples")
    names, texts = [] if table is None else model.parts_.given_covariates, model.parts_.covariate_levels
    covariates = covariates_as_trained(genotypes.sample_ids, table, names, texts)
    lineages = model.manifest_["parameters"].get("lineage_column")
    rows = join_training_rows(
        genotypes,
        replace(measured, table=measured.table[known].reset_index(drop=True)),
        model.drugs_ if known_drugs is None else known_drugs,
        table,
        covariates.join(placed_on_axes(model.parts_, genotypes).scores),
        (model.parts_.arm or {}).get("column") if table is not None else None,
        lineages if table is not None and lineages in table.columns else None,
        model.parts_.scheme,
    )
    # training would read many calls in blocks, also where they are in memory; what tests them holds them
    rows = replace(rows, pairs=replace(rows.pairs, genotypes=rows.pairs.genotypes.in_memory()))
    return rows_on_one_scale(rows, model.reference_study)


def _refuse_unknown(selected: pd.Index, genotypes: Genotypes) -> None:
    unknown = selected[~selected.isin(genotypes.sample_ids)]
    if len(unknown):
        raise InputError(
            f"`selected_samples`: {len(unknown)} of {len(selected)} have no genotype. "
            f"{suggest_ids(unknown, genotypes.sample_ids)}"
        )


def _clusters(attributions: pd.DataFrame, effects: PartEffects) -> DrugClusters | None:
    genotype = (effects.parts["kind"] == "genotype").to_numpy()
    driven = (effects.importance[:, genotype] > 0).any(axis=1)
    return cluster_drugs(attributions) if driven.sum() > 1 else None
