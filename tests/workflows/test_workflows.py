"""The tasks of a user end to end: files in, files out."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from bed_reader import to_bed
from safetensors import safe_open

from drugresponse import workflows
from drugresponse.errors import InputError, MemoryLimitError, ModelFileError
from drugresponse.readers import read_genotypes
from drugresponse.settings import (
    AdaptSettings,
    DescribeSettings,
    EvaluateSettings,
    PredictSettings,
    SimulateSettings,
    TrainSettings,
)


@pytest.fixture(scope="module")
def germline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("germline") / "cohort"
    workflows.simulate(SimulateSettings(directory=folder, preset="germline", n_samples=120, n_features=40))
    return folder


@pytest.fixture(scope="module")
def lines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("lines") / "cohort"
    workflows.simulate(SimulateSettings(directory=folder, n_samples=100, n_drugs=8, n_features=40))
    return folder


def train_on(folder: Path, model: Path, **more: object) -> list[str]:
    settings: dict[str, object] = {
        "genotypes": [folder / "genotypes.tsv"],
        "features": folder / "features.tsv",
        "responses": folder / "responses.tsv",
        "drugs": folder / "drugs.tsv",
        "samples": folder / "samples.tsv",
        "learner": "ridge",
        "folds": 2,
        **more,
    }
    return workflows.train(TrainSettings(model=model, **settings))  # type: ignore[arg-type]


def read_parts(path: Path) -> tuple[dict[str, object], dict[str, np.ndarray]]:
    with safe_open(path, framework="numpy") as file:
        manifest = json.loads(file.metadata()["drugresponse"])
        return manifest, {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118


def test_train__from_vcf_and_from_matrix_differs_only_in_inputs(germline: Path, tmp_path: Path) -> None:
    train_on(germline, tmp_path / "matrix.safetensors")
    train_on(germline, tmp_path / "vcf.safetensors", genotypes=[germline / "genotypes.vcf"], features=None)
    (one, arrays), (two, others) = (read_parts(tmp_path / f"{name}.safetensors") for name in ("matrix", "vcf"))
    assert one.pop("inputs") != two.pop("inputs")
    assert one == two
    assert arrays.keys() == others.keys()
    assert all(np.array_equal(arrays[name], others[name]) for name in arrays)


def test_predict__for_held_out_samples_beats_the_baseline(lines: Path, tmp_path: Path) -> None:
    told = train_on(lines, tmp_path / "model", metrics=tmp_path / "metrics", report=tmp_path / "report")
    assert told[-1] == f"Model: {tmp_path / 'model'}"
    assert told[-2].startswith("Better than every naive prediction. On held-out rows")
    workflows.predict(
        PredictSettings(
            model=tmp_path / "model",
            genotypes=[lines / "new_genotypes.tsv"],
            samples=lines / "new_samples.tsv",
            predictions=tmp_path / "predictions",
            report=tmp_path / "page",
        )
    )
    predicted = pd.read_table(tmp_path / "predictions")
    assert list(predicted.columns) == [
        "sample_id", "drug_id", "prediction", "lower", "upper", "baseline", "sample_seen", "drug_seen",
        "features_found", "flag", "sites_filled",
    ]  # fmt: skip
    table = predicted.merge(pd.read_table(lines / "new_responses.tsv"), on=["sample_id", "drug_id"])
    errors = {name: ((table["response"] - table[name]) ** 2).mean() for name in ("prediction", "baseline")}
    assert errors["prediction"] < 0.9 * errors["baseline"]
    metrics = pd.read_table(tmp_path / "metrics")
    assert {"ridge", "drug mean", "tissue-drug mean"} <= set(metrics["learner"])
    assert all((tmp_path / name).read_text().startswith("<!DOCTYPE html>") for name in ("report", "page"))


def test_predict__answers_only_the_pairs_asked_for_in_their_order(lines: Path, tmp_path: Path) -> None:
    train_on(lines, tmp_path / "model")
    asked = pd.read_table(lines / "new_responses.tsv").iloc[[5, 0, 9]][["sample_id", "drug_id"]]
    asked.to_csv(tmp_path / "pairs", sep="\t", index=False)
    told = workflows.predict(PredictSettings(
        model=tmp_path / "model", genotypes=[lines / "new_genotypes.tsv"], samples=lines / "new_samples.tsv",
        drugs=lines / "new_drugs.tsv", pairs=tmp_path / "pairs", predictions=tmp_path / "predictions",
    ))  # fmt: skip
    predicted = pd.read_table(tmp_path / "predictions")
    assert predicted[["sample_id", "drug_id"]].to_numpy().tolist() == asked.to_numpy().tolist()
    assert told[0].startswith("Predicted 3 of 3 pairs")


def test_train__leaves_no_output_when_it_fails(lines: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="found no covariate column"):
        train_on(lines, tmp_path / "model", metrics=tmp_path / "metrics", covariates=["tisue"])
    assert list(tmp_path.iterdir()) == []


def test_train__refuses_too_little_memory_before_it_begins(
    lines: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GALAXY_MEMORY_MB", "10")
    with pytest.raises(MemoryLimitError, match="10 MB are granted"):
        train_on(lines, tmp_path / "model")
    assert list(tmp_path.iterdir()) == []


def test_train__twice_gives_the_same_bytes_for_any_number_of_threads(lines: Path, tmp_path: Path) -> None:
    for threads in (1, 2):
        train_on(lines, tmp_path / str(threads), learner="auto", trees=5, epochs=2, threads=threads)
    assert (tmp_path / "1").read_bytes() == (tmp_path / "2").read_bytes()


def test_predict__refuses_when_no_sample_has_the_features(lines: Path, germline: Path, tmp_path: Path) -> None:
    train_on(lines, tmp_path / "model")
    with pytest.raises(InputError, match=r"hold at most 0.0% of the model's weight in any sample \(expected 50%"):
        workflows.predict(
            PredictSettings(
                model=tmp_path / "model", genotypes=[germline / "genotypes.vcf"], predictions=tmp_path / "predictions"
            )
        )
    assert not (tmp_path / "predictions").exists()


def test_predict__refuses_a_file_that_is_no_model(lines: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="is not a drugresponse model"):
        workflows.predict(
            PredictSettings(
                model=lines / "responses.tsv", genotypes=[lines / "genotypes.tsv"], predictions=tmp_path / "predictions"
            )
        )


def test_train__says_when_nothing_beats_the_naive_model(lines: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    table = pd.read_table(lines / "responses.tsv")
    table.assign(response=rng.normal(size=len(table))).to_csv(tmp_path / "noise", sep="\t", index=False)
    told = train_on(lines, tmp_path / "model", responses=tmp_path / "noise", learner="auto", trees=5, epochs=3)
    assert any(line.startswith("auto fell back to the naive model") for line in told)
    assert not told[-2].startswith("It beats")


def test_train__for_seen_samples_warns_that_the_file_is_personal(
    lines: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    train_on(lines, tmp_path / "model", scheme="random-pairs")
    assert "holds an effect for each training sample" in caplog.text
    assert "The file holds an effect for each training sample" in workflows.describe(
        DescribeSettings(model=tmp_path / "model")
    )


def test_describe__json_is_the_manifest(lines: Path, tmp_path: Path) -> None:
    train_on(lines, tmp_path / "model", measure="ln_ic50", unit="uM", higher_means="resistant")
    manifest = json.loads(workflows.describe(DescribeSettings(model=tmp_path / "model", json=True)))
    assert manifest["measure"] == {"name": "ln_ic50", "unit": "uM", "higher_means": "resistant"}
    assert manifest["inputs"]["responses"][0] == manifest["inputs"]["responses"][0].lower()
    text = workflows.describe(DescribeSettings(model=tmp_path / "model"))
    assert "a higher number is a higher response (more resistant)" in text


def test_train__a_measure_that_contradicts_itself_is_told_before_anything_is_read(tmp_path: Path) -> None:
    absent = {"genotypes": [tmp_path / "none"], "responses": tmp_path / "none"}
    given = {"measure": "auc", "higher_means": "sensitive"}
    with pytest.raises(InputError, match=r"auc of which higher means sensitive .* Correct `higher_means`, or give"):
        workflows.train(TrainSettings(**absent, **given, model=tmp_path / "model"))
    with pytest.raises(InputError, match=r'found pic50 in "uM" \(expected M, .* Convert the responses, or give'):
        workflows.evaluate(EvaluateSettings(**absent, measure="pic50", unit="uM", metrics=tmp_path / "metrics"))
    assert not list(tmp_path.iterdir())


def test_train__one_file_in_two_roles_is_refused(lines: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="responses: is the same file as the genotypes"):
        train_on(lines, tmp_path / "model", responses=lines / "genotypes.tsv")


def test_simulate__overwrites_nothing(lines: Path) -> None:
    before = (lines / "genotypes.tsv").read_bytes()
    with pytest.raises(InputError, match=r'already holds "genotypes.tsv", .* \(nothing is overwritten\)'):
        workflows.simulate(SimulateSettings(directory=lines, n_samples=30, seed=1))
    assert (lines / "genotypes.tsv").read_bytes() == before


def test_train__every_file_of_a_plink_fileset_is_in_the_checksums(germline: Path, tmp_path: Path) -> None:
    genotypes = read_genotypes(germline / "genotypes.vcf")
    features = genotypes.features
    alleles = {"allele_1": features["alt"].tolist(), "allele_2": features["ref"].tolist()}
    places = {"chromosome": features["chromosome"].tolist(), "bp_position": features["position"].tolist()}
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        to_bed(
            tmp_path / name / "cohort.bed",
            genotypes.dense(),
            properties={"iid": genotypes.sample_ids.tolist(), **alleles, **places},
            num_threads=1,
        )
        train_on(germline, tmp_path / f"{name}.model", genotypes=[tmp_path / name], features=None)
    train_on(germline, tmp_path / "vcf.model", genotypes=[germline / "genotypes.vcf"], features=None)
    (one, arrays), (_, others) = (read_parts(tmp_path / f"{name}.model") for name in ("one", "vcf"))
    assert (tmp_path / "one.model").read_bytes() == (tmp_path / "two.model").read_bytes()
    assert len(one["inputs"]["genotypes"]) == 3  # type: ignore[index]
    # a .bim file has no place for genes
    same = {name for name in others if "gene" not in name}
    np.testing.assert_equal({name: arrays[name] for name in same}, {name: others[name] for name in same})
    assert len(same) > 5


@pytest.fixture(scope="module")
def listed(lines: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model of a list of alterations, and the list of its first sample alone."""
    folder = tmp_path_factory.mktemp("listed")
    altered = pd.read_csv(lines / "genotypes.tsv", sep="\t", index_col=0).stack()
    rows = altered[altered == 1].reset_index().set_axis(["sample_id", "gene", "value"], axis=1)
    rows = rows.assign(alteration="missense", gene=rows["gene"].str.removesuffix("_mut")).drop(columns="value")
    rows.to_csv(folder / "all.tsv", sep="\t", index=False)
    train_on(lines, folder / "model", genotypes=[folder / "all.tsv"], features=None)
    rows[rows["sample_id"] == rows["sample_id"].iloc[0]].to_csv(folder / "one.tsv", sep="\t", index=False)
    return folder


