"""The held-out scores of a model read from its metrics or its manifest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from drugresponse.model.judging.judgement import judge

__all__ = ["HeldOut"]


@dataclass(frozen=True, eq=False)
class HeldOut:
    """Held-out scores of one learner and of the naive predictions beside it.

    Attributes
    ----------
    learner
        Name, as in `pooled`.
    pooled
        Index: learner and naive predictions, the learner first, then by RMSE. Columns: metrics. Averages over folds.
    folds
        Index `(learner, fold)`, columns metrics; empty where the folds are not known.
    drugs
        Index: drugs with enough held-out rows, by falling skill. Columns `skill, normalised_pearson, rmse, lower,
        upper, naive_rmse, folds_better, folds, judgement`, bounds of the skill; empty where not known.
    """

    learner: str
    pooled: pd.DataFrame
    folds: pd.DataFrame
    drugs: pd.DataFrame

    @classmethod
    def read(cls, manifest: Mapping[str, Any], metrics: pd.DataFrame | None) -> HeldOut | None:
        """From the metrics, or else from the headline of the manifest; None where the model was not checked."""
        learner = str(manifest["learner"])
        if metrics is None:
            return cls._of_headline(learner, manifest.get("held_out"))
        wide = _wide(metrics[metrics["level"] == "global"], ["learner", "fold"])
        pooled = wide[wide.index.get_level_values("fold") == "all"].droplevel("fold")
        naive = pooled.drop(index=learner).sort_values("rmse", kind="stable")
        folds = wide.drop(index="all", level="fold")
        return cls(learner, pd.concat([pooled.loc[[learner]], naive]), folds, _drug_scores(metrics, learner))

    @classmethod
    def _of_headline(cls, learner: str, scores: Mapping[str, Any] | None) -> HeldOut | None:
        if not scores:
            return None
        naive = str(scores["best_naive"])
        own = {key: value for key, value in scores.items() if not key.startswith("best_naive")}
        pooled = pd.DataFrame({learner: own, naive: {"rmse": scores["best_naive_rmse"]}}).T.astype(np.float64)
        return cls(learner, pooled, pd.DataFrame(), pd.DataFrame())

    @property
    def best_naive_rmse(self) -> float:
        """The RMSE of the best naive prediction."""
        return float(self.pooled["rmse"].iloc[1])

    def by_fold(self, name: str, metric: str) -> list[float]:
        """One score of the learner or of a naive prediction in each fold; empty where not known."""
        if self.folds.empty or metric not in self.folds:
            return []
        return [float(score) for score in self.folds.loc[[name], metric]]


def _wide(rows: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    return rows.pivot(index=keys, columns="metric", values="value")


def _drug_scores(metrics: pd.DataFrame, learner: str) -> pd.DataFrame:
    rows = metrics[(metrics["level"] == "drug") & (metrics["id"] != "mean")]
    own = rows[rows["learner"] == learner]
    if own.empty:
        return pd.DataFrame()
    scores = _wide(own[own["fold"] == "all"], ["id"])[["skill", "normalised_pearson", "rmse"]]
    bounds = own[(own["fold"] == "all") & (own["metric"] == "skill")].set_index("id")
    scores[["lower", "upper"]] = bounds[["lower", "upper"]]
    naive = rows[(rows["learner"] != learner) & (rows["fold"] == "all") & (rows["metric"] == "rmse")]
    scores["naive_rmse"] = naive.groupby("id")["value"].min()
    in_folds = own[(own["fold"] != "all") & (own["metric"] == "skill")].groupby("id")["value"]
    by_fold = {str(drug): list(values) for drug, values in in_folds}
    scores["folds"] = [len(by_fold.get(drug, [])) for drug in scores.index]
    scores["folds_better"] = [sum(skill > 0 for skill in by_fold.get(drug, [])) for drug in scores.index]
    columns = zip(*(scores[name] for name in ("skill", "lower", "upper")), strict=True)
    scores["judgement"] = [judge(*map(float, row)) for row in columns]
    return scores.sort_index().sort_values("skill", ascending=False, kind="stable")
