"""Responses with drugs in rows and samples in columns, as R's screens are stored, in every command that reads them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import workflows
from drugresponse.data.tables import Responses
from drugresponse.data.turned_responses import right_way_round
from drugresponse.settings import AdaptSettings, ExplainSettings, SimulateSettings, TrainSettings


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("turned") / "cohort"
    workflows.simulate(SimulateSettings(directory=folder, n_samples=60, n_drugs=6, n_features=30))
    for name in ("responses", "new_responses"):
        long = pd.read_table(folder / f"{name}.tsv")
        wide = long.pivot(index="drug_id", columns="sample_id", values="response").rename_axis("compound")
        wide.to_csv(folder / f"turned_{name}.tsv", sep="\t", float_format="%.17g")
    genotypes = pd.read_table(folder / "genotypes.tsv", index_col=0)
    genotypes.T.rename_axis("gene").to_csv(folder / "turned_genotypes.tsv", sep="\t")
    genotypes.T.rename_axis("").to_csv(folder / "nameless_genotypes.tsv", sep="\t")  # only known samples tell
    return folder


def trained(folder: Path, out: Path, **inputs: Path | None) -> pd.DataFrame:
    settings = {"responses": folder / "responses.tsv", "samples": folder / "samples.tsv", **inputs}
    genotypes = [settings.pop("genotypes", folder / "genotypes.tsv")]
    metrics, model = out / "metrics.tsv", out / "model.safetensors"
    workflows.train(
        TrainSettings(genotypes=genotypes, model=model, metrics=metrics, learner="ridge", folds=2, **settings)
    )
    return pd.read_table(metrics)


@pytest.mark.parametrize("with_samples", [True, False])
@pytest.mark.parametrize("genotypes", ["genotypes.tsv", "turned_genotypes.tsv", "nameless_genotypes.tsv"])
def test_train__drugs_in_rows_give_the_same_model(cohort, tmp_path, caplog, with_samples, genotypes):
    samples = cohort / "samples.tsv" if with_samples else None
    straight = trained(cohort, tmp_path, samples=samples)
    caplog.clear()
    turned = trained(
        cohort,
        tmp_path,
        samples=samples,
        responses=cohort / "turned_responses.tsv",
        genotypes=cohort / genotypes,
    )
    assert "read the other way round, as drugs x samples" in caplog.text
    pd.testing.assert_frame_equal(turned, straight, rtol=1e-9)


def test_adapt_and_explain__drugs_in_rows(cohort, tmp_path):
    trained(cohort, tmp_path)
    model = tmp_path / "model.safetensors"
    adapted, effects = [], []
    for name in ("", "turned_"):
        new = {"genotypes": [cohort / "new_genotypes.tsv"], "samples": cohort / "new_samples.tsv"}
        pilots, out = cohort / f"{name}new_responses.tsv", tmp_path / f"{name}adapted.tsv"
        every = pd.read_table(cohort / "new_samples.tsv")[["sample_id"]].assign(drug_id="D001")
        every.to_csv(tmp_path / "pairs.tsv", sep="\t", index=False)
        workflows.adapt(
            AdaptSettings(model=model, responses=pilots, predictions=out, pairs=tmp_path / "pairs.tsv", **new)
        )
        adapted.append(pd.read_table(out))
        out = tmp_path / f"{name}effects.tsv"
        both = {"genotypes": [cohort / "genotypes.tsv"], "samples": cohort / "samples.tsv", "refits": 0}
        workflows.explain(
            ExplainSettings(model=model, responses=cohort / f"{name}responses.tsv", attributions=out, **both)
        )
        effects.append(pd.read_table(out))
    pd.testing.assert_frame_equal(*adapted, rtol=1e-9)
    pd.testing.assert_frame_equal(*effects, rtol=1e-9)


def test_fit__a_frame_with_drugs_in_rows(cohort):
    genotypes, wide = (pd.read_table(cohort / f"{name}.tsv", index_col=0) for name in ("genotypes", "turned_responses"))
    straight, turned = (
        dr.DrugResponseModel(learner="ridge", folds=2).fit(genotypes, each).predict(genotypes)["prediction"]
        for each in (wide.T.rename_axis("sample_id"), wide.rename_axis("sample_id"))
    )
    assert turned.tolist() == pytest.approx(straight.tolist(), rel=1e-9)


def test_right_way_round__turns_by_certain_ids_alone():
    rows = pd.DataFrame({"sample_id": ["d1", "d2"], "drug_id": ["s1", "s2"], "response": [0.5, 1.0]})
    for known, expected in (
        ({"samples": ["s1", "s2"]}, "s1"),
        ({"drugs": ["d1"]}, "s1"),
        ({"samples": ["s1", "d1"]}, "d1"),
        ({"samples": ["x1"]}, "d1"),
        ({"drugs": ["s2", "d1"]}, "d1"),
        ({}, "d1"),
    ):
        assert right_way_round(Responses.build(rows), **known).table["sample_id"].iloc[0] == expected, known
