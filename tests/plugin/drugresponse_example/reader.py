"""A reader of genotypes, written against the public names of drugresponse alone."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

import drugresponse as dr


def read_gene_sheet(path: Path) -> dr.Genotypes:
    """A line for each sample: its id, a colon, and the genes that are altered in it."""
    lines = [line.partition(":") for line in path.read_text(encoding="utf-8").splitlines() if line]
    altered = {sample.strip(): set(genes.split()) for sample, _, genes in lines}
    genes = sorted(set().union(*altered.values()))
    rows = [[float(gene in own) for gene in genes] for own in altered.values()]
    features = pd.DataFrame({"kind": "altered", "gene": genes}, index=genes)
    return dr.Genotypes.build(np.array(rows), list(altered), features)


def read_nothing(_: Path) -> dict[str, float]:
    """What no reader should give."""
    return {}
