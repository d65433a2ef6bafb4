"""python -m benchmarks.dose_curves FOLDER: fit the raw doses of a cohort, and set what comes out beside published fits.

The folder holds `dose_response.tsv.gz` (sample_id, drug_id, dose_uM, activity_pct), `responses.tsv` (published activity
areas) and `fits.tsv` (published ic50_uM, which ends at the highest dose).
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pandas as pd

from benchmarks.unit import peak_megabytes
from drugresponse.curves import CurveFits, fit_curves
from drugresponse.readers import read_doses

KEYS = ["sample_id", "drug_id"]


def dose_curves_page(folder: Path) -> str:
    """Lines for people: seconds, memory, and correlations with the published numbers."""
    start = time.perf_counter()
    doses = read_doses(
        folder / "dose_response.tsv.gz",
        dose_column="dose_uM",
        response_column="activity_pct",
        response_scale="change-percent",
    )
    read = time.perf_counter()
    fits = fit_curves(doses)
    fitted = time.perf_counter()
    return "\n".join(
        [
            f"{fits.n_fitted} curves, {doses.n_points} measurements",
            f"reading {read - start:.1f} s, fitting {fitted - read:.1f} s, peak memory {peak_megabytes():.0f} MB",
            *_agreement(fits, folder),
        ]
    )


def _agreement(fits: CurveFits, folder: Path) -> list[str]:
    areas = pd.read_table(folder / "responses.tsv").merge(fits.table, on=KEYS)
    potencies = pd.read_table(folder / "fits.tsv").merge(fits.table, on=KEYS)
    published = potencies["ic50_uM"].between(
        potencies["lowest_dose"], potencies.groupby("drug_id")["ic50_uM"].transform("max"), inclusive="neither"
    )
    both = potencies[published & (potencies["ic50_censor"] == "none")]
    area = areas["response"].corr(areas["activity_area"])
    potency = both["ic50_uM"].corr(both["ic50"], method="spearman")
    within = both.groupby("drug_id")[["ic50_uM", "ic50"]].corr(method="spearman").iloc[::2, 1]
    return [
        f"activity area beside the published one: Pearson {area:.3f} ({len(areas)} pairs)",
        f"IC50 beside the published one, both within the doses: Spearman {potency:.3f} ({len(both)} pairs), "
        f"median within drugs {within.median():.3f}",
    ]


if __name__ == "__main__":
    sys.stdout.write(dose_curves_page(Path(sys.argv[1])) + "\n")
