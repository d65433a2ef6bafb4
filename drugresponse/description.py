"""A model in a few lines of plain text: what it learned, from what, and how it compares with naive predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from drugresponse.audit.findings import caution_messages, findings_of
from drugresponse.data.lineages.lineages import lineage_words
from drugresponse.data.outcomes.outcome import CONTINUOUS, Outcome
from drugresponse.data.scores.labels import metric_label
from drugresponse.data.variants.genome_build import GenomeBuild
from drugresponse.errors import count
from drugresponse.learners.level_sizes import level_words
from drugresponse.learners.prior.wording import prior_words
from drugresponse.learners.registry import AUTO, LEARNERS, NAIVE, WITHOUT_GENOTYPE
from drugresponse.learners.studies.shifts import study_words
from drugresponse.verdict import fitted_learners, higher_words, measure_of, model_verdict
from drugresponse.words import joined, number, weighed

__all__ = [
    "auto_words",
    "block_words",
    "censor_words",
    "covariate_words",
    "describe_model",
    "describe_scores",
    "forecast_words",
    "leak_words",
    "lost_words",
    "outcome_of",
    "response_scale_words",
    "why_none_is_used",
]

_MOST_NAMES = 20
_SCALES = {"identity": "as given", "sqrt": "square root", "log": "logarithm"}
_SHOWN_SCORES = (
    "auroc",
    "average_precision",
    "calibration_error",
    "very_major_error",
    "major_error",
    "weighted_kappa",
    "accuracy_within_one",
    "essential_agreement",
    "rmse_exact",
    "uno_c",
    "harrell_c",
)
"""Beside the proper score, as far as the outcome has them."""


def auto_words(notes: Mapping[str, Any]) -> list[str]:
    """What auto made of the learners, a sentence each on weights, errors and budget; nothing for another learner.

    Examples
    --------
    >>> notes = {"weights": {"ridge": 0.3, "boosted-trees": 0.61}, "not_tried": ["neural"]}
    >>> errors = {"additive-mean": 1.5, "ridge": 1.25, "boosted-trees": 1.2, "auto": 1.18}
    >>> for line in auto_words({**notes, "inner_rmse": errors}):
    ...     print(line)
    auto weighs boosted-trees 0.61, ridge 0.30; the rest (0.09) is the naive model.
    auto weighed them by RMSE: boosted-trees 1.2, ridge 1.25, additive-mean 1.5.
    Not tried, since the work budget or the memory left no room: neural.
    >>> auto_words({"weights": {}, "inner_rmse": {}, "not_tried": []})
    ['auto fell back to the naive model: too few groups could be held out to compare the learners.']
    """
    if "weights" not in notes:
        return []
    weights, not_tried = notes["weights"], notes.get("not_tried", [])
    errors = notes.get("inner_loss", notes.get("inner_rmse", {}))
    tried = [name for name in errors if name not in (AUTO, NAIVE)]
    if weights:
        rest = 1 - sum(weights.values())
        left = f"the rest ({rest:.2f}) is the naive model" if rest >= 0.005 else "nothing is left to the naive model"
        lines = [f"auto weighs {weighed(weights)}; {left}."]
    elif tried:
        lines = [
            "auto fell back to the naive model: on held-out rows no weighing of the learners beats it beyond noise."
        ]
    else:
        why = "the work budget left no room for a learner"
        why = why if not_tried else "too few groups could be held out to compare the learners"
        lines = [f"auto fell back to the naive model: {why}."]
    if tried:
        single = sorted(((error, name) for name, error in errors.items() if name != AUTO))
        ranking = ", ".join(f"{name} {error:.4g}" for error, name in single)
        lines.append(f"auto weighed them by {'mean loss' if 'inner_loss' in notes else 'RMSE'}: {ranking}.")
    if tried and not_tried:
        lines.append(f"Not tried, since the work budget or the memory left no room: {', '.join(not_tried)}.")
    return lines


def outcome_of(manifest: Mapping[str, Any]) -> str:
    """What the responses of a training were, in one sentence.

    Examples
    --------
    >>> outcome_of({"training": {"pairs": 240}})
    'Outcome: measured numbers, 240 responses.'
    """
    measured = f"Outcome: measured numbers, {count(manifest['training']['pairs'], 'response')}."
    return str(manifest.get("outcome", {}).get("words", measured))


def response_scale_words(manifest: Mapping[str, Any]) -> list[str]:
    """On which scale responses were learned, and what spoke for it; nothing where no other was tried.

    Examples
    --------
    >>> response_scale_words({"response_scale": {"name": "sqrt", "errors": {}}})
    ['Learned on the scale of the square root; predictions are means as the responses were given']
    """
    told = manifest.get("response_scale")
    if told is None:
        return []
    # a file has them in the order of the alphabet
    errors = ", ".join(f"{name} {told['errors'][name]:.4g}" for name in _SCALES if name in told["errors"])
    tried = f" (error on held-out rows: {errors})" if errors else ""
    if told["name"] == "identity":
        return [f"Learned as given: no other scale is better beyond noise{tried}"]
    return [
        f"Learned on the scale of the {_SCALES[told['name']]}{tried}; predictions are means as the responses were given"
    ]


def censor_words(training: Mapping[str, int], learners: Sequence[str]) -> list[str]:
    """How many of the responses are limits, and which learners take them for what they are; nothing without limits.

    Parameters
    ----------
    training
        Counts of the join.
    learners
        Those that were fitted; of `auto`, those that it weighs.

    Examples
    --------
    >>> censor_words({"pairs": 200, "censored_rows": 50}, ["ridge", "neural"])[0]
    'Limits (column censor): 50 of 200 responses, 25.0 %; neural reads them as limits, ridge as if measured there'
    """
    limits = training.get("censored_rows", 0)
    if not limits:
        return []
    reading = [name for name in learners if name in LEARNERS and LEARNERS[name].reads_limits]
    others = [name for name in learners if name not in reading]
    clauses = [f"{joined(reading)} reads them as limits"] if reading else []
    if others:
        verb = "" if reading else " reads them" if len(others) == 1 else " read them"
        clauses.append(f"{joined(others)}{verb} as if measured there")
    share = f"{limits / training['pairs']:.1%}".replace("%", " %")
    return [
        f"Limits (column censor): {limits:,} of {count(training['pairs'], 'response')}, {share}; {', '.join(clauses)}",
        "Scores, naive predictions and intervals take limits as if measured there",
    ]


def covariate_words(covariates: Sequence[str], unused: Mapping[str, Sequence[str]]) -> list[str]:
    """Which columns of the samples table serve as covariates, which do not and why, and how they would.

    Parameters
    ----------
    covariates
        Those in use.
    unused
        The others by the reason why.

    Examples
    --------
    >>> for line in covariate_words(["age", "sex"], {"an id or name": ["COSMIC_ID"], "no usual covariate": ["diet"]}):
    ...     print(line)
    Covariates: age, sex
    Not used of the samples table: COSMIC_ID (an id or name); diet (no usual covariate). To choose: --covariates a,b
    >>> covariate_words([], {"no usual covariate": [f"c{at}" for at in range(5000)]})[1].split(", ")[-2:]
    ['c19', '4,980 more (no usual covariate). To choose: --covariates a,b']
    """
    reasons = "; ".join(f"{_first_of(names)} ({reason})" for reason, names in unused.items())
    lines = [f"Covariates: {', '.join(map(str, covariates)) or 'none'}"]
    return [*lines, f"Not used of the samples table: {reasons}. To choose: --covariates a,b"] if unused else lines


def _first_of(names: Sequence[str]) -> str:
    """Names separated by commas, of thousands the first."""
    more = [f"{len(names) - _MOST_NAMES:,} more"] if len(names) > _MOST_NAMES else []
    return ", ".join([*map(str, names[:_MOST_NAMES]), *more])


def leak_words(manifest: Mapping[str, Any]) -> list[str]:
    """What makes the scores too good, or would have, a line each: the first lines of what a command says."""
    leaks = [f"Leak: {message}" for message in model_verdict(manifest).leaks]
    return leaks + [f"Warning: {message}" for message in caution_messages(findings_of(manifest))]


def describe_scores(manifest: dict[str, Any]) -> list[str]:
    """What was joined, and the held-out scores beside the naive ones."""
    rows = manifest["training"]
    counted = {"samples": "sample", "drugs": "drug", "pairs": "measured pair"}
    lines = [f"Trained on {', '.join(count(rows[name], thing) for name, thing in counted.items())}."]
    lines += lost_words(rows)
    lines += auto_words(manifest["notes"]) + level_words(manifest["notes"])
    held = manifest["held_out"]
    scheme = manifest["scheme"]
    if held is not None and "outcome" in manifest:
        lines.append(_held_out_words(manifest, held))
    elif held is not None:
        lines += [
            f"Held out ({scheme['name']}): normalised Pearson {_shown(held['normalised_pearson'])} (correlation beyond "
            f"the {scheme['reference']})"
        ]
    return [*lines, model_verdict(manifest).sentence()]


def lost_words(training: Mapping[str, int]) -> list[str]:
    """What the join left behind, a line each.

    Parameters
    ----------
    training
        Counts of the join.
    """
    lost = [
        (training["samples_without_genotype"], "of the samples with a response without genotype"),
        (training["samples_without_response"], "of the samples with a genotype without response"),
        # with one drug nothing is learned from its structure
        (training["drugs_without_structure"] if training["drugs"] > 1 else 0, "of the drugs without structure"),
        (training["repeated_rows"], "rows averaged into another of the same pair"),
    ]
    return [f"  {number} {words}" for number, words in lost if number]


def forecast_words(manifest: Mapping[str, Any]) -> list[str]:
    """What predictions of an outcome tell beside a number, and how far it holds; nothing of a continuous one."""
    told, outcome = manifest.get("forecasts"), manifest.get("outcome")
    if told is None or outcome is None:
        return []
    claimed = "" if told["claimed"] else " (not claimed for new data in this scheme)"
    lines = []
    scores = (manifest["held_out"] or {}).get("scores", {})
    covered = scores.get("coverage")
    held = "" if covered is None else f"; {covered:.1%} of held-out rows were covered".replace("%", " %")
    if outcome["kind"] in ("binary", "ordinal"):
        size = "" if scores.get("set_size") is None else f", {scores['set_size']:.2f} classes each on average"
        lines.append(f"Sets of classes: {100 * told['coverage']:g} % asked of each class{held}{size}{claimed}")
        if told["always_in_set"]:
            lines.append(f"In every set, since fewer than 10 groups held out have it: {joined(told['always_in_set'])}")
    elif outcome["kind"] == "interval":
        lines.append(f"Bounds: {100 * told['coverage']:g} % asked{held}{claimed}")
    else:
        lines.append(f"Mean times are restricted to {told['horizon']:.4g}")
    if told.get("threshold_rule"):
        rule = {
            "cost-of-miss": "from the cost of a miss",
            "major-errors": "the lowest with at most 3 % of the susceptible called resistant",
            "youden": "the prevalence of each drug, where sensitivity and specificity have the largest sum",
        }[told["threshold_rule"]]
        caught = scores.get("sensitivity")
        calls = "" if caught is None else f"; it calls {caught:.1%} of the held-out events".replace("%", " %")
        lines.append(f"Threshold: {told['threshold']:.3g} ({rule}{calls})")
    return lines


def _held_out_words(manifest: Mapping[str, Any], held: Mapping[str, Any]) -> str:
    """Proper score and the best known others of held-out rows."""
    shown = [name for name in _SHOWN_SCORES if held["scores"].get(name) is not None]
    scores = [f"{metric_label(held['metric'])} {number(held['loss'])}"]
    scores += [f"{metric_label(name)} {number(held['scores'][name])}" for name in shown]
    return f"Held out ({manifest['scheme']['name']}): {', '.join(scores)}"


def why_none_is_used(manifest: Mapping[str, Any]) -> str:
    """Why no genotype feature bears weight, in brackets; empty where some do, or none was given."""
    features, learners = manifest["features"], fitted_learners(manifest)
    if features["used"] or not features["given"]:
        return ""
    if not set(learners) <= WITHOUT_GENOTYPE:
        return " (none was found to matter)"
    chosen = "auto chose " if manifest["learner"] == AUTO else ""
    return f" ({chosen}{joined(learners)}, which {'uses' if len(learners) == 1 else 'use'} no genotype)"


def _origin(manifest: Mapping[str, Any]) -> str:
    """Where a learner comes from that is not of this package."""
    origin = manifest.get("learner_from")
    return "" if origin is None else f" (of {origin['distribution']} {origin['version']})"


def _parent_words(features: Mapping[str, int]) -> str:
    """How many of the features are families and other parents of the features."""
    return f"; {features['parents']} of them are sums over a family or another parent" if "parents" in features else ""


def _treatment_arm(arm: dict[str, Any] | None) -> list[str]:
    if arm is None:
        return []
    levels = "a dose" if arm["levels"] is None else ", ".join(arm["levels"])
    return [f"Treatment arm: {arm['column']} ({levels}); genotype may act otherwise in each"]


def block_words(manifest: Mapping[str, Any]) -> list[str]:
    """What each named block has of the model, a line for each; nothing where no blocks were named.

    Examples
    --------
    >>> block = {"name": "expression", "features": 706, "samples": 380, "weight": 0.61, "widening": 1.08}
    >>> print(block_words({"blocks": [block]})[0])
    Block expression: 706 features of 380 samples, 61 % of the weight; without it held-out errors are 1.08 times as \
