from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pandas as pd
import pytest
import torch
from scipy.stats import norm

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import SCHEMES, make_folds
from drugresponse.errors import InputError, ModelFileError
from drugresponse.learners.neural._manners import BOLD, CAUTIOUS, TrainingSettings
from drugresponse.learners.neural._network import Batch
from drugresponse.learners.neural._place import GraphicsPlace, choose_place
from drugresponse.learners.neural._tied_weights import TiedWeights
from drugresponse.learners.neural._training import Training
from drugresponse.learners.neural.neural import NeuralResponse
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.threads import one_thread
from tests.learners.cohorts import draw_calls, made_pairs, rmse

SEEN_BY_LEARNERS = [scheme for scheme in SCHEMES if scheme != "new-studies"]

TISSUES = ["lung", "skin", "colon", "blood"]


@pytest.fixture(scope="module")
def small() -> tuple[Pairs, np.ndarray]:
    rng = np.random.default_rng(0)
    calls = draw_calls(48, 10, rng)
    smiles = ["CCO", "CCN", "", "c1ccccc1", "CCCl", "CC(=O)O"]
    pairs = made_pairs(calls, 6, keep=rng.random((48, 6)) < 0.8, tissues=TISSUES * 12, smiles=smiles)
    y = calls[pairs.sample_index, 0] * 2 + rng.normal(0, 1, 6)[pairs.drug_index] + rng.normal(0, 1, len(pairs))
    return pairs, y


@pytest.fixture(scope="module")
def epistasis() -> tuple[Pairs, np.ndarray]:
    """Resistant where just one of two genes is altered: no gene has an effect of its own."""
    rng = np.random.default_rng(0)
    calls = draw_calls(200, 6, rng, share=0.5)
    pairs = made_pairs(calls, 4, tissues=TISSUES * 50)
    either = calls[:, 1] != calls[:, 4]
    tissue = np.arange(200) % 4
    return pairs, (3.0 * either + tissue)[pairs.sample_index] + rng.normal(0, 0.5, len(pairs))


def start(learner: NeuralResponse, pairs: Pairs, y: np.ndarray, weights: np.ndarray | None = None) -> Training:
    """The network of a learner before the first epoch."""
    weights = np.ones(len(y)) if weights is None else weights
    stage = FactorRidge(learner.scheme, learner.rank, learner.random_state).fit(pairs, y, weights)
    names = [field.name for field in fields(TrainingSettings) if field.name != "manner"]
    settings = TrainingSettings(**{name: getattr(learner, name) for name in names}, manner=BOLD)
    return Training(stage, pairs, y, weights, settings)


def trained(learner: NeuralResponse, pairs: Pairs, y: np.ndarray, share: float = 1.0) -> tuple[TiedWeights, Training]:
    """The numbers of a network after its epochs on all rows, and its training."""
    with one_thread():
        training = start(learner, pairs, y)
        for _ in range(training.passes):
            training.epoch()
    return training.trained_weights(share), training


def own_scores(training: Training, pairs: Pairs) -> np.ndarray:
    """What the members themselves say of drugs by their own vectors, in units of the response."""
    stage, index = training.stage, (pairs.sample_index, pairs.drug_index)
    inputs = training.inputs.of(stage.tokens(pairs)).astype(np.float32)
    scores = training.network.scores(Batch(inputs, *index), dropped=False).mean(axis=1)
    drugs = stage.drugs_.own[pairs.drug_index]
    seen = stage.seen_.of(pairs.genotypes.sample_ids)[pairs.sample_index]
    beside = stage.overall_ + drugs[:, 0] + (seen * drugs[:, 1 + stage.rank_ :]).sum(axis=1)
    return beside + training.scale * scores.astype(np.float64)


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_neural__epoch_0_is_the_ridge(small, scheme):
    pairs, y = small
    weights = np.random.default_rng(1).uniform(0.5, 2, len(y))
    ridge = FactorRidge(scheme, 5).fit(pairs, y, weights).predict(pairs)
    learner = NeuralResponse(scheme, rank=5, epochs=0, hidden=8).fit(pairs, y, weights)
    np.testing.assert_allclose(learner.predict(pairs), ridge, rtol=0, atol=1e-6)
    assert learner.epochs_ == 0


