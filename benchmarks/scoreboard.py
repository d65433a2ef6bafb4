"""One table of all that was measured: ranks in each cohort and scheme, mean ranks, and which could be chance."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import friedmanchisquare, studentized_range

from benchmarks.cache import Cache
from benchmarks.pages import markdown_table
from benchmarks.scores import fold_scores, mean_scores
from drugresponse.errors import InputError
from drugresponse.readers import read_table

__all__ = [
    "Scoreboard",
    "add_scoreboard_options",
    "critical_difference",
    "draw_ranks",
    "entered_elsewhere",
    "make_scoreboard",
    "read_scoreboard",
    "scoreboard_page",
]

_NEEDED = ("cohort", "scheme", "learner", "rmse")
_COSTS = ("cpu_seconds", "peak_mb")
_NOT_RUN = (
    ("drevalpy, models of expression (its networks, published models)", "the cohorts have no expression in its form"),
    ("drevalpy, tuning with Ray", "learners choose on folds of their own; its models have one set of settings"),
    ("morgoth", "not tried"),
    ("LightGBM", "not tried: XGBoost stands for boosted trees"),
)
"""Tools of the field that no run of this benchmark has, and why."""


@dataclass(frozen=True, eq=False)
class Scoreboard:
    """Ranks by RMSE.

    Attributes
    ----------
    places
        A row for each cohort, scheme and learner ranked: `cohort, scheme, learner, rmse, normalised_pearson, rank,
        cpu_seconds, peak_mb`; the best has rank 1, ties the mean of theirs.
    mean_ranks
        Of the learners that all places have, ranked among themselves, by learner, the best first.
    n_places
        How many places there are.
    difference
        Mean ranks that are nearer to each other could be chance (Nemenyi, 5 %); NaN with one place or one learner.
    p_value
        Of Friedman's test that all learners are alike; NaN with fewer than two places or three learners.
    left_out
        `cohort, scheme, learner, reason` of what was not ranked, or not in the means.
    """

    places: pd.DataFrame
    mean_ranks: pd.Series
    n_places: int
    difference: float
    p_value: float
    left_out: pd.DataFrame


def read_scoreboard(cache: Cache, others: Sequence[Path], learners: Sequence[str]) -> Scoreboard:
    """Of what the cache holds and of tables of other tools."""
    tables = [mean_scores(fold_scores(cache)), *map(entered_elsewhere, others)]
    return make_scoreboard(pd.concat([table for table in tables if len(table)] or tables[:1]), learners)


def make_scoreboard(means: pd.DataFrame, learners: Sequence[str] = ()) -> Scoreboard:
    """Rank what was measured on all folds of its place.

    Parameters
    ----------
    means
        As `mean_scores` and `entered_elsewhere` give them.
    learners
        Those that take part; all when there are none.

    Raises
    ------
    InputError
        Nothing was measured.
    """
    table = means[means["learner"].isin(learners)] if learners else means
    status = table["status"].where(table["rmse"].notna() | (table["status"] != "done"), "no score")
    partly = table["n_folds"] < table["of_folds"]
    on_some = table["n_folds"].astype(str) + " of " + table["of_folds"].astype(str) + " folds"
    reason = status.where(status != "done", on_some.where(partly, ""))
    places = table[reason == ""].copy()
    if places.empty:
        raise InputError("scoreboard: nothing in the cache was measured on all its folds. Call benchmarks run first.")
    places["rank"] = places.groupby(["cohort", "scheme"])["rmse"].rank()
    left_out = [table.assign(reason=reason)[reason != ""], _not_in_the_means(places)]
    grid = places.pivot_table(index=["cohort", "scheme"], columns="learner", values="rmse")
    complete = grid.dropna(axis=1)
    ranks = complete.rank(axis=1)
    n_places, n_learners = ranks.shape
    compared = n_places > 1 and n_learners > 1
    return Scoreboard(
        places.sort_values(["cohort", "scheme", "rank"], kind="stable", ignore_index=True),
        ranks.mean().sort_values(kind="stable"),
        n_places,
        critical_difference(n_learners, n_places) if compared else float("nan"),
        float(friedmanchisquare(*complete.to_numpy().T).pvalue) if compared and n_learners > 2 else float("nan"),
        pd.concat(left_out)[["cohort", "scheme", "learner", "reason"]].reset_index(drop=True),
    )


def critical_difference(n_learners: int, n_places: int) -> float:
    """Of mean ranks, at 5 %. Source: Demsar 2006, "Statistical comparisons of classifiers over multiple data sets",
    Journal of Machine Learning Research 7:1-30."""
    quantile = float(studentized_range.ppf(0.95, n_learners, np.inf)) / 2**0.5
    return quantile * float(np.sqrt(n_learners * (n_learners + 1) / (6 * n_places)))


def entered_elsewhere(file: Path) -> pd.DataFrame:
    """Scores of other tools, a row for each cohort, scheme and learner, as `benchmarks.dreval.trial --tsv` writes them.

    Raises
    ------
    InputError
        A column is lacking.
    """
    table = read_table(file)
    lacking = [name for name in _NEEDED if name not in table.columns]
    if lacking:
        raise InputError(
            f"{file.name}: found no column {', '.join(lacking)} (expected {', '.join(_NEEDED)}). Correct the file."
        )
    numbers = [name for name in ("rmse", "normalised_pearson", *_COSTS) if name in table.columns]
    values = {name: pd.to_numeric(table[name]) for name in numbers}
    return table.assign(**values, n_folds=1, of_folds=1, status="done")


def scoreboard_page(board: Scoreboard) -> str:
    """Markdown: mean ranks, a table for each place, and what was left out, with the reason."""
    ranks = [[str(name), f"{rank:.2f}"] for name, rank in board.mean_ranks.items()]
    parts = [f"## Mean ranks by RMSE, {board.n_places} places\n", markdown_table(["", "mean rank"], ranks)]
    if np.isfinite(board.difference):
        words = f"Mean ranks nearer than {board.difference:.2f} to each other could be chance (Nemenyi's test, 5 %)"
        tested = f"; that all are alike: p = {board.p_value:.2g} (Friedman)" if np.isfinite(board.p_value) else ""
        parts.append(f"{words}{tested}.\n")
    shown = [name for name in ("rmse", "normalised_pearson", *_COSTS) if name in board.places.columns]
    for (cohort, scheme), rows in board.places.groupby(["cohort", "scheme"], sort=False):
        lines = [
            [row["learner"], f"{row['rank']:g}", *("" if pd.isna(row[name]) else f"{row[name]:.3f}" for name in shown)]
            for row in rows.to_dict("records")
        ]
        parts += [f"### {cohort}, {scheme}\n", markdown_table(["", "rank", *shown], lines)]
    lines = [
        [row["learner"], f"{row['cohort']}, {row['scheme']}", row["reason"]]
        for row in board.left_out.to_dict("records")
    ]
    lines += [[name, "all", reason] for name, reason in _NOT_RUN]
    parts += ["### Left out\n", markdown_table(["", "where", "why"], lines)]
    return "\n".join(parts)


def draw_ranks(board: Scoreboard, file: Path) -> None:
    """Demsar's figure: learners along their mean ranks; a bar joins those that the test does not tell apart."""
    from matplotlib.backends.backend_svg import FigureCanvasSVG
    from matplotlib.figure import Figure

    names, ranks = list(board.mean_ranks.index), board.mean_ranks.to_numpy()
    figure = Figure(figsize=(7, 1.2 + 0.28 * len(names)), layout="constrained")
    FigureCanvasSVG(figure)
    axes = figure.add_subplot()
    axes.plot(ranks, np.arange(len(ranks)), "o", color="black")
    axes.set_yticks(np.arange(len(names)), names)
    for place, (first, last) in enumerate(alike(ranks, board.difference)):
        axes.plot(ranks[[first, last]], np.full(2, last + 0.2 + 0.1 * (place % 3)), linewidth=3, color="grey")
    axes.invert_yaxis()
    axes.set_xlabel(f"mean rank by RMSE over {board.n_places} places; critical difference {board.difference:.2f}")
    figure.savefig(file)