def test_predict__what_nobody_bears_in_a_list_of_alterations_is_not_absent(listed: Path, tmp_path: Path) -> None:
    workflows.predict(
        PredictSettings(model=listed / "model", genotypes=[listed / "one.tsv"], predictions=tmp_path / "predictions")
    )
    assert set(pd.read_csv(tmp_path / "predictions", sep="\t")["features_found"]) == {1.0}


def test_adapt__what_nobody_bears_in_a_list_of_alterations_is_not_absent(listed: Path, tmp_path: Path) -> None:
    one = pd.read_csv(listed / "one.tsv", sep="\t", dtype=str)["sample_id"].iloc[0]
    pilots = pd.DataFrame({"sample_id": [one], "drug_id": ["D001"], "response": [1.0]})
    pilots.to_csv(tmp_path / "pilots.tsv", sep="\t", index=False)
    workflows.adapt(
        AdaptSettings(
            model=listed / "model",
            genotypes=[listed / "one.tsv"],
            responses=tmp_path / "pilots.tsv",
            predictions=tmp_path / "predictions",
        )
    )
    found = pd.read_csv(tmp_path / "predictions", sep="\t")
    assert set(found["features_found"]) == {1.0}
    assert set(found["pilots"]) == {1}


@pytest.mark.parametrize("module", sorted(Path(workflows.__file__).parent.glob("*.py")), ids=lambda path: path.stem)
def test_workflows__nothing_that_can_fail_runs_after_the_outputs_appeared(module: Path) -> None:
    for function in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(function, ast.FunctionDef):
            writing = [
                each
                for each in function.body
                if isinstance(each, ast.With) and "output_files" in ast.dump(each.items[0])
            ]
            assert writing in ([], function.body[-1:]), f"{module.name}, {function.name}: something follows the outputs"


