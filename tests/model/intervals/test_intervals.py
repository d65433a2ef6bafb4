from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError, ModelFileError
from drugresponse.model.file import read_model_file, write_model_file
from drugresponse.model.intervals.conformal import OWN_GROUPS, Shape, _scales, calibration_units, conformal_quantile
from drugresponse.model.intervals.intervals import IntervalTable, cross_conformal_bounds
from tests.learners.cohorts import made_pairs


def grid(n_samples: int, n_drugs: int, **more) -> Pairs:
    return made_pairs(np.zeros((n_samples, 1)), n_drugs, **more)


def of_rows(pairs: Pairs, rows) -> Pairs:
    return pairs[np.asarray(rows)]


def inside(table: IntervalTable, pairs: Pairs, measured, predicted) -> NDArray[np.bool_]:
    lower, upper = table.bounds(pairs, predicted)
    return (measured >= lower) & (measured <= upper)


def test_conformal_quantile__is_the_corrected_order_statistic():
    scores = np.random.default_rng(0).normal(size=99)
    assert conformal_quantile(scores, np.arange(99), 0.9) == np.sort(scores)[89]
    assert conformal_quantile(scores[:19], np.arange(19), 0.95) == scores[:19].max()
    assert conformal_quantile(scores[:18], np.arange(18), 0.95) == np.inf


def test_conformal_quantile__counts_each_group_once():
    large, small = np.full(900, 5.0), np.arange(9.0)
    scores, groups = np.concatenate([large, small]), np.concatenate([np.zeros(900), 1 + np.arange(9)])
    # ten groups: the large one is a tenth of them, not 99 % of the rows
    assert conformal_quantile(scores, groups, 0.5) == 5.0
    assert conformal_quantile(scores, groups, 0.4) == 4.0


def test_conformal_quantile__weights_share_the_mass_within_a_group_only():
    scores, groups = np.array([0.0, 1.0, 2.0, 3.0]), np.array([0, 0, 1, 1])
    assert conformal_quantile(scores, groups, 0.3, np.array([9.0, 1.0, 1.0, 1.0])) == 0.0
    assert conformal_quantile(scores, groups, 0.3, np.array([1.0, 9.0, 1.0, 1.0])) == 1.0
    assert conformal_quantile(scores, groups, 0.3, np.array([90.0, 10.0, 1.0, 1.0])) == 0.0


def test_calibration_units__are_what_is_new():
    tissues = ["lung", "skin", "lung"]
    pairs = grid(3, 2, tissues=tissues, subjects=["a", "a", "b"], smiles=["CCO", "CCO"])
    assert len(np.unique(calibration_units(pairs, "new-samples")[0])) == 2
    assert len(np.unique(calibration_units(pairs, "new-drugs")[0])) == 1
    # one subject has samples of both tissues, which joins them
    assert len(np.unique(calibration_units(pairs, "new-tissues")[0])) == 1
    assert [len(np.unique(each)) for each in calibration_units(pairs, "new-samples-and-drugs")] == [2, 1]


def test_shape__finds_errors_that_grow_and_ignores_a_constant():
    rng = np.random.default_rng(0)
    values = rng.normal(size=4000)
    found = Shape.fit(values, np.exp(values / 2), 8)
    assert (np.diff(found.factor) > 0).all()
    ratio = found.of(np.array([1.0]))[0] / found.of(np.array([-1.0]))[0]
    assert ratio == pytest.approx(np.e, rel=0.1)
    assert Shape.fit(np.full(4000, 3.0) + 1e-3 * values, np.exp(values / 2), 8).is_flat


def test_shape__bins_are_drawn_towards_the_mean_by_twenty_rows():
    values, errors = np.repeat([0.0, 1.0], 20), np.repeat([1.0, 3.0], 20)
    found = Shape.fit(values, errors, 2)
    assert found.at.tolist() == [0.0, 1.0]
    assert found.factor.tolist() == [(10 + 20) / (20 + 20), (30 + 20) / (20 + 20)]


