"""From files to attributions, associations and reasons, on the command line and in Python."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import drugresponse as dr
from drugresponse import cli
from tests.galaxy_tools import TEST_DATA
from tests.report.pages import EXPECTED_TAGS, Page
from tests.test_cli import one_line

LINES = TEST_DATA / "cell_lines"
TABLES = [f"--{name}={LINES / name}.tsv" for name in ("genotypes", "responses", "samples", "drugs")]
MODEL = f"--model={LINES / 'model.safetensors'}"


def run(out: Path, *words: str) -> int:
    return cli.main(["explain", MODEL, *TABLES, f"--attributions={out / 'attributions.tsv'}", "-q", *words])


def run_whole(out: Path, *more_words: str) -> Path:
    """All outputs, with two refits, two samples one by one and gene sets."""
    outputs = [f"--{name}={out / name}.tsv" for name in ("associations", "agreement", "reasons", "pathways")]
    more = ["--selected-samples=L0001,L0002", f"--gene-sets={LINES / 'gene_sets.gmt'}", f"--report={out / 'page.html'}"]
    assert run(out, "--refits=2", *outputs, *more, *more_words) == 0
    return out


@pytest.fixture(scope="module")
def explained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run_whole(tmp_path_factory.mktemp("explained"), "--threads=2")


def test_explain__finds_what_was_planted(explained):
    """The target of each drug leads its attributions or its associations."""
    truth = pd.read_table(LINES / "truth.tsv").query("mechanism_of_effect == 'targeted'")
    attributions, associations = (pd.read_table(explained / f"{n}.tsv") for n in ("attributions", "associations"))
    truth = truth[truth["drug_id"].isin(attributions["drug_id"])]
    assert len(truth) == 10
    for drug, feature in truth[["drug_id", "feature_id"]].itertuples(index=False):
        told = attributions[(attributions["drug_id"] == drug) & (attributions["feature_id"] == feature)]
        tested = associations[(associations["drug_id"] == drug) & (associations["feature_id"] == feature)]
        assert told["rank"].iloc[0] <= 10
        assert tested["rank"].iloc[0] <= 5
    assert attributions.columns[:8].tolist() == [
        *("drug_id", "feature_id", "gene", "effect", "lower", "upper", "n_carriers", "rank")
    ]


def test_reasons__add_up_to_the_prediction(explained, tmp_path):
    """Those of `predict`, from the file alone."""
    reasons = pd.read_table(explained / "reasons.tsv")
    assert reasons["sample_id"].unique().tolist() == ["L0001", "L0002"]
    sums = reasons.groupby(["sample_id", "drug_id"])["contribution"].sum()
    words = [MODEL, *(each for each in TABLES if "responses" not in each), f"--predictions={tmp_path / 'p.tsv'}", "-q"]
    assert cli.main(["predict", *words]) == 0
    predicted = pd.read_table(tmp_path / "p.tsv").set_index(["sample_id", "drug_id"])["prediction"]
    np.testing.assert_allclose(sums, predicted[sums.index], atol=1e-6)
    np.testing.assert_allclose(
        reasons["prediction"], predicted[pd.MultiIndex.from_frame(reasons[["sample_id", "drug_id"]])]
    )


def test_page__has_every_part_and_no_script(explained):
    content = (explained / "page.html").read_text(encoding="utf-8")
    page = Page(content)
    assert page.tags <= EXPECTED_TAGS
    for words in (
        "Named by the measurements and by the model",
        "Sample L0001",
        "Drug D",
        "Gene sets",
        "Annotated targets",
        "weigh more than copies without meaning",
        "none is proof of a cause",
        "How it was done",
    ):
        assert words in page.text
    assert "nan" not in page.text.lower().split()


def test_explain__is_the_same_again(explained, tmp_path):
    run_whole(tmp_path, "--threads=1")
    written = sorted(path.name for path in explained.iterdir())
    assert written == sorted(path.name for path in tmp_path.iterdir())
    assert {"attributions.tsv", "associations.tsv", "page.html"} <= {*written}
    for name in written:
        assert (tmp_path / name).read_bytes() == (explained / name).read_bytes()


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["--pathways={out}/p.tsv"], "--pathways: found no gene sets to test (expected --gene-sets)"),
        (["--reasons={out}/r.tsv"], "--reasons: found no samples to explain (expected --selected-samples)"),
        (["--selected-samples=l0001"], '--selected-samples: 1 of 1 have no genotype. For example "l0001" here'),
        (["--refits=1"], "--refits: found 1 (expected 0, or 2 or more)"),
        (["--refit-learner=rigde"], 'Did you mean "ridge"'),
    ],
)
def test_explain__tells_what_is_wrong(tmp_path, capsys, words, expected):
    assert run(tmp_path, *(each.format(out=tmp_path) for each in words)) == 2
    assert expected in one_line(capsys.readouterr().err)
    assert list(tmp_path.iterdir()) == []


def test_explain__in_python_of_new_samples_without_measurement():
    cohort = dr.simulate_cohort(n_samples=80, n_drugs=3, n_features=20)
    model = dr.DrugResponseModel("ridge", folds=0).fit(cohort.genotypes, cohort.responses, samples=cohort.samples)
    new = cohort.genotypes.sample_ids[0]
    kept = cohort.responses.table.query("sample_id != @new")
    found = dr.explain(model, cohort.genotypes, kept, samples=cohort.samples, refits=0, selected_samples=[new])
    assert found.reasons["sample_id"].unique().tolist() == [new]
    assert new not in found.rows.pairs.sample_ids
    assert found.noise is None
    assert found.attributions["stability"].isna().all()


def test_naive_model__has_nothing_to_attribute(tmp_path):
    cohort = dr.simulate_cohort(n_samples=60, n_drugs=3, n_features=20)
    model = dr.DrugResponseModel("additive-mean", folds=0).fit(cohort.genotypes, cohort.responses)
    found = dr.explain(model, cohort.genotypes, cohort.responses, refits=0)
    assert found.attributions.empty
    assert "both" not in set(found.agreement["verdict"])
    from drugresponse.report import explanation_report

    page = Page(explanation_report(found)).text
    assert "The model is naive: it uses no genotype, and nothing can be attributed to it." in page
