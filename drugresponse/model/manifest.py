"""What a model tells about itself, in plain JSON values."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from drugresponse.data.joining import TrainingRows
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.data.tables import Measure
from drugresponse.model.held_out import headline, judge_scores

if TYPE_CHECKING:
    from drugresponse.model.model import DrugResponseModel

__all__ = ["NOTICE", "describe_training", "package_versions"]

NOTICE = "research use only; not for clinical decisions"
_RUNTIME_ONLY = ("device", "n_jobs")
"""Settings that never change a result and stay out of the file."""
_PACKAGES = ("numpy", "pandas", "rdkit", "scikit-learn", "scipy", "torch", "xgboost")


def package_versions() -> dict[str, str]:
    """Version of each library that can change a number."""
    return {name: importlib.metadata.version(name) for name in _PACKAGES}


def describe_training(
    model: DrugResponseModel,
    rows: TrainingRows,
    measure: Measure,
    inputs: dict[str, Any],
) -> dict[str, Any]:
    """The manifest of a fitted model."""
    given = {key: value for key, value in model.get_params(deep=False).items() if key not in _RUNTIME_ONLY}
    # a number of numpy, as a grid search gives it, is no plain JSON value
    parameters = {key: value.item() if isinstance(value, np.generic) else value for key, value in given.items()}
    if parameters["arm"] is None:
        del parameters["arm"]
    names = parameters["covariates"]
    if names is not None:
        parameters["covariates"] = [names] if isinstance(names, str) else list(names)
    scheme = find_scheme(model.scheme)
    features, weights = model.regressor_.feature_weights()
    return {
        "notice": NOTICE,
        "learner": model.learner,
        "parameters": parameters,
        "scheme": {"name": scheme.name, "test_rows": scheme.test_rows, "reference": scheme.reference},
        "seed": parameters["random_state"],
        "measure": measure.to_dict(),
        "covariates": [str(each) for each in rows.pairs.covariates.columns],
        "unused_columns": rows.covariates.unused_by_reason(),
        **({} if rows.pairs.arm is None else {"arm": _describe_arm(rows.pairs)}),
        "individual_level": scheme.sample_effect and len(rows.pairs.drugs) > 1,
        "training": rows.loss.to_dict(),
        "features": {
            "given": rows.pairs.genotypes.shape[1],
            "used": int((weights > 0).sum()),
            # a learner that uses no genotype has not looked which features vary
            "varying": len(features) or int((~rows.pairs.genotypes.constant()).sum()),
        },
        "drugs": len(rows.pairs.drugs),
        "held_out": None if model.metrics_ is None else headline(model.metrics_, model.learner),
        "verdict": None if model.metrics_ is None else judge_scores(model.metrics_, model.learner),
        "findings": [each.to_dict() for each in model.findings_ if each.severity != "note"],
        "adaptation": None if model.adaptation_ is None else model.adaptation_.summary(),
        "intervals": None if model.intervals_ is None else model.intervals_.summary(),
        "notes": model.regressor_.notes(),
        "versions": package_versions(),
        "inputs": inputs,
    }


def _describe_arm(pairs: Pairs) -> dict[str, Any]:
    """The arm's column, and its levels where it is text; None where it is a dose."""
    column = pairs.covariates[pairs.arm]
    levels = sorted({str(each) for each in column} - {""}) if column.dtype == object else None
    return {"column": str(pairs.arm), "levels": levels}