def test_scales__a_row_is_not_measured_by_its_own_group_with_more_drugs_than_groups():
    rng = np.random.default_rng(0)
    pairs = grid(12, 40)
    drug, sample = pairs.drug_index, pairs.sample_index
    sizes = rng.gamma(2.0, size=len(pairs))
    by_hand = np.array(
        [
            (sizes[(drug == each) & (sample != its)].sum() + 10 * sizes.mean())
            / (np.count_nonzero((drug == each) & (sample != its)) + 10)
            for each, its in zip(drug, sample, strict=True)
        ]
    )
    scale, without = _scales(drug, sample, sizes, np.ones(len(pairs)))
    np.testing.assert_allclose(without, by_hand)
    assert scale.shape == (40,)


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs"])
def test_bounds__cover_each_drug_whatever_its_noise(scheme):
    rng = np.random.default_rng(1)
    noise = np.array([0.1, 0.5, 1.0, 2.0, 5.0])
    pairs = grid(3000, 5)
    skewed = rng.gamma(1.0, size=len(pairs)) - 1.0
    measured = noise[pairs.drug_index] * skewed
    known, new = np.arange(0, 2500), np.arange(2500, len(pairs))
    predicted = np.zeros(len(pairs))
    table = IntervalTable.calibrate(of_rows(pairs, known), measured[known], predicted[known], scheme=scheme)
    held = of_rows(pairs, new)
    covered = inside(table, held, measured[new], predicted[new])
    shares = [covered[held.drug_index == j].mean() for j in range(5)]
    assert table.drugs.levels == ("drug",) * 5
    assert shares == pytest.approx([0.9] * 5, abs=0.035)
    lower, upper = table.bounds(held, predicted[new])
    # a gamma variable less its mean: 5 % lie below -0.949, 5 % above 1.996
    assert lower / noise[held.drug_index] == pytest.approx(np.full(len(new), -0.949), rel=0.05)
    assert upper / noise[held.drug_index] == pytest.approx(np.full(len(new), 1.996), rel=0.3)


def test_bounds__cover_new_samples_whose_rows_err_together():
    """With 40 samples of 60 drugs, rows as units would take 2400 dependent errors for 2400 pieces of evidence."""
    rng = np.random.default_rng(2)
    covered, of_rows_alone = [], []
    pairs = grid(40, 60)
    for _ in range(150):
        error = rng.normal(size=(40, 1)) + 0.2 * rng.normal(size=(40, 60))
        measured, predicted = error.ravel(), np.zeros(2400)
        table = IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples")
        new = (rng.normal(size=(400, 1)) + 0.2 * rng.normal(size=(400, 60))).ravel()
        lower, upper = table.bounds(pairs, predicted)
        low, high = np.tile(lower[:60], 400), np.tile(upper[:60], 400)
        covered.append(((new >= low) & (new <= high)).mean())
        of_rows_alone.append((np.abs(new) <= np.quantile(np.abs(measured), 0.9)).mean())
    assert set(table.drugs.levels) == {"pooled"}
    assert np.mean(covered) == pytest.approx(0.915, abs=0.02)
    assert np.mean(of_rows_alone) < np.mean(covered) - 0.015


def test_bounds__few_rows_a_drug_cover_as_asked():
    rng = np.random.default_rng(3)
    n_samples, n_drugs = 800, 60
    noise = np.exp(rng.normal(0, 0.7, n_drugs))
    covered = []
    for _ in range(20):
        pairs = grid(n_samples, n_drugs, keep=rng.random((n_samples, n_drugs)) < 10 / n_samples)
        measured = noise[pairs.drug_index] * rng.normal(size=len(pairs))
        table = IntervalTable.calibrate(pairs, measured, np.zeros(len(pairs)), scheme="new-samples")
        new = grid(100, n_drugs)
        covered.append(inside(table, new, noise[new.drug_index] * rng.normal(size=len(new)), np.zeros(len(new))))
    assert np.mean(covered) == pytest.approx(0.9, abs=0.012)