@pytest.mark.parametrize("scheme", SEEN_BY_LEARNERS)
def test_neural__epoch_0_is_the_ridge_for_new_samples_and_new_drugs_too(small, scheme):
    pairs, y = small
    known = np.flatnonzero((pairs.sample_index < 40) & (pairs.drug_index < 5))
    ridge = FactorRidge(scheme).fit(pairs[known], y[known])
    learner = NeuralResponse(scheme, epochs=0, hidden=8).fit(pairs[known], y[known])
    np.testing.assert_allclose(learner.predict(pairs), ridge.predict(pairs), rtol=0, atol=1e-6)
    assert (len(learner.stage_.seen_.sample_ids) == 40) == (scheme in ("random-pairs", "new-drugs"))
    loaded = NeuralResponse.from_state(learner.get_state(), scheme=scheme)
    np.testing.assert_allclose(loaded.predict(pairs), ridge.predict(pairs), rtol=0, atol=1e-6)


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs", "new-tissues"])
def test_neural__prediction_is_the_networks_own_score(small, scheme):
    pairs, y = small
    settings = {"rank": 3, "hidden": 8, "members": 3, "epochs": 6, "learning_rate": 0.02}
    network, training = trained(NeuralResponse(scheme, **settings), pairs, y)
    predicted, ridge = network.predict(pairs), training.stage.predict(pairs)
    np.testing.assert_allclose(predicted, own_scores(training, pairs), atol=2e-5 * np.abs(y).max())
    assert rmse(predicted, ridge) > 0.01  # it did learn something
    assert all(array.any() for array in network.arrays.values())
    # between the two lies what a share says
    np.testing.assert_allclose(
        replace(network, share=0.3).predict(pairs), 0.3 * predicted + 0.7 * ridge, atol=1e-6 * np.abs(y).max()
    )


@pytest.mark.parametrize("scheme", ["new-samples", "new-drugs"])
def test_neural__a_new_drug_has_the_vector_of_its_structure(small, scheme):
    pairs, y = small
    known = np.flatnonzero(pairs.drug_index != 3)
    network, training = trained(NeuralResponse(scheme, hidden=8, members=2, epochs=6), pairs[known].compact(), y[known])
    tokens, drugs = training.stage.tokens(pairs), training.stage.drug_embeddings(pairs)
    embedded = training.embedded(tokens)
    at = np.flatnonzero(pairs.drug_index == 3)
    beyond = embedded[:, :1] + embedded[:, 1:] @ drugs[:, 1 : embedded.shape[1]].T
    seen = training.stage.seen_.of(pairs.genotypes.sample_ids) @ drugs[3, 1 + training.stage.rank_ :]
    expected = training.stage.overall_ + drugs[3, 0] + (beyond[:, 3] + seen)[pairs.sample_index[at]]
    np.testing.assert_allclose(network.predict(pairs)[at], expected, atol=1e-4)
    assert np.std(beyond[:, 3]) > 0


def test_neural__memorises_a_small_set():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(20, 30, rng, share=0.5), 3)
    y = rng.normal(size=len(pairs))
    settings = {"hidden": 64, "members": 1, "epochs": 150, "learning_rate": 0.01, "weight_decay": 0.0}
    network, training = trained(NeuralResponse(**settings), pairs, y)
    assert rmse(training.stage.predict(pairs), y) > 0.5
    assert rmse(network.predict(pairs), y) < 0.3


def test_neural__learns_what_only_acts_together(epistasis):
    pairs, y = epistasis
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    start = NeuralResponse(epochs=0).fit(pairs[train], y[train])
    learner = NeuralResponse(members=4, hidden=32).fit(pairs[train], y[train])
    before, after = (rmse(fitted.predict(pairs[test]), y[test]) for fitted in (start, learner))
    assert before > 1.4
    assert after < 0.7 * before
    errors = learner.notes()["held_out_rmse"]
    assert errors["chosen"] < 0.7 * errors["epoch_0"]
    names, weights = learner.feature_weights()
    assert {names[i] for i in np.argsort(weights)[-2:]} == {("mutation", "g001"), ("mutation", "g004")}


def test_neural__noise_is_not_trained_on():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(120, 10, rng), 3)
    y = rng.normal(size=len(pairs))
    train, test = make_folds(pairs, "new-samples", 4, 0)[0]
    learner = NeuralResponse(members=2, hidden=16, epochs=15).fit(pairs[train], y[train])
    assert rmse(learner.predict(pairs[test]), y[test]) < 1.05 * rmse(np.full(len(test), y[train].mean()), y[test])


