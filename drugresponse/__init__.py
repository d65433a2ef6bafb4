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
    from drugresponse.association.associations import associate
    from drugresponse.data.tables import Measure, Responses
    from drugresponse.errors import DrugResponseError, InputError, ModelFileError
    from drugresponse.evaluation.evaluate import evaluate
    from drugresponse.explanation.explain import explain
    from drugresponse.genotype_files import to_anndata, write_genotypes
    from drugresponse.model.loading import load_model
    from drugresponse.model.model import DrugResponseModel
    from drugresponse.readers.genotypes import read_genotypes
    from drugresponse.readers.tables.responses import read_responses
    from drugresponse.readers.tables.text_tables import read_drugs, read_samples
    from drugresponse.simulation.cohort import simulate_cohort

_PLACES = {
    "DrugResponseError": "drugresponse.errors",
    "DrugResponseModel": "drugresponse.model.model",
    "InputError": "drugresponse.errors",
    "Measure": "drugresponse.data.tables",
    "ModelFileError": "drugresponse.errors",
    "Responses": "drugresponse.data.tables",
    "associate": "drugresponse.association.associations",
    "evaluate": "drugresponse.evaluation.evaluate",
    "explain": "drugresponse.explanation.explain",
    "load_model": "drugresponse.model.loading",
    "read_drugs": "drugresponse.readers.tables.text_tables",
    "read_genotypes": "drugresponse.readers.genotypes",
    "read_responses": "drugresponse.readers.tables.responses",
    "read_samples": "drugresponse.readers.tables.text_tables",
    "simulate_cohort": "drugresponse.simulation.cohort",
    "to_anndata": "drugresponse.genotype_files",
    "write_genotypes": "drugresponse.genotype_files",
}

__all__ = [
    "DrugResponseError",
    "DrugResponseModel",
    "InputError",
    "Measure",
    "ModelFileError",
    "Responses",
    "__version__",
    "associate",
    "evaluate",
    "explain",
    "load_model",
    "read_drugs",
    "read_genotypes",
    "read_responses",
    "read_samples",
    "simulate_cohort",
    "to_anndata",
    "write_genotypes",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that importing the package stays light."""
    if name not in _PLACES:
        raise AttributeError(f"module 'drugresponse' has no attribute {name!r}")
    return getattr(importlib.import_module(_PLACES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
