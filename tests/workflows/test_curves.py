from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from drugresponse import cli
from drugresponse.readers import read_responses
from tests.galaxy_tools import TEST_DATA
from tests.test_cli import one_line

DATA = TEST_DATA / "curves"


def run(tmp_path: Path, file: str, *words: str) -> int:
    return cli.main(["curves", f"--doses={DATA / file}", f"--responses={tmp_path}/r.tsv", *words])


def table(path: Path) -> pd.DataFrame:
    return pd.read_table(path, index_col=["sample_id", "drug_id"])


def test_curves__responses_fits_and_report(tmp_path, capsys):
    assert run(tmp_path, "doses.tsv", f"--fits={tmp_path}/f.tsv", f"--report={tmp_path}/p.html") == 0
    told = capsys.readouterr().out
    assert (
        "Fitted 36 of 36 curves: 12 samples, 3 drugs, 288 measurements, responses taken as fraction (guessed)." in told
    )
    assert '--measure auc --unit "fraction of control" --higher-means resistant' in told
    responses, fits = table(tmp_path / "r.tsv"), table(tmp_path / "f.tsv")
    assert responses.columns.tolist() == ["response", "censor"]
    assert responses["response"].tolist() == pytest.approx(fits["auc"].tolist())
    # the planted midpoints grow by 0.12 decades from sample to sample
    planted = [0.5 * 10 ** (0.12 * (i - 6)) for i in range(12)]
    assert fits.xs("usual", level=1)["ec50"].tolist() == pytest.approx(planted, rel=0.25)
    assert (tmp_path / "p.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")


def test_curves__responses_are_read_by_the_reader_of_train(tmp_path):
    assert run(tmp_path, "doses.tsv", "--measure=pic50", "-q") == 0
    limits = read_responses(tmp_path / "r.tsv")
    assert (limits.outcome.kind, limits.outcome.logarithm) == ("interval", 0)
    idle = limits.table[limits.table["drug_id"] == "idle"]
    assert np.isneginf(idle["lower"]).all() and np.isfinite(idle["upper"]).all()
    found = read_responses(tmp_path / "r.tsv", outcome="continuous").table
    assert found.groupby("drug_id")["censor"].agg(set).to_dict() == {
        "idle": {"left"},
        "potent": {"none"},
        "usual": {"none"},
    }


def test_curves__percent_nanomolar_and_replicates_say_the_same(tmp_path):
    names = ["cell line", "compound", "concentration", "viability (%)"]
    options = [
        f"--{what}-column={name}" for what, name in zip(("sample", "drug", "dose", "response"), names, strict=True)
    ]
    (tmp_path / "other").mkdir()
    assert run(tmp_path, "doses.tsv", "--measure=ln_ic50", "-q") == 0
    assert run(tmp_path / "other", "doses_percent.csv", "--measure=ln_ic50", "-q", *options) == 0
    mine, other = table(tmp_path / "r.tsv"), table(tmp_path / "other" / "r.tsv")
    assert other["response"].tolist() == pytest.approx(mine.loc[other.index, "response"].tolist(), abs=0.02)
    assert other["censor"].tolist() == mine.loc[other.index, "censor"].tolist()


def test_curves__the_top_is_fitted_when_asked_for(tmp_path):
    options = ("signal.tsv", "--response-scale=signal", "--plate-column=plate", f"--fits={tmp_path}/f.tsv", "-q")
    assert run(tmp_path, *options) == 0
    assert (table(tmp_path / "f.tsv")["top"] == 1).all()
    assert run(tmp_path, *options, "--top=fitted") == 0
    assert (table(tmp_path / "f.tsv")["top"] != 1).all()


def test_curves__misfits_are_left_out_and_told(tmp_path, capsys):
    assert run(tmp_path, "doses.tsv", "--maximum-rmse=0.015") == 0
    left = 36 - len(table(tmp_path / "r.tsv"))
    assert 0 < left < 36
    assert f"Left out of the responses for their misfit: {left}." in capsys.readouterr().out


