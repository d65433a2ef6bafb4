"""Everything that is told of genotypes before anything is trained on them, also as one long table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

import pandas as pd

from drugresponse.data.conversion.genotypes import as_genotypes
from drugresponse.data.genotypes import GenotypesLike
from drugresponse.errors import count
from drugresponse.genotype_qc._summary import GenotypeSummary, summarise_genotypes
from drugresponse.genotype_qc.principal_components import PrincipalComponents, principal_components
from drugresponse.genotype_qc.relatives import Relatives, find_relatives
from drugresponse.shown import Shown

__all__ = ["GenotypeOverview", "overview_of"]

_COLUMNS = ["level", "id", "other_id", "metric", "value"]


@dataclass(frozen=True, eq=False, repr=False)
class GenotypeOverview(Shown):
    """Counts, principal components and relatives of one cohort.

    Examples
    --------
    >>> overview = overview_of(pd.DataFrame({"rs1": [0, 1, None], "rs2": [2, 0, 1]}, index=["s1", "s2", "s3"]))
    >>> round(overview.missing, 3), overview.n_samples, overview.n_features
    (0.167, 3, 2)
    """

    n_samples: int
    n_features: int
    summary: GenotypeSummary
    components: PrincipalComponents
    relatives: Relatives

    def _headline(self) -> str:
        size = f"{count(self.n_samples, 'sample')} x {count(self.n_features, 'feature')}"
        return f"GenotypeOverview: {size}, {self.missing:.3g} of the calls missing"

    @property
    def missing(self) -> float:
        """Share of all calls that is missing, 0 to 1."""
        return float(self.summary.feature_missing.mean()) if self.n_features else 0.0

    def table(self) -> pd.DataFrame:
        """One number a row: columns `level, id, other_id, metric, value`.

        `level` is `cohort`, `block`, `component`, `sample` or `pair` (of relatives, whose second sample stands in
        `other_id`). Metrics of a block are `n_features`, `missing`, `constant` and `KIND frequency ABOVE-TO`, the
        number of features in that bin of the spectrum; of a sample `missing`, `n_altered`, `heterozygosity` and its
        components.
        """
        numbers = {"n_samples": self.n_samples, "n_features": self.n_features, "missing": self.missing}
        spectrum = [
            ("block", block, f"{kind} frequency {_bin(above, to)}", float(n_features))
            for block, kind, above, to, n_features in self.summary.spectrum.to_numpy(dtype=object).tolist()
        ]
        scores = self.components.scores
        parts = [
            _long(pd.DataFrame(numbers, index=[""]), "cohort"),
            _long(self.summary.blocks[["n_features", "missing", "constant"]], "block"),
            pd.DataFrame(spectrum, columns=["level", "id", "metric", "value"]),
            _long(pd.DataFrame({"share": self.components.shares}, index=scores.columns), "component"),
            _long(self.summary.samples.dropna(axis="columns", how="all").join(scores), "sample"),
            self.relatives.table.rename(columns={"sample_id": "id", "measure": "metric"}).assign(level="pair"),
        ]
        table = pd.concat([part for part in parts if len(part)], ignore_index=True).reindex(columns=_COLUMNS)
        return table.assign(other_id=table["other_id"].astype(object).fillna(""))


def overview_of(genotypes: GenotypesLike) -> GenotypeOverview:
    """Describe genotypes.

    Parameters
    ----------
    genotypes
        `Genotypes`, a DataFrame, an AnnData or a MuData.

    Examples
    --------
    >>> genotypes = as_genotypes(pd.DataFrame({"rs1": [0, 1], "rs2": [2, 0]}, index=["s1", "s2"]))
    >>> overview_of(genotypes).table().head(2)["metric"].tolist()
    ['n_samples', 'n_features']
    """
    called = as_genotypes(genotypes)
    return GenotypeOverview(
        *called.shape, summarise_genotypes(called), principal_components(called), find_relatives(called)
    )


def _long(table: pd.DataFrame, level: str) -> pd.DataFrame:
    """The cells of a table, row by row."""
    cells = table.astype(float).rename_axis(index="id", columns="metric").stack(future_stack=True)
    return cast("pd.Series", cells).reset_index(name="value").assign(level=level)


def _bin(above: float, to: float) -> str:
    return f"{above:g}-{to:g}" if to else "0"
