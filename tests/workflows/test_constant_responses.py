"""Responses that do not vary within drugs: what is not defined is said to be, and no command fails after it wrote."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse import workflows
from drugresponse.settings import (
    AdaptSettings,
    DescribeSettings,
    EvaluateSettings,
    ExplainSettings,
    PredictSettings,
    TrainSettings,
)
from drugresponse.workflows.describing import describe

N = 40


@pytest.fixture(params=["constant", "rounding"])
def folder(request, tmp_path: Path) -> Path:
    """Three drugs of which every sample has the same response, or the same up to the last bit."""
    rng = np.random.default_rng(0)
    ids = pd.Index([f"s{i:02d}" for i in range(N)], name="sample_id")
    pd.DataFrame(rng.integers(0, 3, (N, 12)), ids, [f"g{j}" for j in range(12)]).to_csv(tmp_path / "g", sep="\t")
    other = 0.1 + 0.2 if request.param == "rounding" else 0.3
    y = np.where(rng.random((N, 3)) < 0.5, 0.3, other) + np.array([0.0, 2.0, 3.0])
    table = pd.DataFrame(y, ids, ["a", "b", "c"]).stack().rename_axis(["sample_id", "drug_id"]).rename("response")
    table.reset_index().to_csv(tmp_path / "r", sep="\t", index=False, float_format="%.17g")
    return tmp_path


def test_commands__responses_that_do_not_vary_within_drugs(folder: Path) -> None:
    given = {"genotypes": [folder / "g"], "responses": folder / "r"}
    told = workflows.train(
        TrainSettings(**given, model=folder / "m", metrics=folder / "t", report=folder / "h", learner="ridge")
    )
    assert "Cannot be judged" in told[-2]
    assert "skill not defined" in told[-2]
    assert "skill not defined" in describe(DescribeSettings(model=folder / "m"))
    metrics = pd.read_csv(folder / "t", sep="\t")
    assert metrics.loc[metrics["metric"].isin(["skill", "normalised_pearson"]), "value"].isna().all()
    assert metrics.loc[(metrics["metric"] == "r2") & (metrics["level"] == "drug"), "value"].isna().all()
    outputs = {"metrics": folder / "e", "verdicts": folder / "v", "report": folder / "eh"}
    told = workflows.evaluate(EvaluateSettings(**given, **outputs, learner=["ridge"], folds=3, threads=1))
    assert any("skill not defined" in line for line in told)
    assert "Cannot be judged." in told
    verdicts = pd.read_csv(folder / "v", sep="\t")
    assert set(verdicts["verdict"]) == {"no gain shown"}
    assert verdicts["gain"].isna().all()
    workflows.predict(
        PredictSettings(model=folder / "m", genotypes=[folder / "g"], predictions=folder / "p", report=folder / "ph")
    )
    (folder / "n").write_text("sample_id\tdrug_id\tresponse\nnew\ta\t0.3\n")
    outputs = {"predictions": folder / "a", "report": folder / "ah"}
    workflows.adapt(AdaptSettings(model=folder / "m", genotypes=[], responses=folder / "n", **outputs))
    workflows.explain(
        ExplainSettings(**given, model=folder / "m", attributions=folder / "x", report=folder / "xh", refits=0)
    )