@pytest.mark.parametrize("seed", [3, 4])
def test_neural__stays_at_the_ridge_where_the_gain_is_noise(seed):
    rng = np.random.default_rng(seed)
    calls = draw_calls(48, 10, rng)
    pairs = made_pairs(calls, 4)
    y = 0.2 * (calls[:, 1] != calls[:, 4])[pairs.sample_index] + rng.normal(0, 1, len(pairs))
    learner = NeuralResponse(members=2, hidden=8, epochs=5).fit(pairs, y)
    assert learner.epochs_ == learner.share_ == 0
    np.testing.assert_allclose(learner.predict(pairs), learner.stage_.predict(pairs), rtol=0, atol=1e-9)
    notes = learner.notes()
    assert notes["epochs"] == notes["share_of_network"] == 0
    assert notes["held_out_rmse"]["chosen"] == notes["held_out_rmse"]["epoch_0"]
    assert notes["held_out_gain"]["epoch"] == 5
    assert notes["held_out_gain"]["lower"] < 0


def test_neural__no_more_steps_than_are_of_use():
    pairs = made_pairs(draw_calls(500, 3, np.random.default_rng(0)), 1)
    y = np.zeros(len(pairs))
    assert start(NeuralResponse(epochs=1000, hidden=2, members=1), pairs, y).passes == 50
    assert start(NeuralResponse(epochs=9, hidden=2, members=1), pairs, y).passes == 9


@pytest.mark.parametrize("epochs", [1, 2, 3, 4, 5])
@pytest.mark.parametrize("n_samples", [20, 100])
def test_neural__few_epochs(epochs, n_samples):
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(n_samples, 4, rng), 2)
    learner = NeuralResponse(members=1, hidden=4, epochs=epochs)
    assert np.isfinite(learner.fit(pairs, rng.normal(size=len(pairs))).predict(pairs)).all()


def test_neural__one_group_to_hold_out_leaves_the_ridge():
    rng = np.random.default_rng(0)
    pairs = made_pairs(draw_calls(30, 4, rng), 3, tissues=["lung"] * 30)
    y = rng.normal(size=len(pairs))
    learner = NeuralResponse("new-tissues").fit(pairs, y)
    assert learner.epochs_ == 0
    np.testing.assert_allclose(
        learner.predict(pairs), FactorRidge("new-tissues").fit(pairs, y).predict(pairs), atol=1e-6
    )


def test_neural__without_tissues_the_scheme_is_refused():
    pairs = made_pairs(draw_calls(30, 4, np.random.default_rng(0)), 3)
    with pytest.raises(InputError, match='no column "tissue" serves as covariate'):
        NeuralResponse("new-tissues").fit(pairs, np.arange(90.0))


def test_neural__heavier_rows_pull_harder(small):
    pairs, y = small
    wrong = pairs.drug_index == 1
    spoilt, weights = y + 30.0 * wrong, np.where(wrong, 1e-3, 1.0)
    light, heavy = (
        rmse(start_and_train(pairs, spoilt, weight).predict(pairs)[wrong], spoilt[wrong])
        for weight in (weights / weights.mean(), np.ones(len(y)))
    )
    assert heavy < 0.8 * light


def start_and_train(pairs: Pairs, y: np.ndarray, weights: np.ndarray) -> TiedWeights:
    with one_thread():
        training = start(NeuralResponse(members=2, hidden=16, epochs=20), pairs, y, weights)
        # the drugs' means are the ridge's, and not what is asked here
        training.target = ((y - y.mean()) / training.scale).astype(np.float32)
        for _ in range(training.passes):
            training.epoch()
    return training.trained_weights(1.0)


def test_neural__file_tells_its_own_size(epistasis):
    pairs, y = epistasis
    learner = NeuralResponse(members=3, hidden=32).fit(pairs, y)
    assert learner.epochs_ > 0
    loaded = NeuralResponse.from_state(learner.get_state())
    assert (loaded.members, loaded.hidden, loaded.share_) == (3, 32, learner.share_)
    np.testing.assert_allclose(loaded.predict(pairs), learner.predict(pairs), rtol=1e-5, atol=1e-5)


