"""Volcano, carriers and columns: what stands where, of made results with a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from drugresponse import plots
from drugresponse.association.associations import Associations
from drugresponse.plots.genotypes import colour_groups
from tests.plots.results import explanation, fits, overview


def associations_of(n: int, **changes: object) -> Associations:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"drug_id": "d", "feature_id": [f"g{i}" for i in range(n)], "effect": rng.normal(size=n)})
    table = table.assign(p=rng.uniform(size=n), q=1.0).assign(**changes)
    return Associations(table, pd.DataFrame(), (), n)


def drawn(associations: Associations):
    figure, ax = plots.figure(height=3.6)
    plots.volcano(associations, ax=ax)
    figure.draw_without_rendering()
    return figure, ax


def test_volcano__names_what_was_found_and_nothing_else() -> None:
    associations = associations_of(50)
    associations.table.loc[7, ["effect", "p", "q"]] = [-3.0, 1e-12, 1e-9]
    _, ax = drawn(associations)
    assert [text.get_text() for text in ax.texts] == ["g7"]
    others, found = (line.get_xydata() for line in ax.lines if line.get_marker() == "o")
    assert found.tolist() == [[-3.0, pytest.approx(12.0)]]
    assert len(others) == 49


def test_volcano__labels_cover_neither_each_other_nor_the_frame() -> None:
    close = {"p": 1e-9 * (1 + np.arange(12) / 1e4), "q": 1e-6, "effect": np.linspace(-0.1, 0.1, 12)}
    figure, ax = drawn(associations_of(12, **close))
    boxes = [Text.get_window_extent(text) for text in ax.texts]
    assert len(boxes) == 5
    assert not any(a.overlaps(b) for i, a in enumerate(boxes) for b in boxes[:i])
    assert all(figure.bbox.x0 <= box.x0 and box.y1 <= figure.bbox.y1 and box.y0 > ax.bbox.y0 for box in boxes)


def test_volcano__the_line_stands_between_what_was_found_and_what_was_not() -> None:
    _, ax = drawn(associations_of(3, p=[1e-8, 1e-6, 1e-2], q=[0.01, 0.04, 0.5]))
    (line,) = (line for line in ax.lines if line.get_linestyle() == "--" and line.get_ydata()[0] > 0)
    assert 2.0 < line.get_ydata()[0] < 6.0


def test_volcano__of_many_features_stays_small() -> None:
    figure, _ = drawn(associations_of(20_000))
    assert len(plots.svg(figure)) < 80_000


def test_volcano__of_p_0_and_one_feature() -> None:
    figure, _ = drawn(associations_of(1, effect=0.0, p=0.0, q=0.0, feature_id="<b>"))
    written = plots.svg(figure)
    assert "&lt;b&gt;" in written and "nan" not in written


def test_carriers__medians_stand_where_they_lie() -> None:
    _, ax = plots.figure()
    plots.carriers(explanation(), ax=ax)
    rows = explanation().rows
    drug, feature = explanation().associations.table.sort_values(["p", "drug_id", "feature_id"]).iloc[0][:2]
    at = rows.pairs.drug_ids == drug
    column = rows.pairs.genotypes.dense()[:, rows.pairs.genotypes.features.index.get_loc(feature)]
    bears = column[rows.pairs.sample_index[at]] == 1
    medians = [float(np.median(rows.y[at][~bears])), float(np.median(rows.y[at][bears]))]
    drawn = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "None"]
    assert drawn == pytest.approx(medians)


def test_curve__dots_beyond_the_frame_stand_at_its_edge() -> None:
    _, ax = plots.figure()
    plots.curve(fits(), "s2", ax=ax)
    dots = next(line.get_ydata() for line in ax.lines if line.get_marker() == "o")
    assert max(dots) == pytest.approx(1.22) and not any("IC50" in str(line.get_label()) for line in ax.lines)


def test_missingness__columns_hold_every_sample() -> None:
    _, ax = plots.figure()
    plots.missingness(overview(), ax)
    assert sum(patch.get_height() for patch in ax.patches) == 60
    assert ax.get_xlim()[1] >= overview().summary.samples["missing"].max()


def test_colour_groups__six_and_the_others() -> None:
    groups = colour_groups(pd.Series([f"g{i % 9}" for i in range(30)] + [""]))
    assert [name for name, _ in groups] == ["g0", "g1", "g2", "g3", "g4", "g5", "others"]
    assert sum(rows.sum() for _, rows in groups) == 31
