import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from drugresponse.association._covariate_bases import general_sensitivity
from drugresponse.association.associations import Associations, associate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.tables import Responses
from drugresponse.errors import InputError
from tests.explanation.screens import (
    response_rows,
    sample_ids,
    screen_calls,
    screen_covariates,
    screen_responses,
)

COLUMNS = (
    "drug_id feature_id block gene effect lower upper n_carriers n_samples statistic p q method group rank adjusted_for"
)


@pytest.mark.parametrize("sensitivity", [False, True])
@pytest.mark.parametrize("missing", [0.0, 0.05, 0.5])
def test_associate__agrees_with_least_squares_on_complete_rows(missing: float, sensitivity: bool) -> None:
    generator = np.random.default_rng(1)
    genotypes, covariates = screen_calls(generator, missing), screen_covariates(generator)
    responses = screen_responses(generator)
    found = associate(genotypes, response_rows(responses), covariates=covariates, adjust_sensitivity=sensitivity).table
    age = covariates["age"]
    known = np.column_stack([pd.get_dummies(covariates["tissue"]), age.fillna(age.mean()), age.isna()]).astype(float)
    calls, others = genotypes.dense().astype(np.float64), general_sensitivity(responses)
    assert len(found) > 65
    assert set(found["method"]) == {"t", "permutation"}
    for row in found.itertuples():
        drug, feature = int(row.drug_id[1:]), genotypes.features.index.get_loc(row.feature_id)
        complete = ~np.isnan(responses[:, drug]) & ~np.isnan(calls[:, feature])
        design = np.column_stack([calls[:, feature], known, *([others[:, drug]] if sensitivity else [])])[complete]
        design = design[:, np.abs(design).max(axis=0) > 0]
        fit = sm.OLS(responses[complete, drug], design).fit()
        assert row.n_samples == complete.sum()
        np.testing.assert_allclose(
            [row.effect, row.lower, row.upper, row.statistic],
            [fit.params[0], *fit.conf_int()[0], fit.tvalues[0]],
            rtol=1e-8,
            atol=1e-10,
        )
        if row.method == "t":
            np.testing.assert_allclose(row.p, fit.pvalues[0], rtol=1e-8)


def test_associate__columns_order_and_q() -> None:
    generator = np.random.default_rng(2)
    found = associate(screen_calls(generator, 0.02), response_rows(screen_responses(generator)))
    table = found.table
    assert list(table.columns) == COLUMNS.split()
    assert found.n_tests == len(table)
    assert found.adjusted_for == ()
    assert set(table["adjusted_for"]) == {"nothing"}
    pd.testing.assert_frame_equal(table, table.sort_values(["drug_id", "rank", "feature_id"], ignore_index=True))
    np.testing.assert_allclose(table["q"], stats.false_discovery_control(table["p"]))
    for _, rows in table.groupby("drug_id"):
        assert rows["rank"].tolist() == rows["p"].rank().astype(int).tolist()


def test_associate__finds_a_planted_effect_and_ranks_linked_features_together() -> None:
    generator = np.random.default_rng(3)
    calls = (generator.random((120, 30)) < 0.25).astype(np.float32)
    calls[:, 7] = calls[:, 4]
    calls[:, 9] = np.where(np.arange(120) == np.flatnonzero(calls[:, 4])[0], 0, calls[:, 4])
    responses = generator.standard_normal((120, 2))
    responses[:, 1] += 2 * calls[:, 4]
    found = _plain(calls, responses)
    first = found.table[(found.table["drug_id"] == "d1") & (found.table["rank"] == 1)]
    assert first["feature_id"].tolist() == ["f04", "f07", "f09"]
    assert set(first["group"]) == {"f04"}
    assert (first["q"] < 1e-6).all()
    assert first["effect"].iloc[0] == pytest.approx(2, abs=0.6)
    assert first["lower"].iloc[0] < 2 < first["upper"].iloc[0]
    second = found.table[(found.table["drug_id"] == "d1") & (found.table["rank"] == 2)]
    assert len(second) == 1
    assert found.groups["feature_id"].tolist() == ["f04", "f07", "f09"]


