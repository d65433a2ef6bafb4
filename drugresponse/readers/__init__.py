"""Files -> the tables of `drugresponse.data`."""

from __future__ import annotations

import importlib
from typing import Any

_PLACES = {
    "genotype_source_files": "recognition",
    "read_anndata": "matrix.anndata_file",
    "read_doses": "tables.doses",
    "read_drugs": "tables.text_tables",
    "read_features": "tables.text_tables",
    "read_genotypes": "genotypes",
    "read_matrix": "matrix.reader",
    "read_pairs": "tables.text_tables",
    "read_plink": "plink.reader",
    "read_responses": "tables.responses",
    "read_samples": "tables.text_tables",
    "read_splits": "tables.splits",
    "read_table": "tables.text_tables",
    "read_variants": "vcf.reader",
}


def __getattr__(name: str) -> Any:
    """Import a reader when it is first used, so that the names of formats can be known without any."""
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_PLACES[name]}"), name)
