"""The benchmark of small problems: a row for each work, as multiples of the same run's XGBoost."""

from __future__ import annotations

from benchmarks import small_problems


def test_lines__fit_and_explanation_beside_boosted_trees(monkeypatch):
    monkeypatch.setattr(small_problems, "_SHAPES", ((60, 5, 1),))
    monkeypatch.setattr(small_problems, "_EXPLAINED", (60, 5, 2))
    head, fit, explained = small_problems.small_problem_lines(["ridge"])
    assert head.count("|") == 10
    assert fit.startswith("| 60 x 5 x 1 | ridge |")
    assert explained.startswith("| 60 x 5 x 2 | explain, ridge |")
    assert all(float(cell) >= 0 for line in (fit, explained) for cell in line.split("|")[3:5])