def test_associate__covariates_take_what_is_theirs() -> None:
    """Tissue moves the response and the alteration: without it the alteration seems to act."""
    generator = np.random.default_rng(4)
    tissue = np.repeat([0, 1], 100)
    calls = (generator.random((200, 3)) < np.where(tissue, 0.6, 0.1)[:, None]).astype(np.float32)
    responses = generator.standard_normal((200, 1)) + 2 * tissue[:, None]
    covariates = pd.DataFrame({"tissue": np.where(tissue, "lung", "skin")}, index=sample_ids(200))
    assert (_plain(calls, responses).table["q"] < 1e-3).all()
    adjusted = _plain(calls, responses, covariates=covariates)
    assert (adjusted.table["q"] > 0.05).all()
    assert adjusted.adjusted_for == ("tissue",)


def test_associate__general_sensitivity_is_taken_out() -> None:
    """Sensitive samples bear an alteration more often: it seems to act on every drug until that is adjusted for."""
    generator = np.random.default_rng(5)
    sensitivity = generator.standard_normal(300)
    calls = (generator.random((300, 2)) < np.where(sensitivity > 0, 0.5, 0.1)[:, None]).astype(np.float32)
    responses = sensitivity[:, None] + 0.5 * generator.standard_normal((300, 30))
    responses[:, 7] += calls[:, 1]
    plain, adjusted = _plain(calls, responses), _plain(calls, responses, adjust_sensitivity=True)
    everywhere = [found.table.query("feature_id == 'f00'")["effect"].mean() for found in (plain, adjusted)]
    assert everywhere[0] > 0.5
    assert abs(everywhere[1]) < 0.05
    assert adjusted.table.query("drug_id == 'd7' and feature_id == 'f01'")["effect"].item() == pytest.approx(1, abs=0.2)
    assert adjusted.adjusted_for == ("general sensitivity",)
    assert _plain(calls, responses[:, :1], adjust_sensitivity=True).adjusted_for == ()


def test_associate__what_cannot_be_tested_is_left_out() -> None:
    generator = np.random.default_rng(6)
    tissue = np.repeat(["a", "b", "c"], 30)
    calls = np.column_stack(
        [
            tissue == "c",  # told by the tissue
            np.isin(np.arange(90), [0, 31]),  # too few carriers
            ~np.isin(np.arange(90), [0, 31]),  # too few others
            generator.random(90) < 0.4,
            np.ones(90),
        ]
    ).astype(np.float32)
    constant, told = np.full(90, 3.3), np.where(tissue == "a", 1.1, -7.3)
    sparse_drug = np.where(np.arange(90) < 4, generator.standard_normal(90), np.nan)
    responses = np.column_stack([generator.standard_normal(90), constant, told, sparse_drug])
    covariates = pd.DataFrame({"tissue": tissue}, index=sample_ids(90))
    found = _plain(calls, responses, covariates=covariates)
    assert found.table[["drug_id", "feature_id"]].values.tolist() == [["d0", "f03"]]
    assert found.n_tests == 1
    assert found.table["q"].tolist() == found.table["p"].tolist()


def test_associate__nothing_to_test() -> None:
    found = _plain(np.zeros((12, 3), dtype=np.float32), np.arange(12.0)[:, None])
    assert found.n_tests == 0
    assert list(found.table.columns) == COLUMNS.split()
    assert found.groups.empty


def test_associate__perfect_fit_has_a_p_above_zero() -> None:
    calls = np.tile([0, 1], 50).astype(np.float32)[:, None]
    # 0 and 1 alone would be yes and no
    responses = Responses.build(response_rows(calls.astype(np.float64)), outcome="continuous")
    genotypes = Genotypes.from_dense(calls, sample_ids(len(calls)), ["f00"], kind="altered")
    table = associate(genotypes, responses).table
    assert table["effect"].tolist() == pytest.approx([1.0])
    assert 0 < table["p"].item() < 1e-100


def test_associate__does_not_depend_on_threads_or_order() -> None:
    generator = np.random.default_rng(7)
    genotypes, covariates = screen_calls(generator, 0.05), screen_covariates(generator)
    rows = response_rows(generator.standard_normal((150, 34)))
    first = associate(genotypes, rows, covariates=covariates)
    shuffled = genotypes.take(generator.permutation(150))
    second = associate(shuffled, rows.sample(frac=1, random_state=0), covariates=covariates, n_jobs=2)
    pd.testing.assert_frame_equal(first.table, second.table, rtol=1e-9)
    pd.testing.assert_frame_equal(first.groups, second.groups, rtol=1e-9)