def test_training__on_a_device_of_torch_is_the_same_but_for_the_last_bits(small, monkeypatch):
    pairs, y = small
    learner = NeuralResponse(members=3, hidden=16, epochs=3, learning_rate=0.02)
    here = trained(learner, pairs, y)[0]
    monkeypatch.setattr("drugresponse.learners.neural._training.choose_place", lambda _: GraphicsPlace("cpu"))
    there = trained(learner, pairs, y)[0]
    for name, array in here.arrays.items():
        np.testing.assert_allclose(there.arrays[name], array, atol=1e-4)
    moved = here.arrays["adapter"] - start(learner, pairs, y).network.arrays()["adapter"]
    assert np.abs(moved).max() > 0.01


def test_choose_place__says_what_there_is():
    assert not isinstance(choose_place("cpu"), GraphicsPlace)
    assert isinstance(choose_place("auto"), GraphicsPlace) == torch.cuda.is_available()
    with pytest.raises(InputError, match=r'^device: "gpu" is unknown\. Did you mean "cpu"\?'):
        choose_place("gpu")
    if not torch.cuda.is_available():
        with pytest.raises(InputError, match=r"^device: found no GPU that torch can use"):
            choose_place("cuda")


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs", "new-drugs"])
def test_neural__slopes_of_tokens_are_those_of_its_predictions(scheme):
    rng = np.random.default_rng(0)
    values = rng.normal(size=(20, 5))
    smiles = ["CCO", "CCN", "", "c1ccccc1"]
    samples, features = [f"s{i:02d}" for i in range(20)], [f"e{j}" for j in range(5)]

    def grid_of(values: np.ndarray) -> Pairs:
        table = Genotypes.from_dense(values, samples, features, kind="score", block="expression")
        drugs = pd.DataFrame({"smiles": smiles}, index=pd.Index(["a", "b", "c", "d"], name="drug_id"))
        return Pairs.grid(table, pd.DataFrame({"tissue": TISSUES * 5}, index=samples, dtype=object), drugs)

    pairs = grid_of(values)
    y = 2 * np.maximum(values[pairs.sample_index, 0], 0) + rng.normal(0, 0.3, len(pairs))
    training = start(NeuralResponse(scheme, hidden=8, members=2), pairs, y)
    network = training.trained_weights(0.7)
    # numbers that no short training reaches, so that each part of the network shows
    moved_far = {name: array + rng.normal(0, 0.3, array.shape) for name, array in network.arrays.items()}
    network = replace(network, arrays=moved_far)
    encoder = training.stage.sample_encoder_
    first = int(np.flatnonzero((encoder.tokens_["block"] == "expression").to_numpy())[0])
    slopes, step = network.token_slopes(pairs), 1e-3
    for token in range(5):
        up, down = values.copy(), values.copy()
        up[:, token] += step
        down[:, token] -= step
        high, low = grid_of(up), grid_of(down)
        ends = [encoder.transform(grid.genotypes, grid.covariates)[:, first + token] for grid in (high, low)]
        rise = (network.predict(high) - network.predict(low)) / (ends[0] - ends[1])[pairs.sample_index]
        assert slopes[first + token] == pytest.approx(np.sqrt(np.mean(rise**2)), rel=0.02), token


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs"])
def test_training__aims_at_what_a_samples_other_responses_do_not_tell(small, scheme):
    pairs, y = small
    own = np.random.default_rng(2).normal(0, 3, 48)[pairs.sample_index]
    training = start(NeuralResponse(scheme), pairs, y + own)
    effects = training.stage.drug_embeddings(pairs)[pairs.drug_index, 0] + training.stage.overall_
    target = training.scale * training.target.astype(np.float64) + effects
    if scheme == "new-samples":
        np.testing.assert_allclose(target, y + own, atol=1e-4)
    else:
        # the factors of seen samples are added to the network's score, so it must not learn them too
        assert abs(np.corrcoef(target, own)[0, 1]) < 0.5 * np.corrcoef(y + own, own)[0, 1]
        shift = training.stage.left_out_shift_[pairs.sample_index, pairs.drug_index]
        np.testing.assert_allclose(target + shift, y + own, atol=1e-4)


