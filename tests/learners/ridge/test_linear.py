from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import Ridge

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import make_folds
from drugresponse.errors import ModelFileError
from drugresponse.learners.factors._response_grid import ResponseGrid
from drugresponse.learners.ridge.linear import CovariateRidge, FactorRidge
from tests.learners.cohorts import draw_calls, made_pairs, rmse


def held_out(learner, pairs: Pairs, y: np.ndarray, scheme: str = "new-samples") -> tuple[float, float]:
    """Root mean squared error on held-out rows, and that of the drug mean (overall mean for new drugs)."""
    train, test = make_folds(pairs, scheme, 4, 0)[0]
    predicted = learner.fit(pairs[train], y[train]).predict(pairs[test])
    means = pd.Series(y[train]).groupby(pairs.drug_ids[train]).mean()
    naive = means.reindex(pairs.drug_ids[test]).fillna(y[train].mean()).to_numpy()
    return rmse(predicted, y[test]), rmse(naive, y[test])


@pytest.fixture
def common_effect() -> tuple[Pairs, np.ndarray]:
    """One gene that makes a sample resistant to every drug alike, and nothing else."""
    rng = np.random.default_rng(0)
    calls = draw_calls(120, 15, rng)
    pairs = made_pairs(calls, 6)
    drug = rng.normal(0, 2, 6)
    return pairs, drug[pairs.drug_index] + 3 * calls[pairs.sample_index, 4] + rng.normal(0, 1, len(pairs))


@pytest.mark.parametrize("scheme", ["new-samples", "new-samples-and-drugs"])
def test_factor_ridge__effect_common_to_all_drugs_survives_for_new_samples(common_effect, scheme):
    pairs, y = common_effect
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    learner = FactorRidge(scheme).fit(pairs[train], y[train])
    predicted = learner.predict(pairs[test])
    carrier = pairs.genotypes.dense()[pairs.sample_index[test], 4] > 0
    assert predicted[carrier].mean() - predicted[~carrier].mean() > 2.5
    assert learner.seen_.factors.size == 0
    assert "s000" not in str(learner.get_state())
    names, weights = learner.feature_weights()
    assert names[int(np.argmax(weights))] == ("mutation", "g004")
    assert weights.sum() == pytest.approx(1)


def test_factor_ridge__effect_of_one_drug_is_that_drugs(common_effect):
    pairs, _ = common_effect
    rng = np.random.default_rng(1)
    calls = pairs.genotypes.dense()
    y = 4 * calls[pairs.sample_index, 7] * (pairs.drug_index == 2) + rng.normal(0, 0.5, len(pairs))
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    predicted = FactorRidge().fit(pairs[train], y[train]).predict(pairs[test])
    carrier = calls[pairs.sample_index[test], 7] > 0
    for drug in range(6):
        here = pairs.drug_index[test] == drug
        effect = predicted[here & carrier].mean() - predicted[here & ~carrier].mean()
        assert effect == pytest.approx(4 if drug == 2 else 0, abs=0.8), drug


@pytest.mark.parametrize("weighted", [False, True])
def test_factor_ridge__one_drug_is_ridge_on_the_response(weighted):
    rng = np.random.default_rng(0)
    calls = draw_calls(50, 12, rng)
    pairs = made_pairs(calls, 1)
    y = calls @ rng.normal(size=12) + rng.normal(size=50)
    weights = rng.uniform(0.05, 5, 50) if weighted else None
    learner = FactorRidge().fit(pairs, y, weights)
    tokens = learner.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
    expected = Ridge(alpha=learner.penalties_[0]).fit(
        tokens, y, sample_weight=None if weights is None else weights / weights.mean()
    )
    np.testing.assert_allclose(learner.predict(pairs), expected.predict(tokens), rtol=1e-6)
    assert learner.rank_ == 0
    np.testing.assert_allclose(learner.predict_left_out(pairs), learner.overall_ + learner.left_out_[:, 0])


@pytest.mark.parametrize("scheme", ["random-pairs", "new-samples"])
def test_factor_ridge__one_drug_keeps_no_sample(scheme):
    rng = np.random.default_rng(0)
    calls = draw_calls(50, 12, rng)
    pairs = made_pairs(calls, 1)
    learner = FactorRidge(scheme).fit(pairs, rng.normal(size=50))
    assert len(learner.seen_.sample_ids) == 0
    assert not learner.left_out_shift_.any()
    assert "s000" not in str(learner.get_state())