@pytest.mark.parametrize("repeats_a_subject", [1, 2])
def test_calibrate__an_error_has_no_part_in_its_own_scale(repeats_a_subject):
    """With it, drugs with few rows would look more regular than new rows are: 0.88 is then covered of 0.90."""
    errors = np.repeat(np.arange(1.0, 21.0), repeats_a_subject)
    subjects = [f"p{i // repeats_a_subject:02d}" for i in range(len(errors))]
    pairs = grid(len(errors), 1, subjects=subjects)
    table = IntervalTable.calibrate(pairs, errors, np.zeros(len(errors)), scheme="new-samples")
    own = errors * repeats_a_subject
    without = (errors.sum() - own + 10 * errors.mean()) / (len(errors) - repeats_a_subject + 10)
    # of 20 subjects the 19th lies at 19 / 21, the first place beyond 0.9
    assert table.drugs.tails[0, 1] == pytest.approx(np.unique(errors / without)[18])
    assert table.drugs.scale[0] == pytest.approx(errors.mean())


def test_bounds__widen_where_predictions_say_that_errors_grow():
    rng = np.random.default_rng(4)
    pairs = grid(4000, 2)
    predicted = rng.normal(size=len(pairs))
    measured = predicted + np.exp(predicted / 2) * rng.normal(size=len(pairs))
    known, new = np.arange(0, 4000), np.arange(4000, 8000)
    table = IntervalTable.calibrate(of_rows(pairs, known), measured[known], predicted[known], scheme="new-samples")
    covered = inside(table, of_rows(pairs, new), measured[new], predicted[new])
    for end in (predicted[new] < -1, predicted[new] > 1):
        assert covered[end].mean() == pytest.approx(0.9, abs=0.03)


def test_bounds__hold_the_prediction_also_of_a_biased_drug():
    pairs = grid(200, 1)
    table = IntervalTable.calibrate(pairs, np.linspace(2, 3, 200), np.zeros(200), scheme="new-samples")
    lower, upper = table.bounds(pairs[:1], np.zeros(1))
    assert table.drugs.levels == ("drug",)
    assert (lower[0], upper[0]) == (0.0, pytest.approx(2.955, abs=0.005))


def test_calibrate__mechanism_serves_where_a_drug_has_few_rows():
    rng = np.random.default_rng(6)
    keep = rng.random((OWN_GROUPS * 4, 8)) < 0.15
    keep[:, 0] = True
    pairs = grid(OWN_GROUPS * 4, 8, keep=keep)
    mechanism = ["kinase"] * 5 + ["", None, "lonely"]
    pairs = Pairs(**{**vars(pairs), "drugs": pairs.drugs.assign(mechanism=mechanism)})
    residuals = np.abs(rng.normal(size=len(pairs))) * np.where(pairs.drug_index < 5, 1.0, -1.0)
    table = IntervalTable.calibrate(pairs, residuals, np.zeros(len(pairs)), scheme="new-samples")
    assert table.drugs.levels == ("drug",) + ("mechanism",) * 4 + ("pooled",) * 3
    assert np.array_equal(table.drugs.tails[1], table.drugs.tails[4])
    # the mechanism's errors all lie above; the pooled tails know no side
    assert table.drugs.tails[1, 0] == 0
    assert table.drugs.tails[7, 0] == table.drugs.tails[7, 1] > 0
    assert table.summary()["levels"] == {"drug": 1, "mechanism": 4, "pooled": 3}


@pytest.mark.parametrize(("n_samples", "bounded"), [(8, False), (9, True)])
def test_bounds__none_with_too_few_groups_for_the_coverage(n_samples, bounded):
    pairs = grid(n_samples, 30)
    measured = np.random.default_rng(7).normal(size=len(pairs))
    table = IntervalTable.calibrate(pairs, measured, np.zeros(len(pairs)), scheme="new-samples")
    lower, upper = table.bounds(pairs, np.zeros(len(pairs)))
    assert np.isfinite(lower).all() == np.isfinite(upper).all() == bounded
    assert np.isnan(lower).all() != bounded
    assert (table.claimed, table.n_groups) == (bounded, n_samples)
    assert (table.summary()["median_width"] is None) != bounded
    assert set(table.drugs.levels) == ({"pooled"} if bounded else {"none"})


