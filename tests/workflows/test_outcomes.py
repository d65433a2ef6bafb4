"""What responses are is said first and kept: files of classes in, the first line and the model's manifest out."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import workflows
from drugresponse.errors import InputError
from drugresponse.model.loading import load_model
from drugresponse.settings import EvaluateSettings, ExplainSettings, SimulateSettings, TrainSettings


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Simulated susceptibility, under words whose order is not known."""
    folder = tmp_path_factory.mktemp("outcomes") / "cohort"
    workflows.simulate(SimulateSettings(directory=folder, n_samples=80, n_drugs=3, n_features=20, outcome="binary"))
    table = pd.read_table(folder / "responses.tsv")
    table["response"] = table["response"].map({"S": "calm", "R": "wild"})
    table.to_csv(folder / "words.tsv", sep="\t", index=False)
    return folder


def trained(folder: Path, table: str, **more: object) -> list[str]:
    files = {"genotypes": [folder / "genotypes.tsv"], "responses": folder / table, "model": folder / "m.safetensors"}
    return workflows.train(TrainSettings(**files, learner="ridge", folds=0, **more))  # type: ignore[arg-type]


def test_train__says_the_outcome_first_and_keeps_it(folder: Path) -> None:
    events = pd.read_table(folder / "responses.tsv")["response"] == "R"
    counts = f'"{{}}" is the event: {events.sum()} of {len(events)} responses ({events.mean():.1%})'.replace("%", " %")
    assert trained(folder, "responses.tsv")[0] == f"Outcome: yes or no; {counts.format('R')}."
    model = load_model(folder / "m.safetensors")
    assert model.parts_.outcome == dr.read_responses(folder / "responses.tsv").outcome
    assert model.parts_.measure.higher_means == "resistant"
    assert not {"outcome", "classes"} & set(model.manifest_["parameters"])

    assert trained(folder, "words.tsv", classes="calm<wild")[0] == f"Outcome: yes or no; {counts.format('wild')}."
    model = load_model(folder / "m.safetensors")
    assert model.get_params()["classes"] == "calm<wild"
    assert model.parts_.outcome.classes == ("calm", "wild")
    with pytest.raises(InputError, match=r'words "calm", "wild", whose order is not known'):
        trained(folder, "words.tsv")


def test_evaluate__says_the_outcome_first(folder: Path) -> None:
    settings = EvaluateSettings(
        genotypes=[folder / "genotypes.tsv"],
        responses=folder / "words.tsv",
        classes="wild<calm",
        metrics=folder / "metrics.tsv",
        learner=["additive-mean"],
        folds=2,
        shuffles=0,
    )
    assert workflows.evaluate(settings)[0].startswith('Outcome: yes or no; "calm" is the event: ')


def test_explain__reads_responses_with_the_classes_of_the_model(folder: Path) -> None:
    trained(folder, "words.tsv", classes="calm<wild")
    settings = ExplainSettings(
        model=folder / "m.safetensors",
        genotypes=[folder / "genotypes.tsv"],
        responses=folder / "words.tsv",
        attributions=folder / "attributions.tsv",
        refits=0,
    )
    workflows.explain(settings)
    settings = ExplainSettings(**{**vars(settings), "responses": folder / "responses.tsv"})
    with pytest.raises(InputError, match=r'found "[SR]" .*expected one of the classes calm < wild'):
        workflows.explain(settings)


def test_train__measured_numbers_are_said_and_leave_no_trace_in_the_model(tmp_path: Path) -> None:
    cohort = tmp_path / "cohort"
    workflows.simulate(SimulateSettings(directory=cohort, n_samples=60, n_drugs=3, n_features=20))
    n = len(pd.read_table(cohort / "responses.tsv"))
    assert trained(cohort, "responses.tsv")[0] == f"Outcome: measured numbers, {n} responses."
    manifest = load_model(cohort / "m.safetensors").manifest_
    assert not {"outcome", "classes"} & {*manifest, *manifest["parameters"]}


def test_fit__outcome_and_classes_of_tables_in_memory() -> None:
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=2, n_features=20, outcome="binary")
    words = cohort.responses.table["response"].map({0.0: "calm", 1.0: "wild"})
    table = cohort.responses.table[["sample_id", "drug_id"]].assign(response=words)
    model = dr.DrugResponseModel("ridge", folds=0, classes=["calm", "wild"]).fit(cohort.genotypes, table)
    assert model.parts_.outcome.event == "wild"
    assert model.manifest_["parameters"]["classes"] == "calm<wild"
    with pytest.raises(InputError, match="whose order is not known"):
        dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, table)
    with pytest.raises(InputError, match=r"found the words .*expected measured numbers"):
        dr.evaluate(cohort.genotypes, table, outcome="continuous")