def test_factor_ridge__seen_sample_has_its_own_effect_where_the_scheme_does():
    rng = np.random.default_rng(3)
    pairs = made_pairs(draw_calls(40, 5, rng), 8)
    own = rng.normal(0, 3, 40)
    y = own[pairs.sample_index] + rng.normal(0, 0.5, len(pairs))
    with_effect, naive = held_out(FactorRidge("random-pairs"), pairs, y, "random-pairs")
    without_effect, _ = held_out(FactorRidge("new-samples"), pairs, y, "random-pairs")
    assert with_effect < 0.7
    assert with_effect < 0.4 * min(naive, without_effect)


def test_factor_ridge__missing_and_absent_features_contribute_their_training_mean(common_effect):
    pairs, y = common_effect
    learner = FactorRidge().fit(pairs, y)
    dense = pairs.genotypes.dense()
    holes = dense.copy()
    holes[:5, 4] = np.nan
    means = dense.copy()
    means[:5, 4] = dense[:, 4].mean()
    ids = list(pairs.genotypes.features.index)

    def predict(values, feature_ids):
        table = Genotypes.from_dense(
            values, list(pairs.genotypes.sample_ids), feature_ids, kind="score", block="mutation"
        )
        return learner.predict(Pairs.grid(table, pairs.covariates, pairs.drugs))

    np.testing.assert_allclose(predict(holes, ids), predict(means, ids), atol=1e-6)
    means[:, 4] = dense[:, 4].mean()
    np.testing.assert_allclose(predict(np.delete(dense, 4, axis=1), ids[:4] + ids[5:]), predict(means, ids), atol=1e-6)


def test_factor_ridge__order_of_features_and_unknown_ones_do_not_matter(common_effect):
    pairs, y = common_effect
    learner = FactorRidge().fit(pairs, y)
    features = pairs.genotypes.features.iloc[::-1].assign(position=np.arange(15))
    features.loc["more"] = features.iloc[0].to_dict() | {"position": 2}
    values = np.hstack([pairs.genotypes.dense()[:, ::-1], np.ones((120, 1))])
    table = Genotypes.build(values, list(pairs.genotypes.sample_ids), features)
    assert list(table.features.index) != list(pairs.genotypes.features.index)
    np.testing.assert_allclose(
        learner.predict(Pairs.grid(table, pairs.covariates, pairs.drugs)), learner.predict(pairs), rtol=1e-9
    )


@pytest.fixture(scope="module")
def structure_effect() -> tuple[Pairs, np.ndarray]:
    """Amines are potent, acids are not, and a gene acts on amines alone."""
    rng = np.random.default_rng(0)
    chains = ["C" * n for n in range(2, 12)]
    smiles = [f"{chain}N" for chain in chains] + [f"{chain}C(=O)O" for chain in chains]
    calls = draw_calls(60, 6, rng)
    pairs = made_pairs(calls, 20, smiles=smiles)
    amine = pairs.drug_index < 10
    y = 4.0 * amine + 3 * calls[pairs.sample_index, 2] * amine + rng.normal(0, 0.5, len(pairs))
    return pairs, y


def test_factor_ridge__new_drug_is_told_by_its_structure(structure_effect):
    pairs, y = structure_effect
    error, naive = held_out(FactorRidge("new-drugs"), pairs, y, "new-drugs")
    assert error < 0.5 * naive


def test_factor_ridge__drug_unknown_to_a_model_of_known_drugs_uses_its_structure(structure_effect):
    pairs, y = structure_effect
    train = np.flatnonzero(pairs.drug_index % 10 != 5)
    test = np.flatnonzero(pairs.drug_index % 10 == 5)
    predicted = FactorRidge("new-samples").fit(pairs[train], y[train]).predict(pairs[test])
    amine = pairs.drug_index[test] < 10
    assert predicted[amine].mean() - predicted[~amine].mean() > 3
    no_structure = Pairs.build(
        pairs.genotypes,
        pairs.covariates,
        pairs.drugs.assign(smiles=""),
        pd.DataFrame({"sample_id": pairs.sample_ids[test], "drug_id": pairs.drug_ids[test]}),
    )
    blind = FactorRidge("new-samples").fit(pairs[train], y[train]).predict(no_structure)
    assert blind[amine].mean() == pytest.approx(blind[~amine].mean())