def test_bounds__drug_falls_back_where_its_tails_ask_for_more_groups():
    pairs = grid(150, 4)
    measured = np.random.default_rng(8).normal(size=len(pairs))
    tables = {
        coverage: IntervalTable.calibrate(
            pairs, measured, np.zeros(len(pairs)), scheme="new-samples", coverage=coverage
        )
        for coverage in (0.9, 0.99, 0.995)
    }
    assert [set(each.drugs.levels) for each in tables.values()] == [{"drug"}, {"pooled"}, {"none"}]


@pytest.mark.parametrize("repeats_a_subject", [1, 5])
def test_calibrate__samples_of_one_subject_are_one_group(repeats_a_subject):
    subjects = [f"p{i // repeats_a_subject}" for i in range(40)]
    pairs = grid(40, 2, subjects=subjects)
    measured = np.random.default_rng(9).normal(size=80)
    table = IntervalTable.calibrate(pairs, measured, np.zeros(80), scheme="new-samples")
    assert table.n_groups == 40 // repeats_a_subject
    assert table.claimed == (repeats_a_subject == 1)


def test_bounds__new_drugs_have_one_width_from_20_structures_on():
    rng = np.random.default_rng(10)
    smiles = ["C" * (i + 1) for i in range(40)]
    for n_drugs, bounded in ((19, False), (20, True)):
        pairs = grid(50, n_drugs, smiles=smiles)
        measured = (rng.normal(size=n_drugs) * np.ones((50, 1))).ravel()
        table = IntervalTable.calibrate(pairs, measured, np.zeros(len(pairs)), scheme="new-drugs")
        lower, upper = table.bounds(grid(2, 1, smiles=["N"]), np.array([1.0, np.nan]))
        assert np.isfinite(upper[0]) == bounded
        assert not table.claimed
        assert np.isnan(upper[1])
        if bounded:
            # 21 places of which 18.9 must lie below: the 19th largest of 20 drugs, however many rows each has
            assert upper[0] - 1 == pytest.approx(np.sort(np.abs(measured[:20]))[18])
            assert lower[0] == 2 - upper[0]


@pytest.mark.parametrize(("n_samples", "n_drugs", "bounded"), [(19, 40, False), (40, 19, False), (25, 25, True)])
def test_bounds__both_new_asks_for_20_of_each(n_samples, n_drugs, bounded):
    pairs = grid(n_samples, n_drugs, smiles=["C" * (i + 1) for i in range(40)])
    measured = np.random.default_rng(11).normal(size=len(pairs))
    table = IntervalTable.calibrate(pairs, measured, np.zeros(len(pairs)), scheme="new-samples-and-drugs")
    assert np.isfinite(table.new_drug) == bounded


def test_bounds__both_new_are_as_wide_as_the_wider_unit_asks():
    pairs = grid(100, 25, smiles=["C" * (i + 1) for i in range(25)])
    # two of 25 drugs are off for every sample: too few to matter to samples, too many for 25 drugs to rule out
    measured = np.where(pairs.drug_index < 2, 10.0, 1.0)
    table = IntervalTable.calibrate(pairs, measured, np.zeros(2500), scheme="new-samples-and-drugs")
    assert conformal_quantile(measured, pairs.sample_index, 0.9) == 1.0
    assert conformal_quantile(measured, pairs.drug_index, 0.9) == table.new_drug == 10.0


