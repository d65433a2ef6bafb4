"""What a model tells about itself, in plain JSON values."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.audit.findings import Finding
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.outcomes.requested import AUTO, listed_classes
from drugresponse.data.outcomes.wording import outcome_words
from drugresponse.data.pairs import Pairs
from drugresponse.data.parents.sums import is_parent
from drugresponse.data.scores.truth import FEW_EVENTS, count_events
from drugresponse.data.splits import find_scheme
from drugresponse.data.surveys.survey import survey_of
from drugresponse.data.tables import Measure
from drugresponse.learners.chosen import RUNTIME_ONLY, learner_facts
from drugresponse.learners.prior.prior_learner import bare_learner
from drugresponse.model.held_out import headline
from drugresponse.model.held_out_forecasts import outcome_headline
from drugresponse.model.judging.judgement import judge_scores
from drugresponse.model.parts import FittedParts

__all__ = ["NOTICE", "describe_training", "package_versions"]

NOTICE = "research use only; not for clinical decisions"
_UNSET = {
    "arm": None,
    "lineage_column": None,
    "reference_study": None,
    "ancestry_components": 0,
    "minimum_carriers": 1,
    "outcome": AUTO,
    "response_scale": AUTO,
    "classes": None,
    "cost_of_miss": None,
    "horizon": None,
}
"""Parameters that are told only where they were given."""
_PACKAGES = ("numpy", "pandas", "rdkit", "scikit-learn", "scipy", "torch", "xgboost")


def package_versions() -> dict[str, str]:
    """Version of each library that can change a number."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def describe_training(
    settings: Mapping[str, Any],
    parts: FittedParts,
    rows: TrainingRows,
    measure: Measure,
    *,
    metrics: pd.DataFrame | None,
    findings: Sequence[Finding],
    inputs: Mapping[str, Any],
) -> dict[str, Any]:
    """The manifest of a fitted model.

    Parameters
    ----------
    settings
        The arguments of `DrugResponseModel` by name.
    parts
        What was fitted; its own manifest is not looked at.
    rows, measure
        What it was fitted to, and what a response means.
    metrics, findings
        Held-out scores, None where nothing was held out; and what the inputs say against themselves.
    inputs
        Checksums of the files that the tables came from.
    """
    parameters = _parameters(settings)
    learner, scheme = parameters["learner"], find_scheme(parameters["scheme"])
    features, weights = parts.regressor.feature_weights()
    return {
        "notice": NOTICE,
        "learner": learner,
        "parameters": parameters,
        **learner_facts(bare_learner(parts.regressor), parameters),
        "scheme": {"name": scheme.name, "test_rows": scheme.test_rows, "reference": scheme.reference},
        "seed": parameters["random_state"],
        "measure": measure.to_dict(),
        **_describe_outcome(rows, parts),
        "covariates": list(parts.covariates),
        "unused_columns": rows.covariates.unused_by_reason(),
        **({} if rows.pairs.arm is None else {"arm": _describe_arm(rows.pairs)}),
        **({"lineages": rows.lineages.to_dict()} if rows.lineages and scheme.name == "new-lineages" else {}),
        "individual_level": scheme.sample_effect and len(parts.drugs) > 1,
        "training": rows.loss.to_dict(),
        "features": {
            "given": rows.pairs.genotypes.shape[1],
            "used": int((weights > 0).sum()),
            # a learner that uses no genotype has not looked which features vary
            "varying": len(features) or _count_varying(rows.pairs.genotypes),
            **_count_parents(rows.pairs),
        },
        "drugs": len(parts.drugs),
        "held_out": None if metrics is None else _headline(metrics, learner, rows.pairs.outcome.kind),
        "verdict": None if metrics is None else _verdict(metrics, learner, rows),
        "findings": [finding.to_dict() for finding in findings if finding.severity != "note"],
        "adaptation": None if parts.adaptation is None else parts.adaptation.summary(),
        "intervals": None if parts.intervals is None else parts.intervals.summary(),
        "notes": parts.regressor.notes(),
        "versions": package_versions(),
        "inputs": dict(inputs),
    }


def _parameters(settings: Mapping[str, Any]) -> dict[str, Any]:
    """The settings that can change a result, as plain JSON values."""
    kept = {name: value for name, value in settings.items() if name not in RUNTIME_ONLY}
    # a number of numpy, as a grid search gives it, is no plain JSON value
    parameters = {name: value.item() if isinstance(value, np.generic) else value for name, value in kept.items()}
    for name, unset in _UNSET.items():
        if parameters[name] == unset:
            del parameters[name]
    if "classes" in parameters:
        parameters["classes"] = "<".join(listed_classes(parameters["classes"]))
    names = parameters["covariates"]
    if names is not None:
        parameters["covariates"] = [names] if isinstance(names, str) else list(names)
    return parameters


def _count_varying(genotypes: Genotypes) -> int:
    return int((~(survey_of(genotypes).constant if genotypes.is_stored else genotypes.constant())).sum())


def _count_parents(pairs: Pairs) -> dict[str, int]:
    """How many of the features are sums over the children of a parent; nothing where none is."""
    n_parents = int(is_parent(pairs.genotypes.features).sum())
    return {"parents": n_parents} if n_parents else {}


def _describe_arm(pairs: Pairs) -> dict[str, Any]:
    """The arm's column, and its levels where it is text; None where it is a dose."""
    column = pairs.covariates[pairs.arm]
    levels = sorted({str(level) for level in column} - {""}) if column.dtype == object else None
    return {"column": str(pairs.arm), "levels": levels}


def _headline(metrics: pd.DataFrame, learner: str, kind: str) -> dict[str, Any]:
    return headline(metrics, learner) if kind == "continuous" else outcome_headline(metrics, learner, kind)


def _describe_outcome(rows: TrainingRows, parts: FittedParts) -> dict[str, Any]:
    """Nothing of measured numbers, which older files are of."""
    observed = rows.pairs.observed
    if observed is None or parts.head is None:
        return {}
    words, events = outcome_words(rows.y, observed), _events(rows)
    return {
        "outcome": {**observed.outcome.to_dict(), "words": words, "events": events},
        "forecasts": parts.head.summary(),
    }


def _verdict(metrics: pd.DataFrame, learner: str, rows: TrainingRows) -> dict[str, Any]:
    """What the skill amounts to; of an outcome that is not continuous nothing with few events."""
    judged = judge_scores(metrics, learner)
    few = rows.pairs.outcome.kind != "continuous" and _events(rows) < FEW_EVENTS
    return {**judged, "judgement": "unknown"} if few else judged


def _events(rows: TrainingRows) -> int:
    """How many rows tell something that the other rows of their drug do not."""
    observed, drug = rows.pairs.observed, rows.pairs.drug_index
    if observed is None:
        return len(rows.y)
    return sum(count_events(observed[drug == number], rows.y[drug == number]) for number in np.unique(drug))
