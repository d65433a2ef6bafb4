"""The neural response model as a learner: started at the ridge, trained on the response, stopped on held-out groups."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, make_folds, units_of_error
from drugresponse.learners.base import relative_weights
from drugresponse.learners.factors.model import genotype_shares
from drugresponse.learners.neural._network_weights import NetworkWeights
from drugresponse.learners.paired_gain import paired_gain_interval, paired_gain_over_noise, squared_errors
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.ridge.staged import StagedRegressor
from drugresponse.learners.state import Array, State, state_array, state_whole
from drugresponse.threads import one_thread

if TYPE_CHECKING:
    from drugresponse.learners.neural._training import Training

__all__ = ["NeuralResponse"]

logger = logging.getLogger(__name__)


@dataclass(eq=False, repr=False)
class NeuralResponse(StagedRegressor[NetworkWeights]):
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

    scheme: str = "new-samples"
    rank: int = 256
    hidden: int = 64
    members: int = 4
    epochs: int = 60
    patience: int = 12
    learning_rate: float = 5e-3
    weight_decay: float = 1e-2
    dropout: float = 0.1
    device: str = "cpu"
    random_state: int = 0

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> NeuralResponse:
        """Choose the number of epochs on held-out groups, then train on all rows."""
        # torch takes a second to load, and prediction does without it
        from drugresponse.learners.neural._training import Training, TrainingSettings

        pairs, weights = pairs.compact(), relative_weights(sample_weight, len(y))
        train, held_out = self._inner_fold(pairs)
        self.epochs_ = 0
        self.held_out_errors_: list[float] = []
        self.held_out_gain_: dict[str, float] = {}
        self.n_censored_ = 0 if pairs.censor is None else int(np.count_nonzero(pairs.censor))
        settings = TrainingSettings(
            hidden=self.hidden,
            members=self.members,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            dropout=self.dropout,
            device=self.device,
            random_state=self.random_state,
        )

        def start(pairs: Pairs, y: Array, weights: Array) -> Training:
            stage = self._ridge().fit(pairs, y, weights)
            return Training(stage, pairs, y, weights, settings)

        # only now, since what is loaded later would keep its own number of threads
        with one_thread():
            if self.epochs and len(train) and len(held_out):
                trial = start(pairs[train].compact(), y[train], weights[train])
                self._watch(trial, pairs[held_out].compact(), y[held_out], weights[held_out])
            final = start(pairs, y, weights)
            for _ in range(self.epochs_):
                final.epoch()
            self.stage_, self.second_ = final.stage, final.trained_weights()
            self.token_slopes_ = self.second_.token_slopes(pairs)
        return self

    def _inner_fold(self, pairs: Pairs) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
        """Training and held-out rows; none is held out where there are too few groups, and nothing is trained then."""
        try:
            return make_folds(pairs, self.scheme, 5, self.random_state)[0]
        except TooFewGroupsError as error:
            logger.info("neural stays at the ridge that it starts from: %s", error)
            return np.arange(len(pairs)), np.zeros(0, dtype=np.intp)

    def _watch(self, trial: Training, pairs: Pairs, y: Array, weights: Array) -> None:
        """Train while the held-out squared error falls; keep the best epoch if it beats epoch 0 beyond noise."""
        start = best = np.zeros(0)
        errors = self.held_out_errors_
        for epoch in range(self.epochs + 1):
            if epoch:
                trial.epoch()
            losses = squared_errors(y, trial.trained_weights().predict(pairs), pairs.censor, trial.scale)
            errors.append(float(np.average(losses, weights=weights)))
            logger.info("epoch %d: held-out RMSE %.4f", epoch, errors[-1] ** 0.5)
            if epoch == 0:
                start = losses
            if int(np.argmin(errors)) == epoch:
                best = losses
            elif epoch - int(np.argmin(errors)) >= self.patience:
                break
        groups, least = units_of_error(pairs, self.scheme), int(np.argmin(errors))
        if paired_gain_over_noise(start, best, weights, groups) > 1:
            self.epochs_ = least
        if least:
            mse, lower, upper = paired_gain_interval(start, best, weights, groups)
            self.held_out_gain_ = {"epoch": least, "mse": mse, "lower": lower, "upper": upper}

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """Root mean square, over samples and drugs, of each token's slope times its spread, as shares of 1."""
        return genotype_shares(self.stage_.sample_encoder_, self.token_slopes_ * self.stage_.token_spread_)

    def notes(self) -> dict[str, Any]:
        """Epochs trained, and the held-out error beside that of epoch 0, which is the ridge.

        `held_out_gain` is the drop in mean squared error from epoch 0 to the epoch of least error, chosen or not, and
        its paired 95 % interval over groups; that epoch was picked on the same rows, so it flatters. A censored row
        counts in these errors by the Tobit likelihood.
        """
        notes: dict[str, Any] = {"epochs": self.epochs_, **self.stage_.notes()}
        if self.n_censored_:
            notes["censored"] = self.n_censored_
        if errors := self.held_out_errors_:
            chosen = errors[self.epochs_]
            notes["held_out_rmse"] = {"epoch_0": round(errors[0] ** 0.5, 6), "chosen": round(chosen**0.5, 6)}
        if self.held_out_gain_:
            notes["held_out_gain"] = {name: round(value, 6) for name, value in self.held_out_gain_.items()}
        return notes

    def get_state(self) -> State:
        """The ridge, the network's numbers, and what training chose."""
        return {"epochs": self.epochs_, "token_slopes": self.token_slopes_, **super().get_state()}

    @classmethod
    def from_state(cls, state: State, **settings: Any) -> NeuralResponse:
        """A fitted learner from its state."""
        learner = cls(**settings)
        learner.stage_ = FactorRidge.from_state(state["stage"], **FactorRidge.own_settings(settings))
        learner.epochs_ = state_whole(state, "epochs", 2**53)
        learner.held_out_errors_, learner.held_out_gain_, learner.n_censored_ = [], {}, 0
        learner.second_ = NetworkWeights.from_state(state, learner.stage_)
        columns = learner.second_.columns
        learner.members, learner.hidden = columns.members, columns.hidden
        learner.token_slopes_ = state_array(state, "token_slopes", len(learner.stage_.coefficients_))
        return learner
