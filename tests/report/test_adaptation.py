"""The page of `adapt`, and the task from files to files."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from drugresponse import workflows
from drugresponse.cli import main
from drugresponse.errors import InputError
from drugresponse.model.loading import load_model
from drugresponse.report import adaptation_report
from drugresponse.settings import AdaptSettings, DescribeSettings, SimulateSettings, TrainSettings
from tests.report.pages import EXPECTED_TAGS, Page


@pytest.fixture(scope="module")
def cohort(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines") / "cohort"
    workflows.simulate(SimulateSettings(directory=folder, n_samples=100, n_drugs=8, n_features=30))
    workflows.train(
        TrainSettings(
            genotypes=[folder / "genotypes.tsv"],
            responses=folder / "responses.tsv",
            samples=folder / "samples.tsv",
            learner="covariates",
            folds=2,
            model=folder / "model.safetensors",
        )
    )
    measured = pd.read_table(folder / "new_responses.tsv")
    measured[measured["drug_id"] == "D001"].to_csv(folder / "pilots.tsv", sep="\t", index=False)
    return folder


def adapt(cohort: Path, out: Path, **more: object) -> list[str]:
    settings: dict[str, object] = {
        "genotypes": [cohort / "new_genotypes.tsv"],
        "samples": cohort / "new_samples.tsv",
        "responses": cohort / "pilots.tsv",
        "next_drugs": out / "next.tsv",
        "report": out / "report.html",
        **more,
    }
    return workflows.adapt(
        AdaptSettings(model=cohort / "model.safetensors", predictions=out / "predictions.tsv", **settings)
    )  # type: ignore[arg-type]


def test_adapt__writes_what_it_tells(cohort, tmp_path):
    told = adapt(cohort, tmp_path, n_next=2)
    predictions, ranked = (pd.read_table(tmp_path / name) for name in ("predictions.tsv", "next.tsv"))
    corrected = predictions[predictions["pilots"] > 0]
    assert told[0] == (
        f"Predicted {len(predictions)} of {len(predictions)} pairs; {len(corrected)} of them in "
        f"{corrected['sample_id'].nunique()} samples corrected by pilot measurements."
    )
    assert f"To measure next: {ranked.loc[ranked['rank'] == 1, 'drug_id'].mode()[0]}, for " in "\n".join(told)
    assert (ranked.groupby("sample_id").size() == 2).all()
    assert predictions["sample_seen"].unique().tolist() == [False]
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    adapt(cohort, tmp_path, n_next=2)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_adapt__ranks_only_the_drugs_of_a_table(cohort, tmp_path):
    (tmp_path / "drugs.tsv").write_text("drug_id\nD002\nD003\n")
    adapt(cohort, tmp_path, drugs=tmp_path / "drugs.tsv")
    for name in ("predictions.tsv", "next.tsv"):
        assert set(pd.read_table(tmp_path / name)["drug_id"]) == {"D002", "D003"}


def test_adapt__refuses_to_predict_nothing(cohort, tmp_path):
    (tmp_path / "drugs.tsv").write_text("drug_id\nD001\n")
    measured = pd.read_table(cohort / "pilots.tsv")["sample_id"]
    kept = pd.read_table(cohort / "new_genotypes.tsv").set_index("sample_id").loc[measured]
    kept.to_csv(tmp_path / "genotypes.tsv", sep="\t")
    with pytest.raises(InputError, match="every drug of every sample was measured"):
        adapt(cohort, tmp_path, drugs=tmp_path / "drugs.tsv", genotypes=[tmp_path / "genotypes.tsv"])
    assert not (tmp_path / "predictions.tsv").exists()


def test_main__adapts_without_genotypes(cohort, tmp_path, capsys):
    words = [
        f"--{name}={cohort / file}" for name, file in (("model", "model.safetensors"), ("responses", "pilots.tsv"))
    ]
    assert main(["adapt", *words, f"--predictions={tmp_path / 'p.tsv'}"]) == 0
    assert "corrected by pilot measurements" in capsys.readouterr().out
    assert (pd.read_table(tmp_path / "p.tsv")["features_found"] == 0).all()


def test_report__tells_what_pilots_were_worth_and_what_to_measure(cohort, tmp_path):
    adapt(cohort, tmp_path)
    page = Page((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert page.tags <= EXPECTED_TAGS
    assert not {"src", "href", "onclick"} & page.attributes
    tried = load_model(cohort / "model.safetensors").manifest_["adaptation"]["tried"]
    assert len(tried) >= 2
    assert "Squared error saved" in page.text
    assert "Measure next" in page.text
    assert "most telling drugs are" in page.text


def test_report__escapes_ids_and_survives_a_model_that_tried_nothing(cohort, tmp_path):
    adapt(cohort, tmp_path)
    manifest = load_model(cohort / "model.safetensors").manifest_
    predictions, ranked = (pd.read_table(tmp_path / name) for name in ("predictions.tsv", "next.tsv"))
    awkward = {"D002": "<script>x</script>"}
    text = adaptation_report(
        predictions.assign(flag="").replace({"drug_id": awkward}),
        ranked.replace({"drug_id": awkward}),
        {**manifest, "adaptation": None, "intervals": None},
        with_genotypes=False,
    )
    assert "<script" not in text
    assert "&lt;script&gt;x" in text
    page = Page(text)
    assert "This was not tried on held-out samples" in page.text
    assert "No genotypes were given" in page.text
    assert "carry no bounds" in page.text


def test_describe__says_which_drugs_to_measure_first(cohort):
    first = load_model(cohort / "model.safetensors").manifest_["adaptation"]["first_drugs"]
    line = next(
        each
        for each in workflows.describe(DescribeSettings(model=cohort / "model.safetensors")).splitlines()
        if "Pilot" in each
    )
    assert line.startswith(f"Pilot drugs: to measure first {', '.join(first)}; ")
    assert line.endswith(" % of squared error")


@pytest.mark.parametrize(("higher", "ends"), [(None, 2), ("dose", 2), ("sensitive", 1), ("resistant", 1)])
def test_report__ranks_both_ends_where_the_direction_does_not_tell_one(cohort, tmp_path, higher, ends):
    adapt(cohort, tmp_path)
    manifest = load_model(cohort / "model.safetensors").manifest_
    predictions, ranked = (pd.read_table(tmp_path / name) for name in ("predictions.tsv", "next.tsv"))
    measure = {"name": "ln_ic50", "unit": "", "higher_means": higher}
    text = adaptation_report(predictions.assign(flag=""), ranked, {**manifest, "measure": measure})
    columns = [end for end in ("highest", "lowest") if f">Drugs, {end} first</th>" in text]
    assert len(columns) == ends
    assert columns != ["highest"] or higher == "sensitive"