def test_factor_ridge__weights_move_the_fit(common_effect):
    pairs, y = common_effect
    wrong = np.random.default_rng(0).random(len(y)) < 0.3
    spoilt = y + 40 * wrong
    weights = np.where(wrong, 1e-3, 1.0)
    clean = FactorRidge().fit(pairs, y).predict(pairs)
    assert rmse(FactorRidge().fit(pairs, spoilt, weights).predict(pairs), clean) < 0.5
    assert rmse(FactorRidge().fit(pairs, spoilt).predict(pairs), clean) > 5


def test_factor_ridge__scale_of_the_weights_does_not_matter(common_effect):
    pairs, y = common_effect
    weights = np.random.default_rng(0).uniform(0.5, 2, len(y))
    a, b = (FactorRidge().fit(pairs, y, weights * unit).predict(pairs) for unit in (1.0, 1e-4))
    np.testing.assert_allclose(a, b, rtol=1e-8)


def test_covariate_ridge__knows_tissue_and_no_genotype():
    rng = np.random.default_rng(0)
    calls = draw_calls(90, 5, rng)
    tissues = ["lung", "skin", "colon"] * 30
    pairs = made_pairs(calls, 4, tissues=tissues)
    tissue = np.arange(90) % 3
    y = 2.0 * tissue[pairs.sample_index] + 5 * calls[pairs.sample_index, 0] + rng.normal(0, 0.3, len(pairs))
    learner = CovariateRidge().fit(pairs, y)
    predicted = pd.Series(learner.predict(pairs)).groupby(tissue[pairs.sample_index])
    assert predicted.std(ddof=0).max() < 0.2
    assert np.diff(predicted.mean()).min() > 1
    other = made_pairs(1 - calls, 4, tissues=tissues)
    np.testing.assert_allclose(learner.predict(other), learner.predict(pairs), rtol=1e-9, atol=1e-10)
    assert learner.feature_weights()[0] == []


def test_block_scales__useless_block_is_turned_down():
    rng = np.random.default_rng(0)
    calls = draw_calls(150, 4, rng)
    noise = rng.normal(size=(150, 60))
    features = pd.DataFrame(
        {"block": ["mutation"] * 4 + ["expression"] * 60, "kind": ["altered"] * 4 + ["score"] * 60},
        index=[f"f{i}" for i in range(64)],
    )
    samples = [f"s{i:03d}" for i in range(150)]
    table = Genotypes.build(np.hstack([calls, noise]), samples, features)
    drugs = pd.DataFrame({"smiles": ["CC"]}, index=["d"])
    pairs = Pairs.grid(table, pd.DataFrame(index=samples), drugs)
    learner = FactorRidge().fit(pairs, calls @ [2.0, -2, 1, 1] + rng.normal(0, 0.5, 150))
    assert learner.block_scales_["expression"] < 0.5 * learner.block_scales_["mutation"]


def test_response_grid__parts_add_up_to_the_response():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(20, 3, rng), 5, keep=rng.random((20, 5)) < 0.8)
    y = rng.normal(size=len(pairs))
    grid = ResponseGrid.build(pairs, y, rng.uniform(0.5, 2, len(y)))
    total = grid.overall + grid.drug_effects + grid.general[:, None] + grid.interaction
    np.testing.assert_allclose(total[pairs.sample_index, pairs.drug_index], y)


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs", "new-drugs"])
def test_factor_ridge__predicts_the_product_of_its_embeddings(common_effect, scheme):
    pairs, y = common_effect
    learner = FactorRidge(scheme, 4).fit(pairs, y)
    samples, drugs = learner.sample_embeddings(pairs), learner.drug_embeddings(pairs)
    width = 1 + learner.rank_ + learner.seen_.factors.shape[1]
    assert samples.shape == (120, width)
    assert drugs.shape == (6, width)
    assert learner.seen_.factors.size == 0 or scheme != "new-samples"
    grid = learner.overall_ + samples[:, :1] + drugs[:, 0] + samples[:, 1:] @ drugs[:, 1:].T
    np.testing.assert_allclose(learner.predict(pairs), grid[pairs.sample_index, pairs.drug_index])


