"""The command measures a cohort folder once, and writes its table between marks."""

from __future__ import annotations

import pandas as pd
import pytest

from benchmarks.__main__ import main
from drugresponse.simulation.cohort import simulate_cohort


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data" / "tcga_laml"
    (folder / "splits").mkdir(parents=True)
    cohort = simulate_cohort(n_samples=80, n_drugs=1, n_features=20, outcome="time-to-event")
    calls = pd.DataFrame(cohort.genotypes.dense(), columns=cohort.genotypes.features.index)
    calls.insert(0, "sample_id", cohort.genotypes.sample_ids)
    calls.to_parquet(folder / "genotypes.parquet")
    table = cohort.responses.table
    times = pd.DataFrame(
        {"sample_id": table["sample_id"], "time": table["response"], "event": table["happened"].astype(int)}
    )
    times.to_csv(folder / "responses.tsv", sep="\t", index=False)
    cohort.samples.reset_index().to_csv(folder / "samples.tsv", sep="\t", index=False)
    folds = pd.DataFrame({"sample_id": cohort.samples.index, "fold": [i % 3 for i in range(80)]})
    folds.to_csv(folder / "splits" / "new_samples.tsv.gz", sep="\t", index=False)
    return tmp_path / "data"


def test_outcomes__is_measured_once_and_stands_between_its_marks(data, tmp_path, capsys):
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- outcomes -->\nold\n<!-- /outcomes -->\nafter\n", encoding="utf-8")
    arguments = ["outcomes", "--questions", "laml", "--learners", "ridge", "--data", str(data)]
    arguments += ["--cache", str(tmp_path / "cache"), "--markdown", str(page)]
    assert main(arguments) == 0
    first = capsys.readouterr()
    assert [line.split(",")[0] for line in first.err.splitlines() if line.startswith("laml")] == [
        "laml: Nelson-Aalen",
        "laml: Cox ridge",
        "laml: XGBoost Cox",
        "laml: ridge",
    ]
    assert main(arguments) == 0
    assert capsys.readouterr() == (first.out, "")
    text = page.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "\nold\n" not in text
    assert "| Cox ridge |" in text
    assert "- ridge: Harrell's C " in text


def test_outcomes__unknown_question_is_one_line(data, capsys):
    assert main(["outcomes", "--questions", "lamls", "--data", str(data)]) == 2
    assert 'error: --questions: "lamls" is unknown' in capsys.readouterr().err
