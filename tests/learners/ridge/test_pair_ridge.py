"""Ridge on pairs: the solution of a dense Gaussian process, folded into embeddings."""

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from scipy.optimize import nnls

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import InputError
from drugresponse.features.drugs import DrugEncoder
from drugresponse.learners.registry import make_learner
from drugresponse.learners.ridge import pair_ridge
from drugresponse.learners.ridge._variance_components import variance_components
from drugresponse.learners.ridge.pair_ridge import PairRidge
from drugresponse.learners.stack.stack import candidates_for
from drugresponse.simulation.cohort import simulate_cohort

N_SAMPLES, N_DRUGS, N_FEATURES = 150, 60, 12
PARTS = {"drug": 1.0, "sample": 0.5, "joint": 0.6, "noise": 0.3}


@pytest.fixture(scope="module")
def sparse_screen():
    """Pairs of a screen with a tenth of the grid measured; the responses of all pairs are returned beside them."""
    rng = np.random.default_rng(1)
    drugs = simulate_cohort(n_samples=20, n_drugs=N_DRUGS, n_features=20).drugs
    bits, _ = DrugEncoder().fit(drugs).transform(drugs)
    samples = [f"s{i}" for i in range(N_SAMPLES)]
    carried = rng.binomial(1, 0.3, (N_SAMPLES, N_FEATURES)).astype(float)
    scaled = (carried - carried.mean(axis=0)) / np.sqrt(carried.var(axis=0).sum())
    structure = bits @ rng.normal(0, 1, (bits.shape[1], N_FEATURES))
    truth = PARTS["drug"] * rng.normal(0, 1, N_DRUGS) + PARTS["sample"] * rng.normal(0, 1, (N_SAMPLES, 1))
    truth = truth + PARTS["joint"] * scaled @ structure.T
    table = pd.DataFrame([(s, d) for s in samples for d in drugs.index], columns=["sample_id", "drug_id"])
    genotypes = Genotypes.from_dense(carried, samples, [f"g{i:02d}" for i in range(N_FEATURES)])
    pairs = Pairs.build(genotypes, pd.DataFrame(index=genotypes.sample_ids), drugs, table)
    measured = np.flatnonzero(rng.uniform(size=len(pairs)) < 0.15)
    truth = truth[pairs.sample_index, pairs.drug_index]
    y = truth[measured] + rng.normal(0, PARTS["noise"], len(measured))
    return pairs, measured, y, truth


def test_variances__are_those_that_were_planted(sparse_screen):
    pairs, measured, y, _ = sparse_screen
    shares = PairRidge("random-pairs").fit(pairs[measured], y).notes()["variance_shares"]
    total = sum(part**2 for part in PARTS.values())
    drugs = sum(shares.get(f"any x {kind}", 0) for kind in ("same", "structure"))
    assert drugs == pytest.approx(PARTS["drug"] ** 2 / total, abs=0.2)
    assert shares["same x any"] == pytest.approx(PARTS["sample"] ** 2 / total, abs=0.1)
    assert shares["tokens altered x joint"] > 0.05
    assert sum(shares.values()) == pytest.approx(1)


@pytest.mark.parametrize("scheme", ["random-pairs", "new-samples", "new-drugs", "new-samples-and-drugs"])
def test_predictions__are_those_of_the_kernel(sparse_screen, scheme, monkeypatch):
    """The folded coefficients give what the dual solution gives with the whole kernel matrix."""
    pairs, measured, y, _ = sparse_screen
    solved = []
    solve = pair_ridge._Kernels.solve

    def keep(self, *arguments):
        solved.append((self, solve(self, *arguments)))
        return solved[0][1]

    monkeypatch.setattr(pair_ridge._Kernels, "solve", keep)
    train, new = pairs[measured].compact(), pairs[np.setdiff1d(np.arange(len(pairs)), measured)]
    model = PairRidge(scheme).fit(train, y)
    kernels, dual = solved[0]
    bits, _ = model.drug_encoder_.transform(new.drugs)
    tokens = model.sample_encoder_.transform(new.genotypes, new.covariates)
    same_sample = (new.genotypes.sample_ids.to_numpy()[:, None] == train.genotypes.sample_ids.to_numpy()) * 1.0
    same_drug = (new.drugs.index.to_numpy()[:, None] == train.drugs.index.to_numpy()) * 1.0
    known = find_scheme(scheme)
    same_sample, same_drug = same_sample * known.sample_effect, same_drug * known.drug_effect
    structure = bits @ kernels.bits.T
    drugs = {"any": np.ones_like(structure), "same": same_drug, "structure": structure}
    drugs["joint"] = kernels.own * same_drug + (1 - kernels.own) * structure
    samples = {"any": np.ones_like(same_sample), "same": same_sample}
    for name, columns in kernels.blocks.items():
        samples[name] = tokens[:, columns] @ kernels.tokens[:, columns].T
    expected = np.full(len(new), model.overall_)
    for (a, b), share in zip(kernels.components, kernels.variances.shares, strict=True):
        left, right = samples[a][:, train.sample_index], drugs[b][:, train.drug_index]
        expected += share * np.einsum("pq,pq,q->p", left[new.sample_index], right[new.drug_index], dual)
    np.testing.assert_allclose(model.predict(new), expected, atol=1e-8)


