"""The user's way with new samples whose alleles are written otherwise: files in, the same predictions out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse import workflows
from drugresponse.errors import InputError
from drugresponse.settings import PredictSettings, SimulateSettings, TrainSettings
from tests.report.pages import Page


@pytest.fixture(scope="module")
def germline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("germline") / "cohort"
    workflows.simulate(SimulateSettings(directory=folder, preset="germline", n_samples=120, n_features=40))
    workflows.train(TrainSettings(
        genotypes=[folder / "genotypes.tsv"], features=folder / "features.tsv", responses=folder / "responses.tsv",
        samples=folder / "samples.tsv", learner="ridge", folds=0, model=folder / "model",
    ))  # fmt: skip
    return folder


def half_swapped(folder: Path, to: Path) -> None:
    """The new samples' matrix with columns of other names, half of them counting the other allele."""
    calls = pd.read_table(folder / "new_genotypes.tsv", index_col=0)
    features = pd.read_table(folder / "features.tsv", index_col=0).loc[calls.columns]
    swapped = np.arange(len(features)) % 2 == 0
    calls.loc[:, swapped] = 2 - calls.loc[:, swapped]
    features.loc[swapped, ["ref", "alt"]] = features.loc[swapped, ["alt", "ref"]].to_numpy()
    names = [f"column{at}" for at in range(len(features))]
    calls.set_axis(names, axis=1).to_csv(to / "calls", sep="\t")
    features.set_axis(names).rename_axis("feature_id").to_csv(to / "features", sep="\t")


def predict(folder: Path, to: Path, genotypes: Path, features: Path, **more: object) -> pd.DataFrame:
    workflows.predict(PredictSettings(
        model=folder / "model", genotypes=[genotypes], features=features, samples=folder / "new_samples.tsv",
        predictions=to / "predictions", report=to / "page", **more,
    ))  # type: ignore[arg-type]  # fmt: skip
    return pd.read_table(to / "predictions")


def test_predict__swapped_alleles_give_the_same_table_and_are_told(germline, tmp_path, caplog):
    expected = predict(germline, tmp_path, germline / "new_genotypes.tsv", germline / "features.tsv")
    half_swapped(germline, tmp_path)
    with caplog.at_level("INFO"):
        found = predict(germline, tmp_path, tmp_path / "calls", tmp_path / "features")
    pd.testing.assert_frame_equal(found, expected, rtol=1e-9)
    told = "of 40 features of the model: 20 found as they are, 20 turned (reference and alternate are swapped)"
    assert caplog.text.count(told) == 1
    words = "Of 40 features of the training: 20 found as they are and 20 turned (reference and alternate are swapped)."
    assert words in Page((tmp_path / "page").read_text()).text


def test_predict__too_few_features_are_named(germline, tmp_path):
    calls = pd.read_table(germline / "new_genotypes.tsv", index_col=0)
    calls.iloc[:, :3].to_csv(tmp_path / "calls", sep="\t")
    with pytest.raises(InputError, match=r"expected 99% .* No sample has the features \".*%\) and \d+ more"):
        predict(germline, tmp_path, tmp_path / "calls", germline / "features.tsv", minimum_features=0.99)
    assert not (tmp_path / "predictions").exists()


def test_predict__neither_ids_nor_places_asks_for_the_build(germline, tmp_path):
    half_swapped(germline, tmp_path)
    features = pd.read_table(tmp_path / "features")
    features.assign(position=features["position"] + 1234).to_csv(tmp_path / "features", sep="\t", index=False)
    with pytest.raises(InputError, match=r"hold at most 0.0% .* another genome build"):
        predict(germline, tmp_path, tmp_path / "calls", tmp_path / "features")


@pytest.mark.parametrize("parents", ["given", "named"])
def test_predict__says_how_many_alleles_count_by_their_family_alone(tmp_path, parents):
    rng, ids = np.random.default_rng(0), ["qnrS1", "qnrS2", "qnrB4", "tet(A)"]
    calls = pd.DataFrame(rng.binomial(1, 0.3, (60, 4)), [f"s{at}" for at in range(60)], ids).rename_axis("sample_id")
    calls.to_csv(tmp_path / "calls", sep="\t")
    table = pd.DataFrame({"feature_id": ids, "parent": ["qnrS", "qnrS", "qnrB", ""]})
    table.to_csv(tmp_path / "features", sep="\t", index=False)
    response = 2.0 * calls["qnrS1"] + 2.0 * calls["qnrS2"] + rng.normal(0, 0.2, 60)
    response.rename("response").reset_index().to_csv(tmp_path / "responses", sep="\t", index=False)
    workflows.train(TrainSettings(
        genotypes=[tmp_path / "calls"], features=tmp_path / "features" if parents == "given" else None,
        parents=parents, responses=tmp_path / "responses", learner="ridge", folds=0, model=tmp_path / "model",
    ))  # fmt: skip
    bearers = pd.DataFrame([[1, 0], [0, 0]], ["n1", "n2"], ["qnrS13", "tet(A)"]).rename_axis("sample_id")
    bearers.to_csv(tmp_path / "new", sep="\t")
    lines = workflows.predict(PredictSettings(
        model=tmp_path / "model", genotypes=[tmp_path / "new"], predictions=tmp_path / "predictions",
        minimum_features=0.0,
    ))  # fmt: skip
    assert "Taken by their family alone: 1 allele that the training never saw, in 1 sample." in lines
    assert pd.read_table(tmp_path / "predictions")["prediction"].diff().iloc[1] < -0.7
