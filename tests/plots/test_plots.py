"""Every plot: whole, legible, the same bytes each time, and no state left behind."""

from __future__ import annotations

import itertools
import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.text import Text

from drugresponse import InputError, load_model, plots
from drugresponse.plots.palettes import DARK, LIGHT
from drugresponse.report.pictures import BESIDE
from tests.plots.results import GIVEN, draw, evaluation, explanation, overview, predictions

HEIGHT = 4.4


def drawn(name: str, *, dark: bool = False, width: float = 4.2):
    """A figure of a plot, laid out."""
    with plots.style(dark=dark):
        height = 6.5 if name == "heat_map" else HEIGHT
        figure, ax = plots.figure(height=height, width=width)
        assert draw(name, ax) is ax
    figure.draw_without_rendering()
    return figure


def words_of(figure):
    """Texts that are seen, with their places in pixels."""
    beyond = []
    for ax in [*figure.axes, *(child for each in figure.axes for child in each.child_axes)]:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            beyond += [tick.label1 for tick in axis.get_major_ticks() if not low <= tick.get_loc() <= high]
    seen = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [(text.get_text(), text.get_window_extent()) for text in seen if text not in beyond]


def test_every_plot__is_tested() -> None:
    others = {"Palette", "figure", "png", "style", "svg"}
    assert set(plots.__all__) - others == set(GIVEN)


@pytest.mark.parametrize("name", GIVEN)
def test_plot__legible_and_same_bytes(name: str) -> None:
    before, opened_before = dict(mpl.rcParams), plt.get_fignums()
    figure = drawn(name)
    written = plots.svg(figure, title=f"A plot, {name}")
    assert written == plots.svg(drawn(name), title=f"A plot, {name}")
    assert not re.search(r"\d{4}-\d\d-\d\dT|metadata|Matplotlib|<image", written)
    root = ElementTree.fromstring(written)
    ids = re.findall(r' id="([^"]*)"', written)
    assert len(ids) == len(set(ids)) and set(re.findall(r'href="#([^"]*)"', written)) <= set(ids)
    texts = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert figure.axes[0].get_xlabel() in texts or not figure.axes[0].get_xlabel()
    assert dict(mpl.rcParams) == before
    assert plt.get_fignums() == opened_before


WIDTHS = [(name, dark, width) for name in GIVEN for dark, width in ((False, 4.2), (True, 7.0))]
NARROW = [(name, False, BESIDE) for name in ("calibration", "carriers", "curve", "predicted", "roc", "volcano")]


@pytest.mark.parametrize(("name", "dark", "width"), WIDTHS + NARROW)
def test_plot__words_neither_cut_off_nor_over_one_another(name: str, dark: bool, width: float) -> None:
    figure = drawn(name, dark=dark, width=width)
    words, whole = words_of(figure), figure.bbox
    for text, box in words:
        inside = box.x0 > -2 and box.y0 > -2 and box.x1 < whole.width + 2 and box.y1 < whole.height + 2
        assert inside, f"{text} is cut off"
    for (one, a), (other, b) in itertools.combinations(words, 2):
        across, up = min(a.x1, b.x1) - max(a.x0, b.x0), min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across < 1 or up < 2.5, f"{one} and {other} overlap"
    assert mpl.colors.to_hex(figure.get_facecolor()) == (DARK if dark else LIGHT).paper


@pytest.mark.parametrize("name", GIVEN)
def test_plot__of_something_else__names_what_fits(name: str) -> None:
    with pytest.raises(InputError, match=rf"plots.{name}: found int \(expected .+\)\. Give what .+ returns\."):
        getattr(plots, name)(3)


def test_svg__live__colours_are_those_of_the_page() -> None:
    written = plots.svg(drawn("skill"), live=True)
    assert "var(--model, #1f6fb5)" in written and "var(--ink, #1c2430)" in written
    assert not re.search("#[0-9a-f]{6}", re.sub(r'href="#[^"]*"|url\(#[^)]*\)| id="[^"]*"|var\([^)]*\)', "", written))


