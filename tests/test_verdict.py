"""The verdict on a model: made once, and told in the same words by every command, page and file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import workflows
from drugresponse.description import describe_model
from drugresponse.report import prediction_report, training_report
from drugresponse.settings import TrainSettings
from drugresponse.verdict import model_verdict
from drugresponse.words import percent
from tests.report.pages import Page

N = 60
MARKER = (np.arange(N) % 3 == 0).astype(float)


def tables(leak: str = "") -> dict[str, pd.DataFrame]:
    """A made-up cohort of 60 samples and two drugs, into which one leak may be planted."""
    rng = np.random.default_rng(3)
    ids = [f"s{i:02d}" for i in range(N)]
    calls = pd.DataFrame((rng.random((N, 30)) < 0.4).astype(float), index=ids, columns=[f"g{j:02d}" for j in range(30)])
    samples = pd.DataFrame({"age": rng.normal(50, 9, N).round()}, index=ids)
    y = pd.DataFrame(rng.normal(size=(N, 2)), index=ids, columns=["a", "b"])
    if leak == "feature":
        calls["level"] = np.exp(y["a"])
    if leak == "covariate":
        samples["age"] = -y["b"] + 0.01 * rng.normal(size=N)
    if leak == "twins":
        calls, samples, y = (pd.concat([each, each.add_prefix("dup_", axis=0)]) for each in (calls, samples, y))
    if leak == "marker":
        calls["g00"] = MARKER
        y += 9 * MARKER[:, None]
    responses = y.stack().rename_axis(["sample_id", "drug_id"]).rename("response").reset_index()
    return {"genotypes": calls, "responses": responses, "samples": samples.rename_axis("sample_id")}


def trained(leak: str = "", **settings) -> dr.DrugResponseModel:
    return dr.DrugResponseModel("ridge", covariates=["age"], **settings).fit(**tables(leak))


LEAKS = {
    "feature": 'The feature "level" orders the samples as the response to a does',
    "covariate": 'The covariate "age" orders the samples as the response to b does',
    "twins": "Samples that are not known to be of one subject have identical genotypes (60 cases)",
}
SCHEME = {"twins": "random-pairs"}


@pytest.mark.parametrize(("leak", "words"), LEAKS.items())
def test_train__leak_changes_the_verdict_wherever_it_is_told(leak, words, tmp_path):
    model = trained(leak, scheme=SCHEME.get(leak, "new-samples"))
    model.save(tmp_path / "model")
    manifest = dr.load_model(tmp_path / "model").manifest_
    assert [each["severity"] for each in manifest["findings"]].count("leak") == 1
    lines = describe_model(manifest)
    assert any(line.startswith(f"Leak: {words}") for line in lines)
    pages = [training_report(model.manifest_, model.metrics_), training_report(manifest, None)]
    predictions = model.predict(tables(leak)["genotypes"], samples=tables(leak)["samples"])
    verdict = model_verdict(manifest)
    assert verdict.kind == "worse"
    assert "leak" in verdict.title
    for page in (*pages, prediction_report(predictions, manifest)):
        text = Page(page).text
        assert verdict.title in text
        assert words in text
    assert verdict.sentence() in lines
    assert "The inputs leak, so that the counts below are no gains." in Page(pages[0]).text


def test_train__the_line_below_the_outcome_tells_of_the_leak(tmp_path: Path):
    given = tables("feature")
    for name, table in given.items():
        table.to_csv(tmp_path / f"{name}.tsv", sep="\t", index=name != "responses", index_label="sample_id")
    told = workflows.train(
        TrainSettings(
            genotypes=[tmp_path / "genotypes.tsv"],
            responses=tmp_path / "responses.tsv",
            model=tmp_path / "model",
            learner="ridge",
            threads=1,
        )
    )
    assert told[0].startswith("Outcome: measured numbers")
    assert told[1].startswith('Leak: The feature "level"')
    assert "not to be believed" in told[-2].lower()


def test_train__model_file_names_no_twin(tmp_path):
    model = trained("twins")
    assert '"dup_s00" = "s00"' in model.findings_[0].message
    assert "s00" not in json.dumps(model.manifest_)


def test_train__twins_are_held_out_together_and_told_of():
    alone, doubled = trained(), trained("twins")
    assert model_verdict(doubled.manifest_).judgement != "better"
    assert not model_verdict(doubled.manifest_).leaks
    assert "(60 cases): they may be one person, and are kept on one side" in model_verdict(doubled.manifest_).words
    assert "identical genotypes" not in model_verdict(alone.manifest_).words
    same = dr.DrugResponseModel("ridge", covariates=["age"]).fit(**with_subjects())
    assert same.manifest_["held_out"] == doubled.manifest_["held_out"]


def with_subjects() -> dict[str, pd.DataFrame]:
    given = tables("twins")
    given["samples"]["subject_id"] = given["samples"].index.str.removeprefix("dup_")
    return given


def test_train__twins_of_one_subject_are_no_leak():
    model = dr.DrugResponseModel("ridge", covariates=["age"]).fit(**with_subjects())
    assert not model_verdict(model.manifest_).leaks
    assert model_verdict(model.manifest_).judgement != "better"


def test_train__marker_that_decides_is_no_leak():
    verdict = model_verdict(trained("marker").manifest_)
    assert (verdict.kind, verdict.leaks) == ("better", ())


def test_train__unchecked_model_tells_of_the_leak_too():
    verdict = model_verdict(trained("feature", folds=0).manifest_)
    assert verdict.title == "Not checked, and the inputs leak"


def manifest_of(**changes):
    scores = {"skill": 0.029, "best_naive": "drug mean", "rmse": 0.985, "best_naive_rmse": 1.0}
    scores["normalised_pearson"] = 0.2
    manifest = trained(folds=0).manifest_
    return {**manifest, "held_out": scores, **changes}


def test_verdict__folds_that_disagree_are_said_by_command_line_and_pages_alike():
    judged = {"judgement": "same", "folds": 3, "folds_better": 2}
    manifest = manifest_of(verdict=judged)
    sentence = model_verdict(manifest).sentence()
    assert sentence.startswith("Not reliably better than a naive prediction. On held-out rows")
    assert "above 0 in 2 of 3 folds" in sentence
    assert sentence in describe_model(manifest)
    assert model_verdict(manifest).words in Page(training_report(manifest, None)).text


def test_verdict__of_a_file_that_holds_none_comes_from_its_scores():
    manifest = manifest_of()
    del manifest["verdict"], manifest["findings"]
    verdict = model_verdict(manifest)
    assert (verdict.judgement, verdict.title) == ("better", "Better than naive, on average")


def test_verdict__is_that_of_the_folds():
    model = trained()
    own = model.metrics_.query("learner == 'ridge' and level == 'global' and metric == 'skill' and fold != 'all'")
    assert model.manifest_["verdict"]["folds"] == 3
    assert model.manifest_["verdict"]["folds_better"] == int((own["value"] > 0).sum())


def test_verdict__a_threshold_that_leaves_most_events_uncalled_is_said():
    """With at most 3 % major errors a weak model calls few of the resistant, whatever its Brier score gains."""
    cohort = dr.simulate_cohort(n_samples=120, n_drugs=3, n_features=25, outcome="binary", random_state=1)
    tables = {"genotypes": cohort.genotypes, "responses": cohort.responses, "samples": cohort.samples}
    strict = dr.DrugResponseModel("ridge", folds=3).fit(**tables)
    lenient = dr.DrugResponseModel("ridge", folds=3, cost_of_miss=20).fit(**tables)

    caught = strict.manifest_["held_out"]["scores"]["sensitivity"]
    assert caught < 0.5
    words = (
        f"At its threshold it calls only {percent(caught)} of the held-out R: at most 3 % major errors allow no more."
    )
    assert words in model_verdict(strict.manifest_).words
    assert "At its threshold" not in model_verdict(lenient.manifest_).words
    assert words in "\n".join(describe_model(strict.manifest_))
    for threshold, said in ((0.74, True), (0.5, False)):
        told = strict.manifest_ | {"forecasts": strict.manifest_["forecasts"] | {"threshold": threshold}}
        against = "Its threshold is 0.74: up to that probability of R it calls S, also where R is the more probable"
        assert (against in model_verdict(told).words) is said
