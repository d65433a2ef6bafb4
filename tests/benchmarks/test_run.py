"""Measured once, kept, scored and compared."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.__main__ import main
from benchmarks.cache import NAIVE, Cache
from benchmarks.cohorts import read_cohort
from benchmarks.compare import compare_with
from benchmarks.folds import folds_of
from benchmarks.pages import scores_page
from benchmarks.references import FactorKernelRidge, Reference
from benchmarks.run import Plan, affordable_folds, run
from benchmarks.scores import fold_scores, mean_scores
from benchmarks.unit import measure, run_unit
from drugresponse.data.metrics import score
from drugresponse.errors import InputError
from tests.benchmarks.cohort_folder import write_cohort

RIDGE = "ridge per drug"


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data") / "made"
    write_cohort(folder)
    return read_cohort(folder)


@pytest.fixture
def cache(tmp_path):
    return Cache(tmp_path / "cache")


def measure_all(cache, cohort, learners=(RIDGE,), scheme="new-samples", n_folds=2):
    folds = folds_of(cohort, scheme, n_folds)
    return [measure(cache, fold, name, 1) for name in (NAIVE, *learners) for fold in folds]


def plant(cache, record, predictions):
    """A learner whose predictions are known."""
    cache.keep(record, {record.learner: predictions})


def test_cache__git_ignores_it(cache):
    assert (cache.folder / ".gitignore").read_text() == "*\n"


def test_run__measures_in_another_process_and_only_once(cohort, tmp_path, capsys):
    plan = Plan((cohort.folder,), ("new-samples",), (RIDGE,), folds=2, only_folds=(1,))
    cache = Cache(tmp_path / "cache")
    assert run(plan, cache) == 0
    assert [line.split(":")[0] for line in capsys.readouterr().err.splitlines()] == [
        "made new-samples 0-1 naive",
        f"made new-samples 0-1 {RIDGE}",
    ]
    record = next(each for each in cache.records() if each.learner == RIDGE)
    assert record.status == "done"
    assert record.peak_mb > 50
    assert run(plan, cache) == 0
    assert capsys.readouterr().err == ""


def test_run__a_failure_is_recorded_once_and_tried_again_when_asked(cohort, tmp_path, capsys):
    cache = Cache(tmp_path / "cache")
    plan = Plan((cohort.folder,), ("new-samples",), (RIDGE,), folds=2, minutes=0.001)
    assert run(plan, cache) == 2
    first = capsys.readouterr().err
    assert first.count("more than 0.001 min") == 2
    assert run(plan, cache) == 2
    assert capsys.readouterr().err == ""
    assert run(replace(plan, again=True), cache) == 2
    assert capsys.readouterr().err.count("more than 0.001 min") == 2
    assert mean_scores(fold_scores(cache))["status"].tolist() == ["more than 0.001 min"] * 2


def test_run__what_went_wrong_is_shown_and_its_kind_is_kept(tmp_path, capsys):
    write_cohort(tmp_path / "made")
    cohort, cache = read_cohort(tmp_path / "made"), Cache(tmp_path / "cache")
    fold = folds_of(cohort, "new-samples", 2)[0]
    (tmp_path / "made" / "responses.tsv").unlink()
    record = run_unit(cache, fold, RIDGE, folds=2, threads=1, minutes=1)
    assert record.status == "failed: drugresponse.errors.InputError"
    assert "responses.tsv" in capsys.readouterr().err


def test_affordable_folds__the_first_alone_with_many_rows(cohort):
    folds = folds_of(cohort, "new-samples", 3)
    most = max(len(fold.train) for fold in folds)
    slow, quick = (Reference("made", FactorKernelRidge, most_rows=limit) for limit in (most - 1, most))
    assert affordable_folds(slow, folds) == folds[:1]
    assert affordable_folds(quick, folds) == folds


def test_run__unknown_learner(cohort, cache):
    with pytest.raises(InputError, match='--learners: "rigde" is unknown'):
        run(Plan((cohort.folder,), (), ("rigde",)), cache)


def test_find__only_what_the_same_code_made_of_the_same_data(cohort, cache):
    record = measure_all(cache, cohort)[-1]
    fold = folds_of(cohort, "new-samples", 2)[1]
    assert cache.find(fold, RIDGE) == record
    cache.keep(replace(record, code="older"), {})
    assert cache.find(fold, RIDGE) is None
    cache.keep(replace(record, data="other"), {})
    assert cache.find(fold, RIDGE) is None


def test_find__seconds_and_memory_survive_the_file(cohort, cache):
    measure_all(cache, cohort)
    stored = json.loads(next(cache.folder.glob("*/*/0-0/ridge_per_drug.json")).read_text())
    assert min(stored["fit_seconds"], stored["predict_seconds"], stored["cpu_seconds"]) > 0


def test_fold_scores__are_those_of_the_package(cohort, cache):
    record = measure_all(cache, cohort)[-2]
    table = fold_scores(cache).set_index(["learner", "fold"])
    rows, naive = cache.rows(record), cache.predictions(replace(record, learner=NAIVE))
    expected = score(rows.measured, cache.predictions(record)[RIDGE], naive["drug mean"], naive)
    found = table.loc[(RIDGE, 0)]
    for name in ("rmse", "normalised_pearson", "skill", "spearman"):
        assert found[name] == pytest.approx(expected[name])
    assert {"drug mean", "tissue-drug mean"} <= set(table.index.get_level_values("learner"))


def test_fold_scores__say_when_code_has_changed(cohort, cache):
    record = measure_all(cache, cohort)[-1]
    cache.keep(replace(record, code="older"), cache.predictions(record))
    table = mean_scores(fold_scores(cache)).set_index("learner")
    assert table.loc[RIDGE, "stale"]
    assert not table.loc["drug mean", "stale"]
    assert f"{RIDGE} (older code)" in scores_page(table.reset_index())


def test_fold_scores__rows_of_older_data_are_left_out(cohort, cache):
    record = measure_all(cache, cohort)[-1]
    cache.keep(replace(record, data="older"), cache.predictions(record))
    assert (fold_scores(cache)["learner"] == RIDGE).sum() == 1


def test_scores_page__marks_learners_on_some_folds(cohort, cache):
    measure_all(cache, cohort, learners=())
    measure(cache, folds_of(cohort, "new-samples", 2)[0], RIDGE, 1)
    page = scores_page(mean_scores(fold_scores(cache)))
    assert f"| {RIDGE} (1 of 2 folds) |" in page
    assert "| drug mean |" in page


def test_compare_with__verdicts_of_planted_predictions(cohort, cache):
    records = measure_all(cache, cohort)
    rng = np.random.default_rng(0)
    for record in records[-2:]:
        measured = cache.rows(record).measured
        noise = rng.normal(size=len(measured))
        for name, size in (("auto", 0.5), ("ridge", 0.2), ("neural", 0.5), ("covariates", 1.5)):
            plant(cache, replace(record, learner=name), measured + size * noise)
    table = compare_with(cache, "auto", n_draws=200).set_index(["other", "score"])
    assert table["n_folds"].eq(2).all()
    for name in ("normalised_pearson", "rmse"):
        verdicts = {other: table.loc[(other, name), "verdict"] for other in ("ridge", "neural", "covariates")}
        assert verdicts == {"ridge": "worse", "neural": "even", "covariates": "better"}
    assert (table["lower"] <= table["gain"]).all()
    assert (table["gain"] <= table["upper"]).all()
    same = table.loc["neural"]
    assert same[["gain", "lower", "upper"]].to_numpy().tolist() == [[0, 0, 0], [0, 0, 0]]
    assert table.loc[("drug mean", "normalised_pearson"), "other_value"] == 0


def test_compare_with__a_deficit_within_noise_is_named(cohort, cache):
    records = measure_all(cache, cohort)
    rng = np.random.default_rng(3)
    for record in records[-2:]:
        rows = cache.rows(record)
        for name in ("auto", "ridge"):
            plant(cache, replace(record, learner=name), rows.measured + rng.normal(size=len(rows.measured)))
    table = pd.concat(
        compare_with(cache, *pair, n_draws=200) for pair in (("auto", ["ridge"]), ("ridge", ["auto"]))
    ).set_index("score")
    gains = table.loc["rmse", "gain"].to_numpy() / table.loc["rmse", "other_value"].to_numpy()
    verdicts = table.loc["rmse", "verdict"].tolist()
    assert abs(gains).min() > 0.01
    assert sorted(verdicts) == ["deficit", "even"]


def test_compare_with__nothing_measured(cohort, cache):
    measure_all(cache, cohort)
    with pytest.raises(InputError, match='nothing to compare "auto" with'):
        compare_with(cache, "auto")


def test_compare_with__repeats_of_new_drugs(cohort, cache):
    for record in measure_all(cache, cohort, learners=(), scheme="new-drugs"):
        plant(cache, replace(record, learner="auto"), cache.rows(record).measured)
    table = compare_with(cache, "auto", ["sample mean"], n_draws=100).set_index("score")
    assert table["n_folds"].tolist() == [6, 6]
    assert table["verdict"].tolist() == ["better", "better"]
    assert table.loc["normalised_pearson", "gain"] == pytest.approx(1)


def test_main__table_into_a_page_with_marks(cohort, cache, tmp_path, capsys):
    measure_all(cache, cohort)
    page, table = tmp_path / "page.md", tmp_path / "table.tsv"
    page.write_text("before\n<!-- benchmarks -->\nstale words\n<!-- /benchmarks -->\nafter\n")
    words = ["table", "--cache", str(cache.folder), "--markdown", str(page), "--tsv", str(table), "--by-fold"]
    assert main(words) == 0
    text = page.read_text()
    assert capsys.readouterr().out in text
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "stale words" not in text
    assert set(pd.read_csv(table, sep="\t")["fold"]) == {0, 1}


def test_main__compares_with_references_and_ends_with_1_when_worse(cohort, cache, capsys):
    records = measure_all(cache, cohort)
    for record in records[-2:]:
        for name, shift in (("auto", 3.0), ("ridge", 0.0)):
            plant(cache, replace(record, learner=name), cache.rows(record).measured + shift)
    assert main(["compare", "--cache", str(cache.folder), "--against", "references", "--draws", "50"]) == 1
    page = capsys.readouterr().out
    assert "| tissue-drug mean | 2 | RMSE |" in page
    assert f"| {RIDGE} | 2 | RMSE |" in page
    assert "| ridge |" not in page
    assert main(["compare", "--cache", str(cache.folder), "--learner", "ridge", "--draws", "50"]) == 0


def test_main__an_error_is_one_line(tmp_path, capsys):
    assert main(["--data", str(tmp_path), "--cache", str(tmp_path / "cache")]) == 2
    assert capsys.readouterr().err.startswith(f"error: --data {tmp_path}: found no cohort")


def test_compare_with__draws_that_leave_out_every_shared_fold(cohort, cache):
    record, *_ = measure_all(cache, cohort, learners=(), scheme="new-tissues", n_folds=6)
    plant(cache, replace(record, learner="auto"), cache.rows(record).measured)
    table = compare_with(cache, "auto", ["drug mean"], n_draws=100)
    assert table["n_folds"].tolist() == [1, 1]
    assert table["verdict"].tolist() == ["better", "better"]
