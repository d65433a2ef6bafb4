"""Ranks of what was measured, what of them could be chance, and what was left out."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.__main__ import main
from benchmarks.scoreboard import alike, critical_difference, draw_ranks, make_scoreboard, scoreboard_page
from drugresponse.errors import InputError


def measured(rows):
    """Means as `mean_scores` gives them, of `(cohort, learner, rmse)`."""
    table = pd.DataFrame(rows, columns=["cohort", "learner", "rmse"])
    filled = {"scheme": "new-samples", "n_folds": 5, "of_folds": 5, "status": "done", "normalised_pearson": 0.5}
    return table.assign(**filled, cpu_seconds=2.0, peak_mb=300.0)


@pytest.fixture
def means():
    """The first learner is best twice; two are tied once; one lacks folds, one two places, and one a result."""
    rows = [("x", "a", 1.0), ("x", "b", 2.0), ("x", "c", 3.0), ("x", "d", 0.5)]
    rows += [("y", "a", 1.0), ("y", "b", 2.0), ("y", "c", 2.0), ("y", "e", 0.1)]
    rows += [("z", "a", 1.5), ("z", "b", 1.0), ("z", "c", 3.0), ("z", "f", np.nan)]
    table = measured(rows)
    table.loc[table["learner"] == "d", "n_folds"] = 1
    table.loc[table["learner"] == "f", "status"] = "more than 30 min"
    return table


def test_critical_difference__is_that_of_the_published_example():
    # Demsar 2006, section 3.2.2: 4 classifiers on 14 data sets, q = 2.569
    assert critical_difference(4, 14) == pytest.approx(2.569 * np.sqrt(4 * 5 / (6 * 14)), rel=1e-3)


def test_make_scoreboard__ranks_among_what_every_place_has(means):
    board = make_scoreboard(means)
    assert board.mean_ranks.to_dict() == pytest.approx({"a": 4 / 3, "b": 5.5 / 3, "c": 8.5 / 3})
    assert board.n_places == 3
    assert board.difference == pytest.approx(critical_difference(3, 3))
    assert 0.05 < board.p_value < 0.5
    # within its place, a learner that others lack is ranked too
    assert board.places[board.places["cohort"] == "y"]["learner"].tolist() == ["e", "a", "b", "c"]
    assert board.places[board.places["cohort"] == "y"]["rank"].tolist() == [1, 2, 3.5, 3.5]


def test_make_scoreboard__tells_what_was_left_out_and_why(means):
    left_out = make_scoreboard(means).left_out
    reasons = {(row.cohort, row.learner): row.reason for row in left_out.itertuples()}
    lacking = "not in the mean ranks: not measured here"
    assert reasons == {
        ("x", "d"): "1 of 5 folds",
        ("z", "f"): "more than 30 min",
        ("x", "e"): lacking,
        ("z", "e"): lacking,
    }
    page = scoreboard_page(make_scoreboard(means))
    assert "| d | x, new-samples | 1 of 5 folds |" in page
    assert "| morgoth | all | not tried |" in page
    assert "| a | 2 | 1.000 | 0.500 | 2.000 | 300.000 |" in page


def test_make_scoreboard__of_named_learners_alone(means):
    board = make_scoreboard(means, ["b", "c", "d"])
    assert board.mean_ranks.to_dict() == pytest.approx({"b": 3.5 / 3, "c": 5.5 / 3})
    assert np.isnan(board.p_value)
    assert set(board.left_out["learner"]) == {"d"}


def test_make_scoreboard__one_place_has_ranks_and_no_test(means):
    board = make_scoreboard(means[means["cohort"] == "x"])
    assert board.mean_ranks.to_dict() == {"a": 1, "b": 2, "c": 3}
    assert np.isnan(board.difference)
    assert "could be chance" not in scoreboard_page(board)
    with pytest.raises(InputError, match=r"^scoreboard: nothing in the cache"):
        make_scoreboard(means[means["learner"] == "d"])


def test_alike__joins_the_longest_runs():
    ranks = np.array([1.0, 1.5, 2.2, 4.0, 4.1])
    assert alike(ranks, 1.0) == [(0, 1), (1, 2), (3, 4)]
    assert alike(ranks, 1.25) == [(0, 2), (3, 4)]
    assert alike(ranks, float("nan")) == []


def test_draw_ranks__writes_a_figure_that_names_the_learners(means, tmp_path):
    board = make_scoreboard(means.replace({"learner": {"a": "first learner"}}))
    draw_ranks(board, tmp_path / "ranks.svg")
    text = (tmp_path / "ranks.svg").read_text()
    assert "<svg" in text
    assert "first learner" in text


def test_main__other_tools_stand_beside_the_cache(tmp_path, capsys):
    rows = [("x", "theirs", 1.25), ("x", "ours", 1.0), ("y", "theirs", 1.5), ("y", "ours", 1.0)]
    table = pd.DataFrame(rows, columns=["cohort", "learner", "rmse"]).assign(scheme="LCO", normalised_pearson=0.25)
    table.to_csv(tmp_path / "others.tsv", sep="\t", index=False)
    words = ["scoreboard", "--cache", str(tmp_path / "cache"), "--others", str(tmp_path / "others.tsv")]
    assert main([*words, "--figure", str(tmp_path / "ranks.svg"), "--tsv", str(tmp_path / "ranks.tsv")]) == 0
    page = capsys.readouterr().out
    assert "| ours | 1.00 |\n| theirs | 2.00 |" in page
    assert "| theirs | 2 | 1.250 | 0.250 |" in page
    assert (tmp_path / "ranks.svg").is_file()
    assert pd.read_csv(tmp_path / "ranks.tsv", sep="\t")["rank"].tolist() == [1, 2, 1, 2]
    table.drop(columns="scheme").to_csv(tmp_path / "others.tsv", sep="\t", index=False)
    assert main(words) == 2
    assert "others.tsv: found no column scheme" in capsys.readouterr().err
