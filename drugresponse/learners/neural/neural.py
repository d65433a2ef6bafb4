"""The neural response model as a learner: started at the ridge, trained on the response, stopped on held-out groups."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.validation import check_is_fitted

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, find_scheme, make_folds, units_of_error
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.contributions import Contributions, EmbeddingParts, product_contributions
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.factors.model import genotype_shares
from drugresponse.learners.neural._network_parts import NetworkParts, token_slopes
from drugresponse.learners.paired_gain import gain_interval, gain_over_noise, squared_errors
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.state import State, damaged, state_array, state_number, state_whole
from drugresponse.threads import one_thread

if TYPE_CHECKING:
    from drugresponse.learners.neural._training import Training

__all__ = ["NeuralResponse"]

logger = logging.getLogger(__name__)

_SLOPE_SAMPLES = 24
"""Samples at which the slopes of the trained network are taken."""


class NeuralResponse(PairRegressor):
    """Genotype embeddings meet drug embeddings in a low-rank product, with a non-linear head.

    The embeddings start at the closed form of `FactorRidge`; the head starts at zero: epoch 0 predicts what the ridge
    predicts. The number of epochs is chosen on groups held out by the same scheme, then the model is trained on all
    rows for as many; where training adds nothing, that number is 0 and the model is the ridge. The ridge takes a
    censored response at its limit; training takes it for what it is, so that epochs move the prediction beyond it.

    Parameters
    ----------
    scheme
        Split scheme of the deployment.
    rank
        Most interaction factors of the start.
    hidden
        Width of the head.
    members
        Networks in the ensemble, trained as one batched model.
    epochs
        Most passes over the training rows.
    patience
        Passes without improvement on the held-out rows after which training ends.
    learning_rate, weight_decay, dropout
        Of the head; the embeddings move at a tenth of the rate. Decay pulls towards the start.
    device
        `cpu`, `cuda`, or `auto`.
    random_state
        Seed.
    """

    def __init__(
        self,
        scheme: str = "new-samples",
        rank: int = 256,
        hidden: int = 64,
        members: int = 4,
        epochs: int = 60,
        patience: int = 12,
        learning_rate: float = 5e-3,
        weight_decay: float = 1e-2,
        dropout: float = 0.1,
        device: str = "cpu",
        random_state: int = 0,
    ) -> None:
        self.scheme = scheme
        self.rank = rank
        self.hidden = hidden
        self.members = members
        self.epochs = epochs
        self.patience = patience
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.dropout = dropout
        self.device = device
        self.random_state = random_state

    def fit(
        self, pairs: Pairs, y: NDArray[np.float64], sample_weight: NDArray[np.float64] | None = None
    ) -> NeuralResponse:
        """Choose the number of epochs on held-out groups, then train on all rows."""
        # torch takes a second to load, and prediction does without it
        from drugresponse.learners.neural._training import Training

        pairs = pairs.compact()
        weights = np.ones(len(y)) if sample_weight is None else sample_weight / sample_weight.mean()
        train, held = self._inner_fold(pairs)
        self.epochs_ = 0
        self.held_out_errors_: list[float] = []
        self.held_out_gain_: dict[str, float] = {}
        self.n_censored_ = 0 if pairs.censor is None else int(np.count_nonzero(pairs.censor))
        # only now, since what is loaded later would keep its own number of threads
        with one_thread():
            if self.epochs and len(train) and len(held):
                trial = Training(self, pairs[train].compact(), y[train], weights[train])
                self.held_out_errors_ = self._watch(trial, pairs[held].compact(), y[held], weights[held])
            final = Training(self, pairs, y, weights)
            for _ in range(self.epochs_):
                final.epoch()
            self.stage_ = final.stage
            self._keep(final)
            self.token_slopes_ = self._token_slopes(pairs)
        return self

    def _inner_fold(self, pairs: Pairs) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Training and held-out rows; none is held out where there are too few groups, and nothing is trained then."""
        try:
            return make_folds(pairs, self.scheme, 5, self.random_state)[0]
        except TooFewGroupsError as error:
            logger.info("neural stays at the ridge that it starts from: %s", error)
            return np.arange(len(pairs)), np.zeros(0, dtype=np.intp)

    def _watch(
        self, trial: Training, pairs: Pairs, y: NDArray[np.float64], weights: NDArray[np.float64]
    ) -> list[float]:
        """Train while the held-out squared error falls; keep the best epoch if it beats epoch 0 beyond noise.

        Returns
        -------
        list of float
            Mean squared error on held-out rows before training and after each epoch.
        """
        self.stage_ = trial.stage
        start = best = np.zeros(0)
        errors: list[float] = []
        for epoch in range(self.epochs + 1):
            if epoch:
                trial.epoch()
            self._keep(trial)
            losses = squared_errors(y, self.predict(pairs), pairs.censor, trial.scale)
            errors.append(float(np.average(losses, weights=weights)))
            logger.info("epoch %d: held-out RMSE %.4f", epoch, errors[-1] ** 0.5)
            if epoch == 0:
                start = losses
            if int(np.argmin(errors)) == epoch:
                best = losses
            elif epoch - int(np.argmin(errors)) >= self.patience:
                break
        groups, least = units_of_error(pairs, self.scheme), int(np.argmin(errors))
        if gain_over_noise(start, best, weights, groups) > 1:
            self.epochs_ = least
        if least:
            found = gain_interval(start, best, weights, groups)
            self.held_out_gain_ = {"epoch": least, **dict(zip(("mse", "lower", "upper"), found, strict=True))}
        return errors

    def _keep(self, training: Training) -> None:
        """Take the network's numbers, so that prediction needs no torch."""
        network = training.network
        self.scale_ = training.scale
        self.parameters_: dict[str, NDArray[np.float64]] = {
            name: value.detach().cpu().double().numpy().copy() for name, value in network.named_parameters()
        }
        self.input_scale_ = training.input_scale

    def _sample_embeddings(self, pairs: Pairs) -> NDArray[np.float64]:
        """`(n_samples, 1 + rank + n_seen + members * (moved + hidden))`, which the drugs' embeddings meet in a product.

        A product of two moved factors is that of the closed form, and of each delta with the other side.
        """
        tokens = self.stage_.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
        return self._embed(tokens, self.stage_.seen_.of(pairs.genotypes.sample_ids))

    def _embed(self, tokens: NDArray[np.float64], seen: NDArray[np.float64]) -> NDArray[np.float64]:
        numbers, n = self.parameters_, self.members
        base = np.hstack([self.stage_._map(tokens), seen])
        scaled, main, parts = tokens * self.input_scale_, base[:, 0].copy(), []
        moved = numbers["drug_delta"].shape[2]
        for m in range(n):
            delta = scaled @ numbers["token_delta"][m] + numbers["intercept_delta"][m]
            hidden = np.maximum(scaled @ numbers["tower_in"][m] + numbers["tower_in_bias"][m], 0.0)
            tower = np.maximum(hidden @ numbers["tower_out"][m] + numbers["tower_out_bias"][m], 0.0)
            main += self.scale_ / n * (delta[:, 0] + tower @ numbers["head_common"][m])
            share = self.scale_ / n
            parts += [share * delta[:, 1:], base[:, 1:moved] / n + share * delta[:, 1:], share * tower]
        return np.column_stack([main, base[:, 1:], *parts])

    def _drug_embeddings(self, pairs: Pairs, *, shows_structure: bool = True) -> NDArray[np.float64]:
        """`(n_drugs, 1 + rank + n_seen + members * (moved + hidden))`; a new drug's from structure, if shown."""
        numbers, n, stage = self.parameters_, self.members, self.stage_
        use_own = find_scheme(self.scheme).drug_effect
        at = stage.drugs_.drug_ids.get_indexer(pairs.drugs.index)
        seen = (at >= 0) & use_own
        bits = stage.drug_encoder_.transform(pairs.drugs)[0] * (seen | shows_structure)[:, None]
        base = stage.drugs_.of(bits, pairs.drugs.index, use_own)
        main, parts, moved = base[:, 0].copy(), [], numbers["drug_delta"].shape[2]
        for m in range(n):
            delta, head = np.zeros((len(bits), moved)), bits @ numbers["head_structure"][m]
            delta[seen] = numbers["drug_delta"][m][at[seen]]
            head[seen] += numbers["head_drug"][m][at[seen]]
            main += self.scale_ / n * delta[:, 0]
            parts += [base[:, 1:moved], delta[:, 1:], head]
        return np.column_stack([main, base[:, 1:], *parts])

    def predict(self, pairs: Pairs) -> NDArray[np.float64]:
        """Mean of the members; each distinct sample and drug is embedded once, a grid is one matrix product."""
        check_is_fitted(self, "parameters_")
        embedded = self._sample_embeddings(pairs), self._drug_embeddings(pairs)
        return self.stage_.overall_ + score_pairs(*embedded, pairs)

    def feature_weights(self) -> tuple[list[tuple[str, str]], NDArray[np.float64]]:
        """Root mean square, over samples and drugs, of each token's slope times its spread, as shares of 1."""
        check_is_fitted(self, "token_slopes_")
        return genotype_shares(self.stage_.sample_encoder_, self.token_slopes_ * self.stage_.token_spread_)

    def _token_slopes(self, pairs: Pairs) -> NDArray[np.float64]:
        stage = self.stage_
        some = np.unique(np.linspace(0, pairs.genotypes.shape[0] - 1, _SLOPE_SAMPLES).astype(np.intp))
        tokens = stage.sample_encoder_.transform(pairs.genotypes.take(some), pairs.covariates.iloc[some])
        return token_slopes(self, tokens * self.input_scale_, self._drug_embeddings(pairs))

    def contribution_parts(self) -> pd.DataFrame:
        """Those of the ridge stage."""
        check_is_fitted(self, "parameters_")
        return self.stage_.contribution_parts()

    def contributions(self, pairs: Pairs) -> Iterator[Contributions]:
        """The ridge's parts as training moved them, and the towers' integrated gradients from the mean sample."""
        check_is_fitted(self, "parameters_")
        pairs, stage = pairs.compact(), self.stage_
        tokens = stage.sample_encoder_.transform(pairs.genotypes, pairs.covariates)
        seen, drugs = stage.seen_.of(pairs.genotypes.sample_ids), self._drug_embeddings(pairs)
        mean = self._embed(np.zeros((1, tokens.shape[1])), np.zeros((1, seen.shape[1])))[0]
        measured = np.zeros((len(tokens), len(mean)))
        measured[:, 1 + stage.rank_ : 1 + stage.rank_ + seen.shape[1]] = seen
        parts = EmbeddingParts(stage.overall_, mean, measured, NetworkParts(self, tokens).of)
        plain = self._drug_embeddings(pairs, shows_structure=False)
        return product_contributions(pairs, parts, drugs, plain, stage.part_kinds(), self.predict(pairs))

    def notes(self) -> dict[str, Any]:
        """Epochs trained, and the held-out error beside that of epoch 0, which is the ridge.

        `held_out_gain` is the drop in mean squared error from epoch 0 to the epoch of least error, chosen or not, and
        its paired 95 % interval over groups; that epoch was picked on the same rows, so it flatters. A censored row
        counts in these errors by the Tobit likelihood.
        """
        told: dict[str, Any] = {"epochs": self.epochs_, **self.stage_.notes()}
        if self.n_censored_:
            told["censored"] = self.n_censored_
        if errors := self.held_out_errors_:
            chosen = errors[self.epochs_]
            told["held_out_rmse"] = {"epoch_0": round(errors[0] ** 0.5, 6), "chosen": round(chosen**0.5, 6)}
        if self.held_out_gain_:
            told["held_out_gain"] = {name: round(value, 6) for name, value in self.held_out_gain_.items()}
        return told

    def get_state(self) -> State:
        """The ridge stage and the network's numbers."""
        return {
            "stage": self.stage_.get_state(),
            "epochs": self.epochs_,
            "scale": self.scale_,
            "input_scale": self.input_scale_,
            "token_slopes": self.token_slopes_,
            "network": {name: value.astype(np.float32) for name, value in self.parameters_.items()},
        }

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> NeuralResponse:
        """A fitted learner from its state."""
        learner = cls(**settings)
        held = learner.stage_ = FactorRidge.from_state(state["stage"], **FactorRidge.own_settings(settings))
        learner.epochs_ = state_whole(state, "epochs", 2**53)
        learner.scale_, learner.input_scale_ = state_number(state, "scale"), state_number(state, "input_scale")
        learner.held_out_errors_, learner.held_out_gain_, learner.n_censored_ = [], {}, 0
        network, width = state["network"], state["network"]["intercept_delta"].shape[-1]
        n, hidden = learner.members, learner.hidden = state_array(network, "tower_in_bias", -1, -1).shape
        n_tokens, n_drugs, n_bits = len(held.coefficients_), len(held.drugs_.own), len(held.drugs_.structure)
        if not (n and hidden and 0 < width <= 1 + held.rank_):
            raise damaged("the network has no members")
        shapes = {
            "token_delta": (n, n_tokens, width),
            "intercept_delta": (n, width),
            "drug_delta": (n, n_drugs, width),
            "tower_in": (n, n_tokens, hidden),
            "tower_in_bias": (n, hidden),
            "tower_out": (n, hidden, hidden),
            "tower_out_bias": (n, hidden),
            "head_common": (n, hidden),
            "head_drug": (n, n_drugs, hidden),
            "head_structure": (n, n_bits, hidden),
        }
        learner.token_slopes_ = state_array(state, "token_slopes", n_tokens)
        learner.parameters_ = {name: state_array(network, name, *each).astype(float) for name, each in shapes.items()}
        return learner