@pytest.mark.parametrize(("n_tissues", "bounded"), [(19, False), (25, True)])
def test_bounds__new_tissues_ask_for_20_tissues(n_tissues, bounded):
    tissues = [f"t{i % n_tissues}" for i in range(200)]
    pairs = grid(200, 2, tissues=tissues)
    measured = np.random.default_rng(12).normal(size=400)
    table = IntervalTable.calibrate(pairs, measured, np.zeros(400), scheme="new-tissues")
    assert np.isfinite(table.bounds(pairs, np.zeros(400))[0]).all() == bounded
    assert (table.n_groups, table.claimed) == (n_tissues, False)
    # a drug with 200 samples still has only 25 tissues, too few for tails of its own
    assert "drug" not in table.drugs.levels


def test_bounds__a_drug_that_did_not_calibrate_has_none():
    pairs = grid(60, 3)
    measured = np.random.default_rng(13).normal(size=180)
    two = pairs.drug_index < 2
    table = IntervalTable.calibrate(pairs[two], measured[two], np.zeros(120), scheme="new-samples")
    lower, upper = table.bounds(pairs, np.zeros(180))
    assert np.array_equal(np.isnan(lower), ~two)
    assert np.array_equal(np.isnan(upper), ~two)


def some_rows(seed: int = 14) -> tuple[Pairs, NDArray[np.float64], NDArray[np.float64]]:
    rng = np.random.default_rng(seed)
    pairs = grid(300, 6, keep=rng.random((300, 6)) < np.array([0.9, 0.9, 0.5, 0.2, 0.2, 0.05]))
    predicted = rng.normal(size=len(pairs))
    return pairs, predicted + (1 + pairs.drug_index) * rng.standard_t(4, len(pairs)), predicted


def test_bounds__do_not_depend_on_the_order_of_rows_or_tables():
    pairs, measured, predicted = some_rows()
    before = IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples").bounds(pairs, predicted)
    order = np.random.default_rng(0).permutation(len(pairs))
    turned = Pairs(
        **{**vars(pairs), "drugs": pairs.drugs.iloc[::-1], "drug_index": len(pairs.drugs) - 1 - pairs.drug_index}
    )
    table = IntervalTable.calibrate(turned[order], measured[order], predicted[order], scheme="new-samples")
    after = table.bounds(turned, predicted)
    assert np.allclose(before, after, rtol=1e-9, atol=0)


@pytest.mark.parametrize("scale", [1e-6, 1000.0])
def test_bounds__scale_with_the_unit_of_the_response(scale):
    pairs, measured, predicted = some_rows()
    one = np.array(IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples").bounds(pairs, predicted))
    table = IntervalTable.calibrate(pairs, scale * measured + 7, scale * predicted + 7, scheme="new-samples")
    other = np.array(table.bounds(pairs, scale * predicted + 7))
    assert np.allclose((other - 7) / scale, one, rtol=1e-6)


def test_bounds__are_the_prediction_where_every_error_is_0():
    pairs = grid(30, 2)
    table = IntervalTable.calibrate(pairs, np.ones(60), np.ones(60), scheme="new-samples")
    assert np.array_equal(table.bounds(pairs, np.ones(60)), np.ones((2, 60)))


def test_state__round_trip_through_a_file_gives_equal_bounds(tmp_path):
    pairs, measured, predicted = some_rows()
    table = IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples")
    write_model_file(tmp_path / "m.safetensors", {"intervals": table.get_state()}, {"inputs": {}})
    state, _ = read_model_file(tmp_path / "m.safetensors")
    again = IntervalTable.from_state(state["intervals"])
    assert np.array_equal(again.bounds(pairs, predicted), table.bounds(pairs, predicted))
    assert again.summary() == table.summary()


def test_state__of_new_drugs_round_trips_without_any_drug():
    pairs = grid(30, 25, smiles=["C" * (i + 1) for i in range(25)])
    measured = np.random.default_rng(15).normal(size=len(pairs))
    table = IntervalTable.calibrate(pairs, measured, np.zeros(len(pairs)), scheme="new-drugs")
    again = IntervalTable.from_state(table.get_state())
    assert table.get_state()["drug_ids"] == []
    assert np.array_equal(again.bounds(pairs, measured), table.bounds(pairs, measured))


def damaged(**changes) -> dict:
    pairs, measured, predicted = some_rows()
    state = IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples").get_state()
    return {**state, **changes}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"tails": np.zeros((6, 3))}, r'"tails" has shape \(6, 3\)'),
        ({"scale": np.zeros(5)}, r'"scale" has shape \(5,\)'),
        ({"centre": None}, '"centre" is missing'),
        ({"levels": ["drug"] * 5}, "levels of the intervals"),
        ({"levels": ["sample"] * 6}, "levels of the intervals"),
        ({"deviation": {"at": np.zeros(0), "factor": np.zeros(0)}}, "no knots"),
        ({"deviation": {"at": np.zeros(2), "factor": np.zeros(1)}}, r'"factor" has shape \(1,\)'),
        ({"spread": {"at": np.arange(2.0), "factor": np.ones(2)}}, "ask for a spread"),
    ],
)
def test_state__damaged_is_refused(changes, message):
    with pytest.raises(ModelFileError, match=message):
        IntervalTable.from_state(damaged(**changes))


