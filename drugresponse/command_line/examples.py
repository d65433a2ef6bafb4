"""Two examples of each command, which run as they stand, one after the other in an empty folder."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

__all__ = ["EXAMPLES"]

_TABLES = "--genotypes cohort/genotypes.tsv --responses cohort/responses.tsv --samples cohort/samples.tsv"
_NEW = "--genotypes cohort/new_genotypes.tsv --samples cohort/new_samples.tsv"

EXAMPLES: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "simulate": (
            "drugresponse simulate --directory cohort",
            "drugresponse simulate --directory antibiogram --outcome binary",
        ),
        "curves": (
            "drugresponse curves --doses doses.tsv --responses responses.tsv --report curves.html",
            "drugresponse curves --doses doses.tsv --measure ln_ic50 --responses ln_ic50.tsv --fits fits.tsv",
        ),
        "prepare": (
            "drugresponse prepare --genotypes cohort/genotypes.tsv --dataset cohort.h5ad --report genotypes.html",
            "drugresponse prepare --genotypes cohort/new_genotypes.tsv --like cohort.h5ad --dataset new.h5ad",
        ),
        "train": (
            f"drugresponse train {_TABLES} --model model.safetensors --report report.html",
            f"drugresponse train {_TABLES} --scheme random-pairs --model pairs.safetensors --dry-run",
        ),
        "evaluate": (
            f"drugresponse evaluate {_TABLES} --learner ridge --metrics scores.tsv --report evaluation.html",
            f"drugresponse evaluate {_TABLES} --repeats 3 --metrics scores.tsv --verdicts verdicts.tsv --dry-run",
        ),
        "predict": (
            f"drugresponse predict --model model.safetensors {_NEW} --predictions predictions.tsv",
            f"drugresponse predict --model model.safetensors {_NEW} --predictions predictions.tsv "
            "--report predictions.html",
        ),
        "explain": (
            f"drugresponse explain --model model.safetensors {_TABLES} --refits 0 --attributions attributions.tsv",
            f"drugresponse explain --model model.safetensors {_TABLES} --refit-learner ridge "
            "--attributions attributions.tsv --associations associations.tsv --report explanation.html",
        ),
        "adapt": (
            f"drugresponse adapt --model model.safetensors {_NEW} --responses pilots.tsv --predictions adapted.tsv",
            f"drugresponse adapt --model model.safetensors {_NEW} --responses pilots.tsv --predictions adapted.tsv "
            "--next-drugs next.tsv --report adapted.html",
        ),
        "describe": (
            "drugresponse describe --model model.safetensors",
            "drugresponse describe --model model.safetensors --json --output model.json",
        ),
        "import": (
            "drugresponse import gdsc GDSC2_fitted_dose_response.xlsx PANCANCER_Genetic_features.csv --directory gdsc",
            "drugresponse import depmap secondary-screen-dose-response-curve-parameters.csv "
            "OmicsSomaticMutationsMatrixDamaging.csv Model.csv --directory depmap",
        ),
        "reproduce": (
            f"drugresponse reproduce --model model.safetensors {_TABLES}",
            f"drugresponse reproduce --model model.safetensors {_TABLES} --tolerance 0.001 --threads 1",
        ),
        "validate": (
            "drugresponse validate",
            "drugresponse validate --report validation.html --checks validation.tsv",
        ),
        "doctor": ("drugresponse doctor", "drugresponse doctor --json"),
        "completion": (
            "drugresponse completion bash > drugresponse.bash",
            "drugresponse completion zsh > _drugresponse",
        ),
    }
)
"""By the name of the command; those who look for help on one see them below its options."""