@pytest.fixture(scope="module", params=[1, -1], ids=["right", "left"])
def censored(request) -> tuple[Pairs, np.ndarray, np.ndarray]:
    """Pairs that know their censoring, the truth, and responses half of which stop at a limit."""
    rng = np.random.default_rng(0)
    calls = draw_calls(240, 8, rng, share=0.5)
    effects = rng.normal(0, 0.3, (8, 4)) + np.array([1.5, -1, 0, 0, 0, 0, 0, 0])[:, None]
    pairs = made_pairs(calls, 4)
    truth = (calls @ effects)[pairs.sample_index, pairs.drug_index] + rng.normal(0, 0.5, len(pairs))
    side, limit = request.param, float(np.median(truth))
    beyond = side * truth > side * limit
    return replace(pairs, censor=np.where(beyond, side, 0).astype(np.int8)), truth, np.where(beyond, limit, truth)


@pytest.mark.parametrize("scheme", ["new-samples", "random-pairs"])
def test_neural__censored_responses_are_known_to_lie_beyond_the_limit(censored, scheme):
    pairs, truth, y = censored
    train, test = np.flatnonzero(pairs.sample_index % 4), np.flatnonzero(pairs.sample_index % 4 == 0)
    beyond, within = test[pairs.censor[test] != 0], test[pairs.censor[test] == 0]
    settings = {"scheme": scheme, "members": 8, "hidden": 32}
    aware = NeuralResponse(**settings).fit(pairs[train], y[train])
    unaware = NeuralResponse(**settings).fit(replace(pairs, censor=None)[train], y[train])
    bias, naive_bias = (abs(float(np.mean((m.predict(pairs) - truth)[beyond]))) for m in (aware, unaware))
    assert naive_bias > 0.9
    assert bias < 0.65 * naive_bias
    assert rmse(aware.predict(pairs)[beyond], truth[beyond]) < 0.7 * rmse(unaware.predict(pairs)[beyond], truth[beyond])
    assert rmse(aware.predict(pairs)[within], truth[within]) < 0.7
    assert aware.notes()["censored"] == np.count_nonzero(pairs.censor[train])
    assert "censored" not in unaware.notes()


def test_neural__none_censored_is_the_same_model(small):
    pairs, y = small
    settings = {"members": 1, "hidden": 8, "epochs": 5}
    states = [
        NeuralResponse(**settings).fit(replace(pairs, censor=censor), y).get_state()
        for censor in (None, np.zeros(len(y), dtype=np.int8))
    ]
    np.testing.assert_equal(*states)


def test_neural__limits_far_beyond_what_is_measured_stay_finite(small):
    pairs, y = small
    censor = np.where(np.arange(len(y)) % 9 == 0, 1, 0).astype(np.int8)
    far = np.where(censor == 1, y + 1e4, y)
    learner = NeuralResponse(members=1, hidden=8, epochs=5).fit(replace(pairs, censor=censor), far)
    assert np.isfinite(learner.predict(pairs)).all()
    assert np.isfinite(learner.held_out_errors_).all()


def test_training__slope_of_a_censored_row_is_the_tobit_likelihoods(small):
    pairs, y = small
    censor = (np.arange(len(y)) % 3 - 1).astype(np.int8)
    training = start(NeuralResponse(), replace(pairs, censor=censor), y)
    gap, rows = np.linspace(-3, 3, len(y)), np.arange(len(y))
    slopes = training.slopes((training.target + gap)[:, None].astype(np.float32), rows)[:, 0] * len(y)
    beyond = -censor * norm.pdf(gap) / norm.cdf(censor * gap)
    np.testing.assert_allclose(slopes, np.where(censor == 0, np.clip(gap, -1, 1), beyond), atol=1e-5)


def test_neural__tells_the_paired_interval_of_its_gain_over_the_ridge(epistasis):
    learner = NeuralResponse(members=2, hidden=32).fit(*epistasis)
    errors, gain = learner.held_out_errors_, learner.notes()["held_out_gain"]
    # its trial had fewer rows, and so more passes
    assert gain["epoch"] >= learner.epochs_ > 0
    assert gain["mse"] == pytest.approx(errors[0] - errors[1], rel=0.02)
    assert gain["upper"] - gain["mse"] == pytest.approx(gain["mse"] - gain["lower"], abs=2e-6)
    assert 0 < gain["lower"] < gain["mse"]


@pytest.mark.parametrize("setting", [{"hidden": 5}, {"members": 3}, {"learning_rate": 0.02}, {"weight_decay": 50.0}])
def test_neural__settings_of_training_are_heard(small, setting):
    plain = {"members": 2, "hidden": 8, "epochs": 2}
    one, other = (trained(NeuralResponse(**each), *small)[0] for each in (plain, {**plain, **setting}))
    assert rmse(one.predict(small[0]), other.predict(small[0])) > 1e-9


