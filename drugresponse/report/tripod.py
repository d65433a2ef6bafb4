"""The TRIPOD+AI checklist of a model: each item answered from the manifest, or left open by name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from drugresponse.audit.findings import findings_of
from drugresponse.data.splits import SCHEMES
from drugresponse.description import covariate_words, describe_scores, forecast_words, outcome_of
from drugresponse.learners.registry import AUTO
from drugresponse.report.blocks import Cell, Part, Row, Table, Words
from drugresponse.report.page import count
from drugresponse.report.wording import as_sentence, direction, general_limits, learner_words, scheme_words
from drugresponse.verdict import gain_sources, measure_of, measure_words, model_verdict
from drugresponse.version import __version__
from drugresponse.words import joined

__all__ = ["OPEN", "tripod_part"]

OPEN = "Open: not known to the model file."
SOURCE = "Collins et al. 2024, BMJ 385:e078378"
_ITEMS = {
    "1": "Title: development or evaluation, population, outcome",
    "2": "Abstract",
    "3a": "Why the model is made, and existing models",
    "3b": "For whom it is meant, and who is to use it",
    "3c": "Known inequalities in health between groups",
    "4": "Aim: development, evaluation, or both",
    "5a": "Where the data come from, and whom they stand for",
    "5b": "Dates of the data",
    "6a": "Setting: kind, number and place of centres",
    "6b": "Who was included",
    "6c": "Treatments received",
    "7": "Preparation and quality of the data",
    "8a": "Outcome: definition, horizon, assessment",
    "8b": "Who assessed it, where that takes judgement",
    "8c": "Blinding of its assessment",
    "9a": "How predictors were chosen before modelling",
    "9b": "Predictors: definition and measurement",
    "9c": "Who assessed them, where that takes judgement",
    "10": "Sample size, and why it is enough",
    "11": "Missing data",
    "12a": "How data were divided for development and evaluation",
    "12b": "How predictors enter the analysis",
    "12c": "Kind of model, how it is built, tuned and checked internally",
    "12d": "Differences between clusters of the data",
    "12e": "Measures of performance",
    "12f": "Updating of the model after evaluation",
    "12g": "How predictions for an evaluation were made",
    "13": "Imbalance of classes, and its handling",
    "14": "What was done for fairness",
    "15": "What the model puts out, and thresholds",
    "16": "Differences between development and evaluation data",
    "17": "Approval of an ethics committee, and consent",
    "18a": "Funding",
    "18b": "Conflicts of interest",
    "18c": "Protocol",
    "18d": "Registration",
    "18e": "Availability of the data",
    "18f": "Availability of the code",
    "19": "Involvement of patients and the public",
    "20a": "Flow of participants",
    "20b": "Characteristics of the participants",
    "20c": "Predictors in development and evaluation data compared",
    "21": "Participants and events in each analysis",
    "22": "The full model, for others to predict with",
    "23a": "Performance, with intervals, also of subgroups",
    "23b": "Performance across clusters",
    "24": "Results of updating",
    "25": "Interpretation, fairness included",
    "26": "Limitations",
    "27a": "Handling of poor or absent inputs at use",
    "27b": "What users must do and know",
    "27c": "Next steps, and where it may hold",
}
"""What each item asks, in short; the statement itself says it in full."""


def tripod_part(manifest: Mapping[str, Any]) -> Part:
    """The checklist as a table, each item with what the manifest knows of it.

    Examples
    --------
    >>> import drugresponse as dr
    >>> cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    >>> model = dr.DrugResponseModel(learner="ridge", folds=2).fit(cohort.genotypes, cohort.responses)
    >>> tripod_part(model.manifest_).blocks[1].rows[5]
    ['4', 'Aim: development, evaluation, or both', 'Development, with internal validation on held-out rows.']
    """
    answers = _answers(manifest)
    rows: list[Row] = [
        [item, asked, answers[item] if item in answers else Cell(OPEN, kind="bad")] for item, asked in _ITEMS.items()
    ]
    n_open = len(_ITEMS) - len(answers)
    words = (
        f"Items of TRIPOD+AI ({SOURCE}) in short words; {len(answers)} are answered, as far as the model file knows, "
        f"and {n_open} are left open for who reports the study. An answer may have to be completed by hand."
    )
    return Part("TRIPOD+AI checklist", [Words(words), Table(["Item", "What is asked", "Answer"], rows, words=3)])


def _answers(manifest: Mapping[str, Any]) -> dict[str, str]:
    """What the manifest knows, by item."""
    return {**_of_data(manifest), **_of_methods(manifest), **_of_results(manifest)}


def _of_data(manifest: Mapping[str, Any]) -> dict[str, str]:
    training, features = manifest["training"], manifest["features"]
    findings = findings_of(manifest)
    measure = measure_words(measure_of(manifest))
    unused = covariate_words(manifest["covariates"], manifest.get("unused_columns", {}))
    audited = " ".join(finding.message for finding in findings) or "It found no leak and gave no warning."
    return {
        "1": f"Development with internal validation: {measure} of {count(training['drugs'], 'drug')} from genotype. "
        "Open: the population.",
        "3b": "Research; not for clinical decisions. Open: the users.",
        "4": "Development, with internal validation on held-out rows."
        if manifest["held_out"]
        else "Development; nothing was held out.",
        "7": f"The inputs were joined by id and audited. {audited}",
        "8a": f"{outcome_of(manifest)} Measure: {measure}. Open: when and how it was assessed.",
        "9a": f"Not by train; {features['varying']:,} of the {features['given']:,} features vary. Open: what was left "
        "out before.",
        "9b": f"{count(features['given'], 'genotype feature')}. {'. '.join(unused)}. Open: how they were measured.",
        "10": f"{count(training['samples'], 'sample')}, {count(training['drugs'], 'drug')}, "
        f"{count(training['pairs'], 'measured pair')}"
        f"{_events(manifest)}. Open: why it is enough.",
        "11": f"{training['samples_without_genotype']:,} samples without genotype and "
        f"{training['samples_without_response']:,} without a response were left out; "
        f"{training['repeated_rows']:,} repeated rows were merged. A missing call counts as linked ones lead to expect "
        "where the learner has learned it, else, as a missing covariate, as the mean of the training; pairs that were "
        "not measured are no rows.",
    }


def _of_methods(manifest: Mapping[str, Any]) -> dict[str, str]:
    parameters, scheme = manifest["parameters"], scheme_words(manifest)
    folds = int(parameters["folds"])
    kept = (
        ""
        if SCHEMES[manifest["scheme"]["name"]].sample_effect
        else "Samples of one subject, and of one genotype beyond chance, stand on one side of every split. "
    )
    divided = f"{count(folds, 'fold')} by the scheme {scheme}." if folds else "Nothing was held out."
    weighed = " Learners were weighed on inner held-out rows." if manifest["learner"] == AUTO else ""
    # older files were judged by whether all folds agree
    has_interval = "lower" in (manifest.get("verdict") or {})
    by_interval = " with a 95 % interval over subjects, or what else is new, that a gain has above 0"
    by_interval = by_interval if has_interval else ""
    answers = {
        "12a": f"{divided} {kept}The final model is trained on all rows.",
        "12b": "Features and covariates are centred and scaled by block, within each fold; texts are levels.",
        "12c": f"{learner_words(manifest)}, with the settings above; penalties and stops are chosen inside each "
        f"fold.{weighed}",
        "12e": f"Skill over the best naive prediction of each fold{by_interval}, and the scores above.",
        "12g": "By drugresponse predict, from the model file.",
        "15": " ".join([direction(measure_of(manifest)), *(f"{line}." for line in forecast_words(dict(manifest)))]),
        "18f": f"drugresponse {manifest.get('package', __version__)}, under the MIT licence.",
        "22": "The model file, with drugresponse predict. Its arrays are described with the format.",
        "27a": f"A sample is not predicted where its features carry less than {parameters['minimum_features']:.0%} of "
        "the weight; other units and scales are refused or flagged.",
        "27b": "Genotypes and covariates under the names of the training; no other input.",
    }
    for unit in ("lineages", "studies"):
        if manifest.get(unit):
            answers["12d"] = f"Whole {unit} were held out."
    if manifest.get("outcome", {}).get("classes"):
        answers["13"] = "No rows were drawn or weighed anew; probabilities are calibrated on held-out rows."
    return answers


def _of_results(manifest: Mapping[str, Any]) -> dict[str, str]:
    training = manifest["training"]
    verdict = model_verdict(manifest)
    uses = joined(gain_sources(manifest)) or "mean effects only"
    answers = {
        "20a": f"{training['samples']:,} of the samples have both genotype and response"
        f"{_events(manifest)}. Open: those before the tables were made.",
        "21": f"{training['samples']:,} samples and {training['pairs']:,} pairs in the final model"
        f"{_events(manifest)}; about {_in_fold(manifest)} of them in each fit of the check.",
        "25": f"{verdict.sentence()} It rests on {uses}.",
        "26": " ".join(map(as_sentence, (line.rstrip(".") for line in general_limits(manifest)))),
    }
    if manifest["held_out"]:
        lines = describe_scores(dict(manifest))
        answers["23a"] = f"{lines[-2]}. {lines[-1]} Open: subgroups, which evaluate measures, with intervals."
    return answers


def _events(manifest: Mapping[str, Any]) -> str:
    return f", {manifest['outcome']['events']:,} of them telling a difference" if "outcome" in manifest else ""


def _in_fold(manifest: Mapping[str, Any]) -> str:
    folds = int(manifest["parameters"]["folds"])
    return "none" if not folds else "80%" if folds == 1 else f"{1 - 1 / folds:.0%}"