@pytest.mark.parametrize("coverage", [0.0, 1.0, -0.1, 90.0])
def test_calibrate__coverage_outside_0_to_1_is_refused(coverage):
    with pytest.raises(InputError, match=r"coverage: found .* \(expected more than 0 and less than 1\)"):
        IntervalTable.calibrate(grid(20, 1), np.zeros(20), np.zeros(20), scheme="new-samples", coverage=coverage)


def test_calibrate__missing_prediction_is_refused():
    with pytest.raises(InputError, match="intervals: found a missing prediction"):
        IntervalTable.calibrate(grid(20, 1), np.zeros(20), np.full(20, np.nan), scheme="new-samples")


def test_calibrate__rows_of_little_weight_widen_nothing():
    """Of every new drug some measurements are far off, and weigh a hundredth of the others."""
    pairs = grid(120, 30, smiles=["C" * (i + 1) for i in range(30)])
    is_poor = (pairs.sample_index + pairs.drug_index) % 4 == 0
    errors = np.random.default_rng(12).normal(0, np.where(is_poor, 10.0, 0.1))
    weights = np.where(is_poor, 0.01, 1.0)
    predicted = np.zeros(len(pairs))
    weighed, plain = (
        IntervalTable.calibrate(pairs, errors, predicted, scheme="new-drugs", weights=share).median_width
        for share in (weights, None)
    )
    assert weighed < 1 < 5 < plain


def test_calibrate__weights_of_equal_size_change_nothing():
    pairs, measured, predicted = some_rows()
    one = IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples")
    same = IntervalTable.calibrate(pairs, measured, predicted, scheme="new-samples", weights=np.full(len(pairs), 3.0))
    assert np.allclose(one.drugs.tails, same.drugs.tails)
    assert isinstance(one.drugs.drug_ids, pd.Index)


@pytest.mark.parametrize("scale", ["sqrt", "log"])
def test_bounds__a_fold_of_another_scale_does_not_decide(scale):
    """It may predict where the scale has no place, such as below 0."""
    rng = np.random.default_rng(0)
    pairs, score = grid(120, 1), rng.normal(0, 1, 120)
    measured, predicted = np.exp(score + rng.normal(0, 0.2, 120)), np.exp(score)
    beyond = np.where(np.arange(120) < 40, predicted - 1.0, predicted)
    assert beyond.min() < 0
    fold = np.repeat([0, 1, 2], 40)
    for values in (predicted, beyond):
        table = IntervalTable.calibrate(pairs, measured, values, scheme="new-samples", response_scale=scale)
        crossed = cross_conformal_bounds(pairs, measured, values, fold, scheme="new-samples", response_scale=scale)
        lower, upper = table.bounds(pairs, predicted)
        assert np.mean((measured >= lower) & (measured <= upper)) > 0.8
        for low, high in ((lower, upper), crossed):
            assert (high - low).max() < 10 * measured.max()
