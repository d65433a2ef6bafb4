"""The commands, and the settings that each of them takes."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from drugresponse.learners.registry import EVALUATED_LEARNERS
from drugresponse.settings.curves import CurvesSettings
from drugresponse.settings.explaining import ExplainSettings
from drugresponse.settings.inputs import (
    CohortTables,
    GenotypeFiles,
    GenotypeReading,
    MeasuredResponses,
    ModelFile,
    NewPairs,
    TrainingTables,
)
from drugresponse.settings.learning import (
    LEARNER_LABELS,
    ChosenLearner,
    Distributed,
    EvaluationTables,
    ForecastSettings,
    LearnerSettings,
    Predictions,
    PriorKnowledge,
    Rehearsed,
    Report,
    Running,
    Seeded,
    ShortTable,
    StudyDesign,
    TrainedFiles,
)
from drugresponse.settings.option import (
    Command,
    Folder,
    InputFile,
    InputTable,
    OutputFile,
    OutputTable,
    Settings,
    changed,
    option,
    options,
)
from drugresponse.settings.preparing import PrepareSettings
from drugresponse.settings.reproducing import ReproduceSettings, ValidateSettings

__all__ = [
    "COMMANDS",
    "AdaptSettings",
    "DescribeSettings",
    "EvaluateSettings",
    "EvaluationChecks",
    "NewSamples",
    "PredictSettings",
    "ReproduceSettings",
    "SimulateSettings",
    "TrainSettings",
    "ValidateSettings",
]


_USUAL_SIZE = "Unless given, what is usual for the kind of cohort."
_LEAST_FEATURES = (
    "A sample whose features carry less than this share of the model's weight is not predicted. "
    "What is missing, absent or in conflict counts as the mean of the training samples."
)


@options()
class SimulatedCohort:
    """What is simulated."""

    directory: Folder = option("Folder", "Where the tables are written; made when it does not exist.")
    preset: str = option(
        "Kind of cohort",
        "Cell lines have mutations, tissues and many drugs; patients have allele dosages, ancestry, age and "
        "the dose of one drug.",
        default="cell-lines",
        choices={"cell-lines": "Cancer cell lines", "germline": "Patients"},
    )
    n_samples: int | None = option("Samples", _USUAL_SIZE, limits=(20, 100_000))
    n_drugs: int | None = option("Drugs", _USUAL_SIZE, limits=(1, 864))
    n_features: int | None = option("Features", _USUAL_SIZE, limits=(20, 100_000))
    outcome: str = option(
        "Outcome",
        "What a response is; the planted effects act on the log odds, the logarithm or the log hazard.",
        default="continuous",
        choices={
            "continuous": "Measured numbers",
            "binary": "Yes or no (susceptible or resistant)",
            "ordinal": "Ordered classes (S, I, R)",
            "interval": "Dilution series (MIC)",
            "time-to-event": "Time to an event",
        },
    )
    studies: int = option(
        "Studies",
        "Of several, each sample is measured in one, three in ten in another too, and each study has a level of its "
        "own. Of measured numbers only.",
        default=1,
        limits=(1, 50),
    )


@options()
class SimulateSettings(SimulatedCohort, Seeded, Settings):
    """Settings of `simulate`."""


@options()
class TrainSettings(
    TrainingTables,
    ChosenLearner,
    StudyDesign,
    LearnerSettings,
    PriorKnowledge,
    ForecastSettings,
    TrainedFiles,
    ShortTable,
    Report,
    Seeded,
    Running,
    Distributed,
    Rehearsed,
    Settings,
):
    """Settings of `train`."""

    seed: int = changed(Seeded, "seed", section="advanced")

    minimum_features: float | None = option(
        "Share of features that must be found",
        f"{_LEAST_FEATURES} Unless given, 0.5, or what 99 of 100 training samples have where that is less: of calls "
        "that are usually missing, as many may be missing again.",
        limits=(0, 1),
        section="genotype_options",
    )
    forget_samples: bool = option(
        "Forget the training samples",
        "Keep no trace of their ids in the model; prediction then cannot tell which samples were seen in training.",
        default=False,
        section="advanced",
    )


@options()
class EvaluationPages:
    """What is written beside the report."""

    markdown: OutputFile | None = option(
        "report in Markdown", "The numbers of the report as Markdown.", formats=("markdown",)
    )
    write_splits: OutputTable | None = option(
        "splits", "A table of the folds that were used, to be given again with --splits."
    )


@options()
class EvaluatedLearners:
    """Which learners are compared."""

    learner: list[str] = option(
        "Learners",
        "Each is fitted to the same folds; naive models and covariates always run beside them. Auto weighs "
        "learners inside each fold, and takes as long as all of them together.",
        default=EVALUATED_LEARNERS,
        choices=LEARNER_LABELS,
    )


@options(section="held_out")
class EvaluationChecks:
    """How often everything is fitted, on which rows; `evaluate` takes each by its name."""

    repeats: int = option(
        "Repeats", "How often other folds are dealt and everything is fitted again.", default=1, limits=(1, 20)
    )
    splits: InputTable | None = option(
        "Splits: given folds",
        "Column fold, and sample_id or drug_id or both; repeat where there are several. Then no folds are dealt, and "
        "their number has no meaning.",
    )
    rule: InputTable | None = option(
        "Rule: what is used already",
        "Drug, feature (or sample) and score or class. It is scored beside the learners on the same rows: scores of "
        "the features that a sample carries are added up and calibrated, the highest class is called as it is.",
    )
    shuffles: int = option(
        "Shuffles of the permutation check",
        "Genotypes are shuffled between samples of a tissue, and ridge is fitted again: the gain must go away. "
        "20 or more; 0 leaves the check out.",
        default=20,
        limits=(0, 1000),
    )
    resume: Folder | None = option(
        "Resume",
        "A folder that keeps every finished fit; started again with the same folder, a run that was stopped goes on.",
    )


@options(section="held_out")
class EvaluateSettings(
    TrainingTables,
    EvaluatedLearners,
    StudyDesign,
    LearnerSettings,
    PriorKnowledge,
    ForecastSettings,
    EvaluationTables,
    ShortTable,
    Report,
    EvaluationPages,
    EvaluationChecks,
    Seeded,
    Running,
    Distributed,
    Rehearsed,
    Settings,
):
    """Settings of `evaluate`."""

    seed: int = changed(Seeded, "seed", section="advanced")

    scheme: str = changed(
        StudyDesign, "scheme", help="Decides which rows are held out, and which effects a model may rely on."
    )
    measure: str | None = changed(TrainingTables, "measure", help="Such as ln_ic50 or auc; shown in reports.")
    unit: str | None = changed(TrainingTables, "unit", help="Such as uM or mg/week; shown in reports.")
    folds: int = option(
        "Folds held out in turn", "Fewer are made when there are fewer groups to hold out.", default=5, limits=(2, 50)
    )
    only_fold: int | None = option(
        "Only the fits of one fold",
        "Make the fits of this fold (from 0, in every repeat) alone, put them into the folder of --resume, and write "
        "no output. When jobs have done so for all folds, the same command without this option, with a --resume folder "
        "that holds all of their files, makes what an undivided run would.",
        limits=(0, 49),
        section=None,
    )


@options(section="genotype_options")
class NewSamples(ModelFile, GenotypeReading, CohortTables, NewPairs):
    """Genotypes of new samples, read for the model that predicts them."""

    minimum_features: float | None = option(
        "Share of features that must be found", f"{_LEAST_FEATURES} Unless given, as at training.", limits=(0, 1)
    )


@options()
class PredictSettings(NewSamples, Predictions, ShortTable, Report, Running, Rehearsed, Settings):
    """Settings of `predict`."""

    drugs: InputTable | None = changed(
        CohortTables,
        "drugs",
        label="Drugs to predict",
        help="Column drug_id, and smiles for drugs that were never measured. Only these are predicted. Unless given: "
        "all drugs of the training.",
    )
    sample_column: str = changed(
        CohortTables,
        "sample_column",
        help="A column of the samples; the pairs have it under the same name.",
        column_of=("samples", "pairs"),
    )
    drug_column: str = changed(
        CohortTables,
        "drug_column",
        help="A column of the drugs; the pairs have it under the same name.",
        column_of=("drugs", "pairs"),
    )


@options()
class PilotResponses(ModelFile, MeasuredResponses):
    """A model, and what was measured of new samples."""

    responses: InputFile = changed(
        MeasuredResponses,
        "responses",
        label="Pilot measurements: responses of the new samples to a few drugs",
        help="Columns sample_id, drug_id and response, one row for each pair; on the scale of the training.",
    )


@options()
class Ranking:
    """Which drugs to measure next."""

    next_drugs: OutputTable | None = option(
        "drugs to measure next",
        "For each sample, the drugs whose measurement would make the other predictions surer, the most telling first.",
    )
    n_next: int = option(
        "Drugs to measure next, at most",
        "How many are ranked for each sample.",
        default=5,
        limits=(1, 1000),
        section="advanced",
    )


@options()
class AdaptSettings(PilotResponses, NewSamples, Predictions, ShortTable, Ranking, Report, Running, Rehearsed, Settings):
    """Settings of `adapt`."""

    genotypes: list[InputFile] = changed(
        GenotypeFiles, "genotypes", also="Without them, predictions start at the mean of tissue and drug.", default=()
    )
    drugs: InputFile | None = changed(
        CohortTables,
        "drugs",
        label="Drugs to predict",
        help="Column drug_id. Only these are predicted, and only these are ranked to be measured. Unless given: "
        "all drugs of the training.",
    )
    pairs: InputFile | None = changed(
        NewPairs,
        "pairs",
        help="Columns sample_id and drug_id. Without it, every sample with every drug that was not measured.",
    )


@options()
class DescribeSettings(ModelFile, Settings):
    """Settings of `describe`."""

    json: bool = option("As JSON", "For programs to read, instead of text.", default=False)
    output: OutputFile | None = option(
        "description", "A file for the description. Unless given: standard output.", formats=("txt", "json")
    )
    card: OutputFile | None = option(
        "model card",
        "A model card in Markdown, with the front matter of model hubs and a TRIPOD+AI checklist; what the model must "
        "not be used for stands first.",
        formats=("markdown",),
    )


_ALL = (
    Command("simulate", "Make a cohort whose truth is known, to try the other commands on.", SimulateSettings),
    Command(
        "curves",
        "Fit dose-response curves to raw doses, and write one response for each sample and drug.",
        CurvesSettings,
    ),
    Command(
        "prepare",
        "Read genotypes of any format once, leave out what is not wanted, and write one file, with a page about it.",
        PrepareSettings,
    ),
    Command("train", "Learn to predict drug response from genotype, and say whether genotype helped.", TrainSettings),
    Command(
        "evaluate",
        "Ask on held-out rows whether genotype predicts anything, for which drugs, and how we know.",
        EvaluateSettings,
    ),
    Command("predict", "Predict the response of samples to drugs with a trained model.", PredictSettings),
    Command(
        "explain",
        "Say which features move the response: by the measurements, by the model, and by both.",
        ExplainSettings,
    ),
    Command(
        "adapt",
        "Predict for samples of which a few drugs were measured, and rank which drug to measure next.",
        AdaptSettings,
    ),
    Command("describe", "Say what a model file holds.", DescribeSettings),
    Command(
        "reproduce",
        "Train a model again with the settings that its file holds, and say whether it is the same.",
        ReproduceSettings,
        has_tool=False,
    ),
    Command(
        "validate",
        "Make checks whose answers are known, and say whether this installation computes what it should.",
        ValidateSettings,
    ),
)
COMMANDS: Mapping[str, Command] = MappingProxyType({command.name: command for command in _ALL})
"""Every command by name, in the order of work."""