@pytest.mark.parametrize(
    ("learner", "reading"), [("ridge", "ridge reads them as if measured"), ("neural", "as limits")]
)
def test_train__limits_are_told_first_and_who_reads_them(
    lines: Path, tmp_path: Path, learner: str, reading: str
) -> None:
    table = pd.read_table(lines / "responses.tsv")
    table["censor"] = np.where(table.index % 4 == 0, "right", "none")
    table.to_csv(tmp_path / "r.tsv", sep="\t", index=False)
    share = f"Limits (column censor): {(table['censor'] == 'right').sum()} of {len(table)} responses, 25."
    settings = {"responses": tmp_path / "r.tsv", "learner": learner, "report": tmp_path / "p.html", "epochs": 1}
    settings["outcome"] = "continuous"
    told = train_on(lines, tmp_path / "m.safetensors", **settings)
    page = (tmp_path / "p.html").read_text(encoding="utf-8")
    assert told[0] == f"Outcome: measured numbers, {len(table)} responses."
    assert told[1].startswith(share) and reading in told[1] and reading in page
    assert "Scores, naive predictions and intervals take limits as if measured there" in page
    told = workflows.evaluate(
        EvaluateSettings(
            genotypes=[lines / "genotypes.tsv"],
            responses=tmp_path / "r.tsv",
            metrics=tmp_path / "x.tsv",
            report=tmp_path / "e.html",
            learner=[learner],
            folds=2,
            shuffles=0,
            epochs=1,
            outcome="continuous",
        )
    )
    assert told[1].startswith(share)
    assert reading.removeprefix("ridge reads ") in (tmp_path / "e.html").read_text(encoding="utf-8")
    assert not any("Limits" in line for line in train_on(lines, tmp_path / "m.safetensors"))


def test_train__a_drug_that_looks_like_metadata_is_one_when_the_drugs_table_says_so(
    lines: Path, tmp_path: Path
) -> None:
    wide = pd.read_table(lines / "responses.tsv").pivot(index="sample_id", columns="drug_id", values="response")
    wide.assign(AGE=np.arange(len(wide)) % 40 + 30).to_csv(tmp_path / "wide.tsv", sep="\t")
    drugs = pd.read_table(lines / "drugs.tsv")
    settings = {"responses": tmp_path / "wide.tsv", "drugs": tmp_path / "drugs.tsv", "folds": 0}
    drugs.to_csv(tmp_path / "drugs.tsv", sep="\t", index=False)
    with pytest.raises(InputError, match=r'wide.tsv: "AGE" .* looks like an id, age'):
        train_on(lines, tmp_path / "m.safetensors", **settings)
    pd.concat([drugs, pd.DataFrame({"drug_id": ["AGE"]})]).to_csv(tmp_path / "drugs.tsv", sep="\t", index=False)
    assert any(
        f", {wide.shape[1] + 1} drugs," in line for line in train_on(lines, tmp_path / "m.safetensors", **settings)
    )