def test_training__caution_drops_more_and_shows_more_of_the_ridge(small):
    pairs, y = small
    stage = FactorRidge().fit(pairs, y)
    settings = TrainingSettings(8, 2, 3, 2e-3, 1e-2, BOLD, "cpu", 0)
    bold, cautious = (
        Training(stage, pairs, y, np.ones(len(y)), replace(settings, manner=manner)) for manner in (BOLD, CAUTIOUS)
    )
    assert cautious.network.dropout > bold.network.dropout
    width = min(11, 1 + stage.rank_)
    np.testing.assert_allclose(cautious.values[:, -width:], 2 * bold.values[:, -width:], rtol=1e-5)
    # what the ridge does not hang on is hardly seen with caution
    least, most = (int(at(stage.token_importance()[bold.inputs.columns])) for at in (np.argmin, np.argmax))
    seen = [each.inputs.weights[least] / each.inputs.weights[most] for each in (bold, cautious)]
    assert seen[1] < seen[0]


def test_training__half_of_the_bold_members_start_without_the_ridge(small):
    pairs, y = small
    stage = FactorRidge().fit(pairs, y)
    settings = TrainingSettings(8, 5, 3, 2e-3, 1e-2, BOLD, "cpu", 0)
    bold, cautious = (
        Training(stage, pairs, y, np.ones(len(y)), replace(settings, manner=manner)) for manner in (BOLD, CAUTIOUS)
    )
    n_tokens, width = len(bold.inputs.columns), min(11, 1 + stage.rank_)
    factors, plain = (np.abs(training.network.arrays()["adapter"]) for training in (bold, cautious))
    np.testing.assert_allclose(plain, 1.0)
    np.testing.assert_allclose(factors[:3], 1.0)
    # what a free member is shown of a token is the token, in one unit for all
    tokens = bold.inputs.scale[0] * stage.tokens(pairs)[:, bold.inputs.columns]
    for factor in factors[3:, :n_tokens]:
        np.testing.assert_allclose(bold.values[:, :n_tokens] * factor, tokens, atol=1e-5)
    assert np.ptp(bold.inputs.weights) > 0.1
    assert (factors[3:, -width:] == 0).all()
    # the seed's draws are those of a network whose members are all tied
    signs = np.sign(bold.network.arrays()["adapter"])[:, :-width]
    np.testing.assert_equal(signs, cautious.network.arrays()["adapter"][:, :-width])


def test_training__free_members_learn_of_the_ridge_as_they_learn_of_all_else(small):
    pairs, y = small
    learner = NeuralResponse(members=2, hidden=16, epochs=20, learning_rate=0.02)
    network, training = trained(learner, pairs, y)
    width = min(11, 1 + training.stage.rank_)
    seen = np.flatnonzero(training.inputs.scale[-width:]) - width
    before, after = start(learner, pairs, y).network.arrays()["adapter"], network.arrays["adapter"]
    assert len(seen)
    assert (before[1, seen] == 0).all()
    assert (after[1, seen] != 0).all()


def test_neural__seed_draws_the_network(small):
    one, other = (
        trained(NeuralResponse(members=1, hidden=8, epochs=1, random_state=seed), *small)[0] for seed in (0, 1)
    )
    assert (one.arrays["tower_in"] != other.arrays["tower_in"]).any()


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("network", "tower_out"), lambda was: was[:-1]),
        (("network", "head"), lambda was: was[:0]),
        (("network", "adapter"), lambda was: was * np.nan),
        (("inputs", "columns"), lambda was: was - 1),
        (("inputs", "columns"), lambda was: was * 0),
        (("inputs", "sites"), lambda was: was - 1),
        (("inputs", "scale"), lambda was: was[:-1]),
        (("share",), lambda was: 1.5),
    ],
)
def test_tied_weights__damaged_state_is_refused(small, place, value):
    network, training = trained(NeuralResponse(hidden=4, members=2, epochs=1), *small)
    state = network.get_state()
    TiedWeights.from_state(state, training.stage)
    at = state["tied"]
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value(at[place[-1]])
    with pytest.raises(ModelFileError):
        TiedWeights.from_state(state, training.stage)
