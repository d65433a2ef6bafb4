"""A trial with two arms through the commands: files in, files out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse import memory_limit, workflows
from drugresponse.cli import main
from drugresponse.errors import MemoryLimitError
from drugresponse.settings import DescribeSettings, PredictSettings, TrainSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """120 patients; a variant that helps in one arm and harms in the other."""
    folder = tmp_path_factory.mktemp("trial")
    rng = np.random.default_rng(0)
    ids = pd.Index([f"p{i:03d}" for i in range(120)], name="sample_id")
    calls = pd.DataFrame(rng.binomial(2, 0.4, size=(120, 20)), index=ids, columns=[f"rs{j}" for j in range(20)])
    arm = rng.choice(["active", "control"], 120)
    response = 1.5 * np.where(arm == "active", 1, -1) * (calls["rs3"] - 0.8) + rng.normal(size=120)
    tables = {
        "genotypes": calls,
        "samples": pd.DataFrame({"arm": arm}, index=ids),
        "responses": response.to_frame("response"),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t")
    return folder


def given(folder: Path) -> list[str]:
    return [
        word for name in ("genotypes", "responses", "samples") for word in (f"--{name}", str(folder / f"{name}.tsv"))
    ]


def test_train_and_predict__for_both_arms(folder: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    assert main(["train", *given(folder), "--arm", "arm", "--learner", "ridge", "--model", str(model), "-q"]) == 0
    text = workflows.describe(DescribeSettings(model=model))
    assert "Covariates: arm" in text
    assert "Treatment arm: arm (active, control); genotype may act otherwise in each" in text
    told = {}
    for arm in ("active", "control"):
        samples = pd.read_csv(folder / "samples.tsv", sep="\t").assign(arm=arm)
        samples.to_csv(tmp_path / "samples.tsv", sep="\t", index=False)
        workflows.predict(
            PredictSettings(
                model=model,
                genotypes=[folder / "genotypes.tsv"],
                samples=tmp_path / "samples.tsv",
                predictions=tmp_path / arm,
            )
        )
        told[arm] = pd.read_csv(tmp_path / arm, sep="\t").set_index("sample_id")["prediction"]
    calls = pd.read_csv(folder / "genotypes.tsv", sep="\t", index_col=0)["rs3"]
    assert np.corrcoef(told["active"] - told["control"], calls)[0, 1] > 0.9


def test_evaluate__with_the_arm_genotype_helps(folder: Path, tmp_path: Path) -> None:
    skill = {}
    for name, more in (("without", []), ("with", ["--arm", "arm"])):
        words = ["--covariates", "arm", "--learner", "ridge", "--folds", "3", "--shuffles", "0", "-q"]
        assert main(["evaluate", *given(folder), *more, *words, "--metrics", str(tmp_path / name)]) == 0
        table = pd.read_csv(tmp_path / name, sep="\t")
        rows = table.query("learner == 'ridge' and level == 'global' and metric == 'skill' and fold == 'all'")
        skill[name] = float(rows["value"].iloc[0])
    assert skill["with"] > 0.15 > 0.05 > skill["without"]


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_arm__misspelt_is_the_users_mistake(
    folder: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    output = {"train": "--model", "evaluate": "--metrics"}[command]
    assert main([command, *given(folder), "--arm", "am", output, str(tmp_path / "out")]) == 2
    assert 'samples: found no column "am" (expected the treatment arm, --arm). Did you mean "arm"?' in (
        capsys.readouterr().err
    )
    assert not (tmp_path / "out").exists()


def test_train__interactions_are_in_the_memory_estimate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids = pd.Index([f"p{i}" for i in range(600)], name="sample_id")
    calls = pd.DataFrame(np.eye(600, 3000, dtype=int), index=ids, columns=[f"rs{j}" for j in range(3000)])
    side = pd.DataFrame({"arm": ["a", "b", "c", "d", "e", "f"] * 100, "response": np.arange(600.0)}, index=ids)
    tables = {"genotypes": calls, "samples": side[["arm"]], "responses": side[["response"]]}
    for name, table in tables.items():
        table.to_csv(tmp_path / f"{name}.tsv", sep="\t")
    monkeypatch.setenv("GALAXY_MEMORY_MB", "600")
    # the process of the tests may hold more than that before it begins
    monkeypatch.setattr(memory_limit, "memory_left", lambda: 10**10)
    files = {"responses": tmp_path / "responses.tsv", "samples": tmp_path / "samples.tsv", "threads": 1}
    asked = {"genotypes": [tmp_path / "genotypes.tsv"], **files, "learner": "ridge", "folds": 0}
    workflows.train(TrainSettings(model=tmp_path / "model", **asked))
    with pytest.raises(MemoryLimitError, match="600 MB are granted"):
        workflows.train(TrainSettings(model=tmp_path / "armed", arm="arm", **asked))