def test_svg__without_its_style_is_no_black_area() -> None:
    bare = re.sub(r' style="[^"]*"', "", plots.svg(drawn("skill")))
    assert re.match(r'<svg [^>]*fill="none" stroke="gray">', bare) and 'fill="#' not in bare


def test_png__has_its_resolution_and_the_ground_it_was_drawn_on() -> None:
    written = plots.png(drawn("permutation", dark=True), dpi=100)
    pixels = mpl.image.imread(__import__("io").BytesIO(written))
    assert pixels.shape[:2] == (440, 420)
    assert mpl.colors.to_hex(pixels[0, 0]) == "#14181d"


def test_words_of_users__stay_letters() -> None:
    table = predictions().assign(sample_id="$a_1$ <b>&\x00\nend")
    figure, ax = plots.figure(height=5.0)
    plots.ranked_drugs(table, ax=ax, n_drugs=3, drugs={"D001": "$\\frac$", "D002": "薬"})
    root = ElementTree.fromstring(plots.svg(figure, title="<x>&\x00"))
    texts = ["".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "$a_1$ <b>&\N{REPLACEMENT CHARACTER} end" in texts


def test_skill__learners_before_naive_predictions_and_hopeless_ones_as_arrows() -> None:
    _, ax = plots.figure()
    plots.skill(evaluation(), ax)
    names = [label.get_text() for label in ax.get_yticklabels()]
    assert names[0] == "ridge" and names.index("covariates") < names.index("drug mean")
    assert ax.get_xlim()[0] > -1.28 and any(line.get_marker() == "<" for line in ax.lines)
    table = evaluation().metrics
    row = table[(table.learner == "ridge") & (table.metric == "skill") & (table.level == "global")]
    wanted = float(row.loc[row.fold.astype(str) == "all", "value"].iloc[0])
    dots = [float(line.get_xdata()[0]) for line in ax.lines if line.get_marker() == "o"]
    assert dots[0] == pytest.approx(wanted)


def test_waterfall__ends_at_the_prediction() -> None:
    reasons = explanation().reasons
    sample, drug = reasons["sample_id"].iloc[0], reasons["drug_id"].iloc[-1]
    _, ax = plots.figure()
    plots.waterfall(reasons, sample, drug, ax, n_features=2)
    ends = next(line.get_xdata() for line in ax.lines if line.get_marker() == "D")
    wanted = reasons.loc[(reasons.sample_id == sample) & (reasons.drug_id == drug), "prediction"].iloc[0]
    assert ends[-1] == pytest.approx(wanted)


def test_heat_map__blank_where_nothing_is_predicted() -> None:
    table = predictions().copy()
    table.loc[0, "prediction"] = np.nan
    counts = []
    for each in (predictions(), table):
        _, ax = plots.figure(height=6.0)
        plots.heat_map(each, ax)
        counts.append(sum(len(patch.get_path().codes) for patch in ax.patches) // 5)
    assert counts == [len(table), len(table) - 1]


def test_style__what_pyplot_switches_on_meanwhile_stays_on() -> None:
    """In a notebook it is what makes figures appear, and the first plot is often what loads pyplot."""
    try:
        with pytest.raises(KeyError), plots.style():
            mpl.interactive(True)
            raise KeyError
        assert mpl.is_interactive()
    finally:
        mpl.interactive(False)
    with plots.style():
        pass
    assert not mpl.is_interactive()


def test_components__groups_may_be_categories_of_some_samples() -> None:
    """As in the `obs` of AnnData."""
    ids = overview().components.scores.index[:-5]
    groups = pd.Series(pd.Categorical(["EUR", "AFR"] * 50)[: len(ids)], index=ids)
    figure, ax = plots.figure()
    plots.components(overview(), ax, groups=groups)
    words = " ".join(text for text, _ in words_of(figure))
    assert "EUR" in words and "AFR" in words


def test_names__of_unknown_ids__are_suggested() -> None:
    with pytest.raises(InputError, match=r"plots\.volcano, `drug_id`: found no row of d001"):
        plots.volcano(explanation(), "d001")
    with pytest.raises(InputError, match="found no column baseline"):
        plots.heat_map(pd.DataFrame({"sample_id": ["a"], "drug_id": ["b"], "prediction": [1.0]}))


def test_palettes__contrast_and_colour_blindness() -> None:
    for palette in (LIGHT, DARK):
        for name, colour in palette.by_name().items():
            least = {"ink": 7.0, "quiet": 4.5, "paper": 0.0, "card": 0.0, "rule": 0.0}.get(name, 3.0)
            assert contrast(colour, palette.paper) >= least, name
        for seen in SEEN:
            apart = [
                float(np.linalg.norm(lab(seen @ linear(one)) - lab(seen @ linear(other))))
                for one, other in itertools.combinations(palette.groups, 2)
            ]
            assert min(apart) > 11.0


SEEN = [
    np.eye(3),
    np.array([[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]]),
    np.array([[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]]),
    np.array([[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]]),
]
"""What is seen of linear RGB without a kind of cone: Machado, Oliveira, Fernandes 2009, severity 1."""


def linear(colour: str) -> np.ndarray:
    share = np.array(mpl.colors.to_rgb(colour))
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    """CIE L*a*b* of linear RGB, with cube roots throughout."""
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    x, y, z = np.cbrt(to_xyz @ np.clip(light, 0, 1) / [0.9505, 1.0, 1.089])
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(linear(each) @ [0.2126, 0.7152, 0.0722]) for each in (one, other))
    return (high + 0.05) / (low + 0.05)


def test_plots__without_a_home_or_a_display__say_nothing(tmp_path) -> None:
    program = (
        "import sys, drugresponse as dr; dr.plots; assert 'matplotlib' not in sys.modules\n"
        "f, ax = dr.plots.figure(); ax.set_title('\\u85ac'); ax.text(0, 0, 'a'); dr.plots.png(f); dr.plots.svg(f)\n"
        "assert 'matplotlib.pyplot' not in sys.modules\n"
    )
    blocked = tmp_path / "file"
    blocked.touch()
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={"HOME": str(blocked / "none"), "PATH": "/usr/bin:/bin", "PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_gallery__every_plot_with_its_line_and_its_picture() -> None:
    docs = Path(__file__).parents[2] / "docs"
    page = (docs / "plots.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```python\n(.*?)```(?:\n\n!\[[^\]]+\]\((plots/[^)]+)\))?", page, re.DOTALL)
    pictures = {picture for _, picture in blocks if picture}
    assert pictures == {f"plots/{path.name}" for path in (docs / "plots").glob("*.png")}
    assert sum((docs / picture).stat().st_size for picture in pictures) < 1_000_000
    called = set()
    for code, picture in blocks:
        compile(code, "plots.md", "exec")
        called |= set(re.findall(r"dr\.plots\.(\w+)\(", code)) if picture else set()
    assert set(GIVEN) <= called


def test_pilots__of_a_model_from_its_file_are_those_of_the_model(tmp_path: Path) -> None:
    fitted = GIVEN["pilots"]()
    fitted.save(tmp_path / "model.safetensors")
    written = []
    for model in (fitted, load_model(tmp_path / "model.safetensors")):
        figure, ax = plots.figure()
        plots.pilots(model, ax=ax)
        written.append(plots.svg(figure, title="pilots"))
    assert written[0] == written[1]


def test_pilots__the_line_of_the_corrected_predictions_is_the_lower_one() -> None:
    trials = [{"pilots": n, "rmse_after": 1.0 - n / 10, "rmse_before": 1.0} for n in (1, 3)]
    _, ax = plots.figure()
    plots.pilots({"adaptation": {"tried": trials}}, ax)
    lines = {line.get_label(): line.get_ydata() for line in ax.get_lines()}
    assert (lines["corrected by pilots"] < lines["the model alone"]).all()


def test_pilots__of_responses_that_are_told_to_the_last_digit() -> None:
    _, ax = plots.figure()
    plots.pilots({"adaptation": {"tried": [{"pilots": 1, "rmse_before": 0.0, "rmse_after": 0.0}]}}, ax)