def alike(ranks: NDArray[np.float64], difference: float) -> list[tuple[int, int]]:
    """The longest runs of ascending ranks that lie within the difference, by first and last number."""
    ends = [int(np.flatnonzero(ranks - rank <= difference).max(initial=at)) for at, rank in enumerate(ranks)]
    return [(at, end) for at, end in enumerate(ends) if end > at and (at == 0 or end > ends[at - 1])]


def add_scoreboard_options(parser: argparse.ArgumentParser) -> None:
    """What the command takes beside the cache."""
    parser.add_argument("--learners", nargs="+", default=[], help="that take part; all measured when left out")
    parser.add_argument(
        "--others", nargs="+", type=Path, default=[], help="tables of other tools, as benchmarks.dreval.trial --tsv has"
    )
    parser.add_argument("--figure", type=Path, help="draw the mean ranks, as SVG")


def _not_in_the_means(places: pd.DataFrame) -> pd.DataFrame:
    """A row for each place that a ranked learner lacks."""
    every = places[["cohort", "scheme"]].drop_duplicates().merge(places[["learner"]].drop_duplicates(), how="cross")
    beside = every.merge(places[["cohort", "scheme", "learner", "rank"]], how="left")
    return beside[beside["rank"].isna()].assign(reason="not in the mean ranks: not measured here")