def test_weights__are_heeded(sparse_screen):
    pairs, measured, y, _ = sparse_screen
    weights = np.linspace(0.5, 2.0, len(y))
    train = pairs[measured]
    fitted = PairRidge("random-pairs").fit(train, y, weights).predict(train)
    heavy, light = weights > 1.6, weights < 0.9
    assert np.abs(y - fitted)[heavy].mean() < np.abs(y - fitted)[light].mean()


def test_sparse_screen__is_predicted_better_than_by_the_ridge_on_factors(sparse_screen):
    pairs, measured, y, truth = sparse_screen
    new = np.setdiff1d(np.arange(len(pairs)), measured)
    errors = {}
    for name in ("additive-mean", "ridge", "pair-ridge"):
        predicted = make_learner(name, {"scheme": "random-pairs"}).fit(pairs[measured], y).predict(pairs[new])
        errors[name] = float(np.mean((predicted - truth[new]) ** 2))
    assert errors["pair-ridge"] < 0.95 * min(errors["additive-mean"], errors["ridge"])


def test_new_drug__leans_on_its_structure(sparse_screen):
    """Drugs that training lacks, in a scheme of new drugs: better than the mean of all others."""
    pairs, measured, y, truth = sparse_screen
    held = np.flatnonzero(pairs.drug_index % 4 == 0)
    train = np.setdiff1d(measured, held)
    model = PairRidge("new-drugs").fit(pairs[train], y[np.isin(measured, train)])
    naive = make_learner("additive-mean", {"scheme": "new-drugs"}).fit(pairs[train], y[np.isin(measured, train)])
    errors = [float(np.mean((learner.predict(pairs[held]) - truth[held]) ** 2)) for learner in (model, naive)]
    assert errors[0] < errors[1]


def test_too_many_samples__are_refused(sparse_screen, monkeypatch):
    pairs, measured, y, _ = sparse_screen
    monkeypatch.setattr(pair_ridge, "_MOST_SAMPLES", 100)
    with pytest.raises(InputError, match=r"pair-ridge: found \d+ samples \(expected at most 100\)"):
        PairRidge().fit(pairs[measured], y)


def test_variance_components__are_those_of_plain_regression():
    """Against least squares over all pairs of responses, written out."""
    rng = np.random.default_rng(3)
    values = np.where(rng.uniform(size=(12, 9)) < 0.6, rng.normal(size=(12, 9)), 0.0)
    tokens = rng.normal(size=(12, 3))
    samples = {"any": np.ones((12, 12)), "same": np.eye(12), "tokens": tokens @ tokens.T}
    drugs = {"any": np.ones((9, 9)), "same": np.eye(9)}
    components = [("any", "same"), ("same", "any"), ("tokens", "same")]
    grid = sparse.csr_array(values)
    i, j = grid.tocoo().coords
    apart = ~np.eye(grid.nnz, dtype=bool)
    design = np.column_stack([(samples[a][np.ix_(i, i)] * drugs[b][np.ix_(j, j)])[apart] for a, b in components])
    products = np.outer(grid.data, grid.data)[apart]
    variances = variance_components(grid, samples, drugs, components)
    np.testing.assert_allclose(variances.shares, nnls(design, products)[0], atol=1e-8)


def test_auto__tries_it_on_sparse_grids_alone(sparse_screen):
    pairs, measured, _, _ = sparse_screen
    thin = measured[: len(measured) // 2]
    assert "pair-ridge" in candidates_for(pairs[thin[::2]])
    assert "pair-ridge" not in candidates_for(pairs)
