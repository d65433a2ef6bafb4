"""Every option, declared once: the command line, the Galaxy tools and the option page are made from here."""

from drugresponse.settings.collect import collect_settings, convert
from drugresponse.settings.columns import name_columns
from drugresponse.settings.commands import (
    COMMANDS,
    AdaptSettings,
    DescribeSettings,
    EvaluateSettings,
    EvaluationChecks,
    NewSamples,
    PredictSettings,
    ReproduceSettings,
    SimulateSettings,
    TrainSettings,
    ValidateSettings,
)
from drugresponse.settings.curves import CurvesSettings
from drugresponse.settings.explaining import ExplainSettings, ExplanationChecks
from drugresponse.settings.input_files import input_files, pipes_as_files
from drugresponse.settings.inputs import (
    CohortTables,
    GenotypeReading,
    MeasuredResponses,
    TimeColumns,
    TrainingTables,
)
from drugresponse.settings.learning import ForecastSettings, LearnerSettings, StudyDesign
from drugresponse.settings.option import Command, Settings, parameters_of, values_of
from drugresponse.settings.page import option_page, with_learners
from drugresponse.settings.parameter import GROUPS, SECTIONS, Parameter
from drugresponse.settings.preparing import PrepareSettings, SiteSelection
from drugresponse.settings.spelling import as_typed

__all__ = [
    "COMMANDS",
    "GROUPS",
    "SECTIONS",
    "AdaptSettings",
    "CohortTables",
    "Command",
    "CurvesSettings",
    "DescribeSettings",
    "EvaluateSettings",
    "EvaluationChecks",
    "ExplainSettings",
    "ExplanationChecks",
    "ForecastSettings",
    "GenotypeReading",
    "LearnerSettings",
    "MeasuredResponses",
    "NewSamples",
    "Parameter",
    "PredictSettings",
    "PrepareSettings",
    "ReproduceSettings",
    "Settings",
    "SimulateSettings",
    "SiteSelection",
    "StudyDesign",
    "TimeColumns",
    "TrainSettings",
    "TrainingTables",
    "ValidateSettings",
    "as_typed",
    "collect_settings",
    "convert",
    "input_files",
    "name_columns",
    "option_page",
    "parameters_of",
    "pipes_as_files",
    "values_of",
    "with_learners",
]
