"""The commands, and which options each of them takes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType

from drugresponse.learners.registry import EVALUATED_LEARNERS
from drugresponse.settings import inputs, learning
from drugresponse.settings.curves import CURVES
from drugresponse.settings.explaining import EXPLAIN
from drugresponse.settings.parameter import Command, Parameter
from drugresponse.settings.preparing import PREPARE

_USUAL_SIZE = "Unless given, what is usual for the kind of cohort."
_COLUMNS = (inputs.SAMPLE_COLUMN, inputs.DRUG_COLUMN)
_RUNNING = (learning.THREADS, learning.DEVICE, learning.CONFIG)

_SIMULATE = Command(
    "simulate",
    "Make a cohort whose truth is known, to try the other commands on.",
    (
        Parameter(
            "directory",
            "folder",
            label="Folder",
            help="Where the tables are written; made when it does not exist.",
            required=True,
            section=None,
        ),
        Parameter(
            "preset",
            "choice",
            label="Kind of cohort",
            help="Cell lines have mutations, tissues and many drugs; patients have allele dosages, ancestry, age and "
            "the dose of one drug.",
            default="cell-lines",
            choices={"cell-lines": "Cancer cell lines", "germline": "Patients"},
        ),
        Parameter("n_samples", "integer", label="Samples", help=_USUAL_SIZE, minimum=20, maximum=100_000),
        Parameter("n_drugs", "integer", label="Drugs", help=_USUAL_SIZE, minimum=1, maximum=864),
        Parameter("n_features", "integer", label="Features", help=_USUAL_SIZE, minimum=20, maximum=100_000),
        learning.SEED,
        learning.CONFIG,
    ),
)
_TRAIN = Command(
    "train",
    "Learn to predict drug response from genotype, and say whether genotype helped.",
    (
        replace(inputs.GENOTYPES, required=True),
        inputs.RESPONSES,
        inputs.DRUGS,
        inputs.SAMPLES,
        learning.LEARNER,
        learning.SCHEME,
        learning.MODEL,
        learning.METRICS,
        learning.REPORT,
        learning.SEED,
        *_COLUMNS,
        inputs.RESPONSE_COLUMN,
        inputs.MEASURE,
        inputs.UNIT,
        inputs.HIGHER_MEANS,
        *inputs.GENOTYPE_OPTIONS,
        inputs.MINIMUM_FEATURES,
        learning.COVARIATES,
        learning.ARM,
        learning.FOLDS,
        learning.RANK,
        learning.EPOCHS,
        learning.TREES,
        learning.DEPTH,
        learning.MOST_FITS,
        learning.MOST_MINUTES,
        learning.FORGET_SAMPLES,
        *_RUNNING,
    ),
)
_EVALUATE = Command(
    "evaluate",
    "Ask on held-out rows whether genotype predicts anything, for which drugs, and how we know.",
    (
        replace(inputs.GENOTYPES, required=True),
        inputs.RESPONSES,
        inputs.DRUGS,
        inputs.SAMPLES,
        replace(
            learning.LEARNER,
            label="Learners",
            help="Each is fitted to the same folds; naive models and covariates always run beside them. Auto weighs "
            "learners inside each fold, and takes as long as all of them together.",
            default=EVALUATED_LEARNERS,
            repeatable=True,
        ),
        replace(learning.SCHEME, help="Decides which rows are held out, and which effects a model may rely on."),
        replace(learning.METRICS, required=True, help="Scores of every learner and naive model, with intervals."),
        replace(learning.PREDICTIONS, required=False, help="The prediction of every learner for every held-out row."),
        learning.VERDICTS,
        learning.REPORT,
        learning.MARKDOWN,
        learning.FIGURES,
        learning.WRITE_SPLITS,
        learning.SEED,
        *_COLUMNS,
        inputs.RESPONSE_COLUMN,
        replace(inputs.MEASURE, help="Such as ln_ic50 or auc; shown in reports."),
        replace(inputs.UNIT, help="Such as uM or mg/week; shown in reports."),
        inputs.HIGHER_MEANS,
        *inputs.GENOTYPE_OPTIONS,
        replace(
            learning.FOLDS,
            label="Folds held out in turn",
            help="Fewer are made when there are fewer groups to hold out.",
            default=5,
            minimum=2,
            maximum=50,
            section="held_out",
        ),
        learning.REPEATS,
        inputs.SPLITS,
        learning.SHUFFLES,
        learning.RESUME,
        learning.COVARIATES,
        learning.ARM,
        learning.RANK,
        learning.EPOCHS,
        learning.TREES,
        learning.DEPTH,
        learning.MOST_FITS,
        learning.MOST_MINUTES,
        *_RUNNING,
    ),
)
_PREDICT = Command(
    "predict",
    "Predict the response of samples to drugs with a trained model.",
    (
        inputs.MODEL,
        replace(inputs.GENOTYPES, required=True),
        inputs.DRUGS,
        inputs.SAMPLES,
        inputs.PAIRS,
        learning.PREDICTIONS,
        learning.REPORT,
        replace(
            inputs.SAMPLE_COLUMN,
            help="A column of the samples; the pairs have it under the same name.",
            column_of=("samples", "pairs"),
        ),
        replace(
            inputs.DRUG_COLUMN,
            help="A column of the drugs; the pairs have it under the same name.",
            column_of=("drugs", "pairs"),
        ),
        *inputs.GENOTYPE_OPTIONS,
        replace(
            inputs.MINIMUM_FEATURES,
            default=None,
            help=f"{inputs.MINIMUM_FEATURES.help} Unless given, as at training.",
        ),
        *_RUNNING,
    ),
)
_ADAPT = Command(
    "adapt",
    "Predict for samples of which a few drugs were measured, and rank which drug to measure next.",
    (
        inputs.MODEL,
        replace(
            inputs.RESPONSES,
            label="Pilot measurements: responses of the new samples to a few drugs",
            help="Columns sample_id, drug_id and response, one row for each pair; on the scale of the training.",
        ),
        replace(
            inputs.GENOTYPES,
            help=f"{inputs.GENOTYPES.help} Without them, predictions start at the mean of tissue and drug.",
        ),
        replace(
            inputs.DRUGS,
            label="Drugs to predict",
            help="Column drug_id. Only these are predicted, and only these are ranked to be measured. Unless given: "
            "all drugs of the training.",
        ),
        inputs.SAMPLES,
        replace(
            inputs.PAIRS,
            help="Columns sample_id and drug_id. Without it, every sample with every drug that was not measured.",
        ),
        learning.PREDICTIONS,
        learning.NEXT_DRUGS,
        learning.REPORT,
        *_COLUMNS,
        inputs.RESPONSE_COLUMN,
        *inputs.GENOTYPE_OPTIONS,
        replace(
            inputs.MINIMUM_FEATURES,
            default=None,
            help=f"{inputs.MINIMUM_FEATURES.help} Unless given, as at training.",
        ),
        learning.N_NEXT,
        *_RUNNING,
    ),
)
_DESCRIBE = Command(
    "describe",
    "Say what a model file holds.",
    (
        inputs.MODEL,
        Parameter("json", "switch", label="As JSON", help="For programs to read, instead of text.", default=False),
        Parameter(
            "output",
            "output",
            label="description",
            help="A file for the description. Unless given: standard output.",
            formats=("txt", "json"),
        ),
        learning.CONFIG,
    ),
)

COMMANDS: Mapping[str, Command] = MappingProxyType(
    {each.name: each for each in (_SIMULATE, PREPARE, CURVES, _TRAIN, _PREDICT, _ADAPT, _EVALUATE, EXPLAIN, _DESCRIBE)}
)
"""Every command by name."""
