"""Ratios of cost measured in one run: whole-grid scoring against pair by pair, and training against reading."""

from __future__ import annotations

import argparse
import resource
import sys
import time
from pathlib import Path

import numpy as np
from cohorts import read_cohort

from drugresponse.data.pairs import Pairs
from drugresponse.models.base import make_learner
from drugresponse.models.linear import score_pairs
from drugresponse.models.threads import one_thread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("cohort")
    options = parser.parse_args()
    start = time.perf_counter()
    rows = read_cohort(options.data / options.cohort)
    reading = time.perf_counter() - start
    with one_thread():
        lines = [f"reading 1.0 (all times relative to it; {len(rows.y)} pairs)"]
        for name in ("ridge", "neural", "boosted-trees"):
            start = time.perf_counter()
            learner = make_learner(name, {}).fit(rows.pairs, rows.y)
            fitted = time.perf_counter() - start
            grid = Pairs.grid(rows.pairs.genotypes, rows.pairs.covariates, rows.pairs.drugs)
            start = time.perf_counter()
            learner.predict(grid)
            lines.append(
                f"{name}: fit {fitted / reading:.2f}, whole grid {(time.perf_counter() - start) / reading:.2f}"
            )
        ridge = make_learner("ridge", {}).fit(rows.pairs, rows.y)
        samples, drugs = ridge.sample_embeddings(grid), ridge.drug_embeddings(grid)
        start = time.perf_counter()
        at_once = score_pairs(samples, drugs, grid)
        whole = time.perf_counter() - start
        start = time.perf_counter()
        gathered = samples[grid.sample_index, 0] + drugs[grid.drug_index, 0]
        gathered += (samples[grid.sample_index, 1:] * drugs[grid.drug_index, 1:]).sum(axis=1)
        lines.append(f"scoring gathered pairs / one matrix product: {(time.perf_counter() - start) / whole:.1f}")
        lines.append(f"largest difference of the two: {np.abs(at_once - gathered).max():.1e}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6
    sys.stdout.write("\n".join([*lines, f"peak memory {peak:.2f} GB"]) + "\n")


if __name__ == "__main__":
    main()