def test_curves__what_has_too_few_doses_is_no_misfit(tmp_path, capsys):
    assert run(tmp_path, "few_doses.tsv") == 0
    told = capsys.readouterr().out
    assert "Fitted 11 of 12 curves" in told
    assert "misfit" not in told
    assert run(tmp_path, "few_doses.tsv", "--maximum-rmse=0.015") == 0
    left = 11 - len(table(tmp_path / "r.tsv"))
    assert left > 0
    assert f"for their misfit: {left}." in capsys.readouterr().out


def test_curves__different_doses_are_warned_of(tmp_path, capsys):
    assert run(tmp_path, "few_doses.tsv", "--minimum-doses=3") == 0
    assert "Tested over different doses in different samples: 1 of 3 drugs; auc is" in capsys.readouterr().err
    assert run(tmp_path, "few_doses.tsv", "--minimum-doses=3", "--measure=pic50") == 0
    assert "different doses" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("file", "words", "message"),
    [
        ("log_doses.tsv", [], "row 1: found dose -2.495 (30 are negative; expected doses on a linear scale"),
        ("single_dose.tsv", [], "found at most 1 different dose for a sample and drug (expected 4 or more)"),
        ("inhibition.tsv", [], "responses grow with the dose"),
        ("doses.tsv", ["--response-scale=percent"], "read as percent, the median viability at the lowest doses"),
        ("doses.tsv", ["--response-scale=signal"], 'found no control above 0 for "C01", "C02", "C03" and 9 more'),
        ("doses.tsv", ["--plate-column=plate"], '--plate-column: found "plate" beside --response-scale auto'),
        ("doses.tsv", ["--measure=ic50"], 'Did you mean "pic50"? Choose from: activity_area, auc, emax'),
        ("doses.tsv", ["--maximum-rmse=0"], "found no curve with an RMSE of 0.0 or less among 36"),
    ],
)
def test_curves__refused_and_nothing_written(tmp_path, capsys, file, words, message):
    assert run(tmp_path, file, f"--fits={tmp_path}/f.tsv", "-q", *words) == 2
    error = one_line(capsys.readouterr().err)
    assert error.startswith("drugresponse curves: error: ")
    assert message in error
    assert list(tmp_path.iterdir()) == []


def write_doses(tmp_path: Path, header: str, rows: list[str]) -> Path:
    path = tmp_path / "doses.tsv"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def test_curves__replicates_that_differ_are_counted(tmp_path, capsys):
    doses = [10.0**i for i in range(-3, 4)]
    rows = [f"s\td\t{dose}\t{1 / (1 + dose / middle):.4f}" for middle in (0.1, 10.0) for dose in doses]
    path = write_doses(tmp_path, "sample_id\tdrug_id\tdose\tresponse", rows)
    assert cli.main(["curves", f"--doses={path}", f"--responses={tmp_path}/r.tsv", f"--report={tmp_path}/p.html"]) == 0
    assert "Flags: replicates-differ 1." in capsys.readouterr().out
    assert "their mean may be the curve of none of them" in (tmp_path / "p.html").read_text(encoding="utf-8")


def test_curves__logarithms_are_read_when_told(tmp_path, capsys):
    rows = [f"s\td\t{i / 2}\t{1 / (1 + 10 ** (i / 2 - 2)):.4f}" for i in range(9)]
    path = write_doses(tmp_path, "sample_id\tdrug_id\tdose\tresponse", rows)
    words = ["curves", f"--doses={path}", f"--responses={tmp_path}/r.tsv", "--measure=ln_ic50"]
    assert cli.main(words) == 2
    assert "--dose-scale log10 or --dose-scale linear" in one_line(capsys.readouterr().err)
    assert cli.main([*words, "--dose-scale=log10", "--dose-unit=nM"]) == 0
    assert table(tmp_path / "r.tsv")["response"].iloc[0] == pytest.approx(math.log(0.1), abs=0.05)
