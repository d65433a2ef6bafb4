"""Drug response from genotype: embeddings with a neural response model, trees and ridge beside it.

>>> import drugresponse as dr
>>> cohort = dr.simulate_cohort(n_samples=40, n_drugs=3, n_features=20)
>>> len(cohort.responses) > 0
True
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from drugresponse.version import __version__

if TYPE_CHECKING:
    from drugresponse import datasets, plots
    from drugresponse.association.associations import Associations, associate
    from drugresponse.audit.findings import Finding
    from drugresponse.curves import CurveFits, HillCurves, convert_responses, fit_curves
    from drugresponse.data.conversion.genotypes import as_genotypes
    from drugresponse.data.genotypes import Genotypes, GenotypesLike
    from drugresponse.data.pairs import Pairs
    from drugresponse.data.parents.naming import with_named_parents
    from drugresponse.data.responses.doses import Doses
    from drugresponse.data.tables import Measure, Responses, ResponsesLike
    from drugresponse.errors import DrugResponseError, InputError, ModelFileError
    from drugresponse.evaluation.evaluate import evaluate, evaluate_fold
    from drugresponse.evaluation.summary import (
        Evaluation,
        EvaluationSummary,
        NoiseCeiling,
        PermutationCheck,
        RankStability,
    )
    from drugresponse.explanation.drivers import DrugClusters
    from drugresponse.explanation.explain import Explanation, Noise, Spread, explain
    from drugresponse.features.samples import SampleEncoder
    from drugresponse.genotype_files import to_anndata, write_genotypes
    from drugresponse.genotype_qc.overview import GenotypeOverview, overview_of
    from drugresponse.learners.base import PairRegressor
    from drugresponse.learners.contributions import Contributions
    from drugresponse.learners.encoders import load_sample_encoder, sample_encoder_state
    from drugresponse.learners.registry import LEARNERS, Learner
    from drugresponse.learners.state import State
    from drugresponse.messages import show_progress
    from drugresponse.model.loading import load_model
    from drugresponse.model.model import DrugResponseModel, PredictionParts
    from drugresponse.model.scoring.estimator import PairEstimator
    from drugresponse.preparing import prepare
    from drugresponse.readers.genes.names import GeneNames, read_gene_names
    from drugresponse.readers.genes.sets import GeneSet, read_gene_sets
    from drugresponse.readers.genotypes import read_genotypes
    from drugresponse.readers.source.source import AnySource
    from drugresponse.readers.tables.doses import read_doses
    from drugresponse.readers.tables.responses import read_responses
    from drugresponse.readers.tables.splits import read_splits
    from drugresponse.readers.tables.text_tables import read_drugs, read_pairs, read_samples
    from drugresponse.readers.variants.regions import Regions, read_regions
    from drugresponse.readers.variants.site_filter import SiteFilter
    from drugresponse.report.short_tables import short_evaluation, short_predictions, short_training
    from drugresponse.simulation.cohort import Cohort, simulate_cohort

_NAMES = {
    "drugresponse.association.associations": ("Associations", "associate"),
    "drugresponse.audit.findings": ("Finding",),
    "drugresponse.curves": ("CurveFits", "HillCurves", "convert_responses", "fit_curves"),
    "drugresponse.data.conversion.genotypes": ("as_genotypes",),
    "drugresponse.data.genotypes": ("Genotypes", "GenotypesLike"),
    "drugresponse.data.pairs": ("Pairs",),
    "drugresponse.data.parents.naming": ("with_named_parents",),
    "drugresponse.data.responses.doses": ("Doses",),
    "drugresponse.data.tables": ("Measure", "Responses", "ResponsesLike"),
    "drugresponse.errors": ("DrugResponseError", "InputError", "ModelFileError"),
    "drugresponse.evaluation.evaluate": ("evaluate", "evaluate_fold"),
    "drugresponse.evaluation.summary": (
        "Evaluation",
        "EvaluationSummary",
        "NoiseCeiling",
        "PermutationCheck",
        "RankStability",
    ),
    "drugresponse.explanation.drivers": ("DrugClusters",),
    "drugresponse.explanation.explain": ("Explanation", "Noise", "Spread", "explain"),
    "drugresponse.features.samples": ("SampleEncoder",),
    "drugresponse.genotype_files": ("to_anndata", "write_genotypes"),
    "drugresponse.genotype_qc.overview": ("GenotypeOverview", "overview_of"),
    "drugresponse.learners.base": ("PairRegressor",),
    "drugresponse.learners.contributions": ("Contributions",),
    "drugresponse.learners.encoders": ("load_sample_encoder", "sample_encoder_state"),
    "drugresponse.learners.registry": ("LEARNERS", "Learner"),
    "drugresponse.learners.state": ("State",),
    "drugresponse.messages": ("show_progress",),
    "drugresponse.model.loading": ("load_model",),
    "drugresponse.model.model": ("DrugResponseModel", "PredictionParts"),
    "drugresponse.model.scoring.estimator": ("PairEstimator",),
    "drugresponse.preparing": ("prepare",),
    "drugresponse.readers.genes.names": ("GeneNames", "read_gene_names"),
    "drugresponse.readers.genes.sets": ("GeneSet", "read_gene_sets"),
    "drugresponse.readers.genotypes": ("read_genotypes",),
    "drugresponse.readers.source.source": ("AnySource",),
    "drugresponse.readers.tables.doses": ("read_doses",),
    "drugresponse.readers.tables.responses": ("read_responses",),
    "drugresponse.readers.tables.splits": ("read_splits",),
    "drugresponse.readers.tables.text_tables": ("read_drugs", "read_pairs", "read_samples"),
    "drugresponse.readers.variants.regions": ("Regions", "read_regions"),
    "drugresponse.readers.variants.site_filter": ("SiteFilter",),
    "drugresponse.report.short_tables": ("short_evaluation", "short_predictions", "short_training"),
    "drugresponse.simulation.cohort": ("Cohort", "simulate_cohort"),
}
_ROOMS = ("datasets", "plots")
_PLACES = {name: module for module, names in _NAMES.items() for name in names}

__all__ = [
    "LEARNERS",
    "AnySource",
    "Associations",
    "Cohort",
    "Contributions",
    "CurveFits",
    "Doses",
    "DrugClusters",
    "DrugResponseError",
    "DrugResponseModel",
    "Evaluation",
    "EvaluationSummary",
    "Explanation",
    "Finding",
    "GeneNames",
    "GeneSet",
    "GenotypeOverview",
    "Genotypes",
    "GenotypesLike",
    "HillCurves",
    "InputError",
    "Learner",
    "Measure",
    "ModelFileError",
    "Noise",
    "NoiseCeiling",
    "PairEstimator",
    "PairRegressor",
    "Pairs",
    "PermutationCheck",
    "PredictionParts",
    "RankStability",
    "Regions",
    "Responses",
    "ResponsesLike",
    "SampleEncoder",
    "SiteFilter",
    "Spread",
    "State",
    "__version__",
    "as_genotypes",
    "associate",
    "convert_responses",
    "datasets",
    "evaluate",
    "evaluate_fold",
    "explain",
    "fit_curves",
    "load_model",
    "load_sample_encoder",
    "overview_of",
    "plots",
    "prepare",
    "read_doses",
    "read_drugs",
    "read_gene_names",
    "read_gene_sets",
    "read_genotypes",
    "read_pairs",
    "read_regions",
    "read_responses",
    "read_samples",
    "read_splits",
    "sample_encoder_state",
    "short_evaluation",
    "short_predictions",
    "short_training",
    "show_progress",
    "simulate_cohort",
    "to_anndata",
    "with_named_parents",
    "write_genotypes",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package stays light."""
    if name in _ROOMS:
        return importlib.import_module(f"drugresponse.{name}")
    if name not in _PLACES:
        raise AttributeError(f"module 'drugresponse' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