def test_associate__false_discoveries_stay_at_the_rate_asked_for() -> None:
    """Heavy-tailed errors, rare and common alterations, linked bystanders; 8 cohorts."""
    shares, powers, null_finds = [], [], 0
    for seed in range(8):
        generator = np.random.default_rng(seed)
        calls = (generator.random((150, 60)) < generator.beta(0.7, 4, 60)).astype(np.float32)
        calls[:, 1::4] = calls[:, 0::4]
        noise = generator.standard_t(4, (150, 5))
        able = np.flatnonzero((calls.sum(axis=0) >= 8) & (np.arange(60) % 4 != 1))
        acting = generator.choice(able, 5, replace=False)
        found = _plain(calls, noise + 2.5 * calls[:, acting]).table
        groups = found.drop_duplicates("feature_id").set_index("feature_id")["group"]
        truth = found["group"] == found["drug_id"].str[1:].astype(int).map(
            lambda i, a=acting, g=groups: g[f"f{a[i]:02d}"]
        )
        finds = found["q"] <= 0.1
        shares.append((finds & ~truth).sum() / max(finds.sum(), 1))
        powers.append(found[finds & truth]["drug_id"].nunique() / 5)
        null_finds += int((_plain(calls, noise).table["q"] <= 0.1).any())
    assert np.mean(shares) < 0.15
    assert np.mean(powers) > 0.8
    assert null_finds <= 3


def test_associate__frames_and_ids_of_any_kind_give_the_same() -> None:
    generator = np.random.default_rng(5)
    genotypes, covariates = screen_calls(generator, 0.0), screen_covariates(generator)
    rows = response_rows(screen_responses(generator))
    expected = associate(genotypes, rows, covariates=covariates).table
    calls = pd.DataFrame(genotypes.dense(), genotypes.sample_ids, list(genotypes.features.index))
    for side in (covariates, covariates.rename_axis("sample_id").reset_index()):
        pd.testing.assert_frame_equal(associate(calls, rows, covariates=side).table["p"].to_frame(), expected[["p"]])
    number = {name: at for at, name in enumerate(genotypes.sample_ids)}
    numbered = associate(
        calls.rename(index=number),
        rows.assign(sample_id=rows["sample_id"].map(number)),
        covariates=covariates.rename(index=number),
    )
    # samples are ordered by their ids as text, which may change the last bits
    np.testing.assert_allclose(numbered.table["effect"], expected["effect"])


def test_associate__refuses_what_it_cannot_join() -> None:
    genotypes = Genotypes.from_dense([[0], [1]], ["MCF-7", "A549"], ["KRAS"])
    rows = pd.DataFrame({"sample_id": ["mcf7"], "response": [1.0]})
    with pytest.raises(InputError, match=r'none of its 1 sample is among.*"mcf7" may be "MCF-7"'):
        associate(genotypes, rows)
    with pytest.raises(InputError, match="minimum carriers: found 0"):
        associate(genotypes, rows.assign(sample_id="A549"), minimum_carriers=0)


def _plain(calls: np.ndarray, responses: np.ndarray, **settings: object) -> Associations:
    names = [f"f{i:02d}" for i in range(calls.shape[1])]
    genotypes = Genotypes.from_dense(calls, sample_ids(len(calls)), names, kind="altered")
    return associate(genotypes, response_rows(responses), **settings)  # type: ignore[arg-type]


def test_associate__covariates_of_other_ids_are_refused_or_told_of(caplog: pytest.LogCaptureFixture) -> None:
    generator = np.random.default_rng(1)
    genotypes, covariates = screen_calls(generator, 0.0), screen_covariates(generator)
    rows = response_rows(screen_responses(generator))
    with pytest.raises(InputError, match=r"covariates: none of its \d+ samples is among .*: write them alike"):
        associate(genotypes, rows, covariates=covariates.set_axis(covariates.index.str.upper()))
    associate(genotypes, rows, covariates=covariates.iloc[:-7])
    assert "genotypes: 7 of its" in caplog.text and "without covariates" in caplog.text
    caplog.clear()
    associate(genotypes, rows, covariates=covariates)
    assert caplog.text == ""
