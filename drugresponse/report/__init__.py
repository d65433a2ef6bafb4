"""The pages people read: one HTML file each, without scripts, nothing fetched from elsewhere."""

from drugresponse.report.adaptation import adaptation_report
from drugresponse.report.curves import curves_report
from drugresponse.report.drug_names import drug_names
from drugresponse.report.evaluation import evaluation_markdown, evaluation_report, evaluation_title
from drugresponse.report.explanation import explanation_report
from drugresponse.report.genotypes import GenotypeSource, genotypes_report
from drugresponse.report.model_card import model_card
from drugresponse.report.predictions import prediction_report
from drugresponse.report.short_tables import short_evaluation, short_predictions, short_training
from drugresponse.report.training import training_report

__all__ = [
    "GenotypeSource",
    "adaptation_report",
    "curves_report",
    "drug_names",
    "evaluation_markdown",
    "evaluation_report",
    "evaluation_title",
    "explanation_report",
    "genotypes_report",
    "model_card",
    "prediction_report",
    "short_evaluation",
    "short_predictions",
    "short_training",
    "training_report",
]