@pytest.mark.parametrize("rank", [0, 2, 256])
def test_factor_ridge__rank_limits_the_axes_and_the_default_takes_all(common_effect, rank):
    pairs, y = common_effect
    learner = FactorRidge(rank=rank).fit(pairs, y)
    # six drugs less their mean differ in five directions
    assert learner.rank_ == min(rank, 5)
    assert learner.notes()["rank"] == learner.rank_
    assert learner.coefficients_.shape == (len(learner.sample_encoder_.tokens_), 1 + learner.rank_)
    assert FactorRidge().rank == 256


def test_factor_ridge__with_all_axes_no_drug_loses_its_own_effect(common_effect):
    # one gene for each drug: as many directions as drugs, none of them shared
    pairs, _ = common_effect
    rng = np.random.default_rng(2)
    calls = pairs.genotypes.dense()
    y = 3 * calls[pairs.sample_index, pairs.drug_index] + rng.normal(0, 0.5, len(pairs))
    all_axes, _ = held_out(FactorRidge(), pairs, y)
    few, _ = held_out(FactorRidge(rank=1), pairs, y)
    assert all_axes < 0.8
    assert all_axes < 0.7 * few


def test_factor_ridge__left_out_prediction_of_training_rows_is_as_wrong_as_that_of_new_ones():
    rng = np.random.default_rng(0)
    calls = draw_calls(120, 60, rng)
    pairs = made_pairs(calls, 4)
    y = calls[pairs.sample_index, :10].sum(axis=1) + rng.normal(0, 1.5, len(pairs))
    train, test = make_folds(pairs, "new-samples", 3, 0)[0]
    learner = FactorRidge().fit(pairs[train], y[train])
    new, left_out, fitted = (
        rmse(learner.predict(pairs[test]), y[test]),
        rmse(learner.predict_left_out(pairs[train].compact()), y[train]),
        rmse(learner.predict(pairs[train]), y[train]),
    )
    assert left_out == pytest.approx(new, rel=0.1)
    assert fitted < 0.9 * left_out


def test_factor_ridge__left_out_prediction_leaves_the_whole_subject_out():
    rng = np.random.default_rng(0)
    calls = np.repeat(draw_calls(40, 30, rng), 2, axis=0)
    own = np.repeat(rng.normal(0, 3, 40), 2)
    pairs = made_pairs(calls, 3, subjects=[f"p{i // 2}" for i in range(80)])
    y = own[pairs.sample_index] + rng.normal(0, 0.3, len(pairs))
    learner = FactorRidge().fit(pairs, y)
    # a twin of the same genotype would tell the response
    assert np.corrcoef(learner.predict_left_out(pairs), y)[0, 1] < 0.1
    alone = made_pairs(calls, 3)
    twins = FactorRidge().fit(alone, y)
    assert np.corrcoef(twins.predict_left_out(alone), y)[0, 1] > 0.4


@pytest.mark.parametrize("array", ["coefficients", "intercepts", "token_spread"])
def test_factor_ridge__state_of_another_shape_is_refused(common_effect, array):
    pairs, y = common_effect
    state = FactorRidge().fit(pairs, y).get_state()
    state[array] = state[array][:-1]
    with pytest.raises(
        ModelFileError, match=rf'^model: the array "{array}" has shape .* \(expected .*train the model again\.$'
    ):
        FactorRidge.from_state(state)
    del state[array]
    with pytest.raises(ModelFileError, match=rf'^model: the array "{array}" is missing'):
        FactorRidge.from_state(state)


@pytest.mark.parametrize("n_drugs", [1, 6])
def test_factor_ridge__left_out_prediction_of_noise_does_not_mirror_it(n_drugs):
    # the mean of the other rows tells a row's own value, the other way round
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(100, 5, rng), n_drugs)
    y = rng.normal(size=len(pairs))
    learner = FactorRidge().fit(pairs, y)
    values = learner.targets_.values
    idle = np.flatnonzero(np.ptp(learner.left_out_, axis=0) < 1e-9)
    assert len(idle) > (1 + learner.rank_) / 2
    np.testing.assert_allclose(
        learner.left_out_[:, idle],
        np.average(values, axis=0, weights=learner.sample_weights_)[idle] * np.ones((100, 1)),
        atol=1e-9,
    )
    assert all(
        np.corrcoef(learner.left_out_[:, k], values[:, k])[0, 1] > -0.1
        for k in set(range(1 + learner.rank_)) - set(idle)
    )