large (ridge)
    """
    return [
        f"Block {block['name']}: {count(block['features'], 'feature')} of {count(block['samples'], 'sample')}, "
        f"{100 * block['weight']:.0f} % of the weight{_without_block(block)}"
        for block in manifest.get("blocks", ())
    ]


def _without_block(block: Mapping[str, Any]) -> str:
    if "widening" not in block:
        return ""
    return f"; without it held-out errors are {block['widening']:.3g} times as large (ridge)"


def describe_model(manifest: dict[str, Any]) -> list[str]:
    """All that a person may want to know of a model file."""
    measure = measure_of(manifest)
    outcome = Outcome.from_dict(manifest["outcome"]) if "outcome" in manifest else CONTINUOUS
    named = " ".join(part for part in (measure.name, f"({measure.unit})" if measure.unit else "") if part)
    notes = manifest["notes"]
    features = manifest["features"]
    lines = [
        *leak_words(manifest),
        f"Learner: {manifest['learner']}{_origin(manifest)}",
        *([outcome_of(manifest)] if "outcome" in manifest else []),
        f"Response: {named or 'not named'}; {higher_words(measure, outcome)}",
        f"Features: {features['given']} given, {features['varying']} varying, {features['used']} used"
        f"{why_none_is_used(manifest)}{_parent_words(features)}",
        *([f"Genome build: {GenomeBuild.from_dict(manifest['genome'])}"] if "genome" in manifest else []),
        *censor_words(manifest["training"], fitted_learners(manifest)),
        *response_scale_words(manifest),
        *prior_words(manifest),
        *covariate_words(manifest["covariates"], manifest.get("unused_columns", {})),
        *lineage_words(manifest.get("lineages")),
        *study_words(manifest.get("studies")),
        *block_words(manifest),
        *_treatment_arm(manifest.get("arm")),
        f"Seed: {manifest['seed']}",
        *describe_scores(manifest),
    ]
    inner = notes.get("learners", {}).get("neural", notes)
    if "epochs" in inner:
        words = (
            "training added nothing to the ridge that it starts from"
            if not inner["epochs"]
            else "trained beyond the ridge"
        )
        lines.append(f"Epochs: {inner['epochs']} ({words})")
    intervals = manifest.get("intervals")
    if intervals and intervals["median_width"] is not None:
        held = (manifest["held_out"] or {}).get("coverage")
        covered = "" if held is None else f"; {held:.1%} of held-out rows were covered".replace("%", " %")
        lines.append(
            f"Intervals: {100 * intervals['coverage']:g} % asked, median width {intervals['median_width']:.4g}{covered}"
            f"{'' if intervals['claimed'] else ' (not claimed for new data in this scheme)'}"
        )
    lines += forecast_words(manifest)
    lines += _pilot_drugs(manifest.get("adaptation"))
    if manifest["individual_level"]:
        lines.append("The file holds an effect for each training sample: share it only as you may share their data.")
    return [*lines, f"Written by drugresponse {manifest.get('package', '')}; {manifest['notice']}.".replace(" ;", ";")]


def _pilot_drugs(adaptation: dict[str, Any] | None) -> list[str]:
    """What measuring a few drugs of a new sample is worth, and which to measure first."""
    if not adaptation:
        return []
    tried = [trial for trial in adaptation["tried"] if trial["pilots"] <= 5 and trial["rmse_before"] > 0]
    worth = ""
    if tried:
        points = round(100 - 100 * (tried[-1]["rmse_after"] / tried[-1]["rmse_before"]) ** 2)
        number = tried[-1]["pilots"]
        saves = f"{'one saves' if number == 1 else 'ones save'} {points} %" if points > 0 else "ones save nothing"
        worth = f"; {number} random {saves} of squared error"
    return [f"Pilot drugs: to measure first {', '.join(map(str, adaptation['first_drugs']))}{worth}"]


def _shown(value: float | None) -> str:
    return "not defined" if value is None else f"{value:.3f}"
