"""The neural response model as a learner: started at the ridge, trained on the response, stopped on held-out groups."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import TooFewGroupsError, make_folds, units_of_error
from drugresponse.learners.base import relative_weights
from drugresponse.learners.factors.model import genotype_shares
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
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

    Of an outcome that is not continuous, scores on the scale of its link are trained and judged by its loss. Times are
    at risk among the samples of a batch. In training, rare events of yes or no weigh more.

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

        pairs, weights = training_pairs_for(self, pairs.compact()), relative_weights(sample_weight, len(y))
        train, held_out = self._inner_fold(pairs)
        self.epochs_, self.by_loss_ = 0, pairs.outcome.kind != "continuous"
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

        loss = loss_of(pairs, y, weights) if self.by_loss_ else None

        def start(rows: NDArray[np.intp]) -> Training:
            some = pairs[rows].compact()
            stage = self._ridge().fit(some, y[rows], weights[rows])
            own = None if loss is None else loss.take(rows).adjusted(stage.predict_left_out(some))
            return Training(stage, some, y[rows], weights[rows], settings, own)

        # only now, since what is loaded later would keep its own number of threads
        with one_thread():
            if self.epochs and len(train) and len(held_out):
                trial, seen = start(train), pairs[held_out].compact()
                if loss is None:
                    self._watch(trial, seen, weights[held_out], self._squared(seen, y[held_out], trial.scale))
                else:
                    self._watch(trial, seen, weights[held_out], self._by_loss(loss.take(held_out)))
            final = start(np.arange(len(pairs)))
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

    def _squared(self, pairs: Pairs, y: Array, sigma: float) -> Callable[[Array], Array]:
        return lambda predicted: squared_errors(y, predicted, pairs.censor, sigma)

    def _by_loss(self, loss: RowLoss) -> Callable[[Array], Array]:
        # what the loss holds beside the scores is set alike for all epochs
        return lambda scores: loss.adjusted(scores).values(scores)

    def _watch(self, trial: Training, pairs: Pairs, weights: Array, losses_of: Callable[[Array], Array]) -> None:
        """Train while the held-out losses fall; keep the best epoch if it beats epoch 0 beyond noise."""
        start = best = np.zeros(0)
        errors = self.held_out_errors_
        for epoch in range(self.epochs + 1):
            if epoch:
                trial.epoch()
            losses = losses_of(trial.trained_weights().predict(pairs))
            errors.append(float(np.average(losses, weights=weights)))
            what, told = ("loss", errors[-1]) if self.by_loss_ else ("RMSE", errors[-1] ** 0.5)
            logger.info("epoch %d: held-out %s %.4f", epoch, what, told)
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
            gain, lower, upper = paired_gain_interval(start, best, weights, groups)
            what = "loss" if self.by_loss_ else "mse"
            self.held_out_gain_ = {"epoch": least, what: gain, "lower": lower, "upper": upper}

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """Root mean square, over samples and drugs, of each token's slope times its spread, as shares of 1."""
        return genotype_shares(self.stage_.sample_encoder_, self.token_slopes_ * self.stage_.token_spread_)

    def notes(self) -> dict[str, Any]:
        """Epochs trained, and the held-out error beside that of epoch 0, which is the ridge.

        `held_out_gain` is the drop in mean squared error from epoch 0 to the epoch of least error, chosen or not, and
        its paired 95 % interval over groups; that epoch was picked on the same rows, so it flatters. A censored row
        counts in these errors by the Tobit likelihood. Of an outcome that is not continuous, both are told of its mean
        loss, as `held_out_loss` and `held_out_loss_gain`.
        """
        notes: dict[str, Any] = {"epochs": self.epochs_, **self.stage_.notes()}
        if self.n_censored_:
            notes["censored"] = self.n_censored_
        if errors := self.held_out_errors_:
            name, power = ("held_out_loss", 1.0) if self.by_loss_ else ("held_out_rmse", 0.5)
            ends = {"epoch_0": errors[0], "chosen": errors[self.epochs_]}
            notes[name] = {end: round(error**power, 6) for end, error in ends.items()}
        if self.held_out_gain_:
            name = "held_out_loss_gain" if self.by_loss_ else "held_out_gain"
            notes[name] = {end: round(value, 6) for end, value in self.held_out_gain_.items()}
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
        learner.by_loss_ = False
        learner.second_ = NetworkWeights.from_state(state, learner.stage_)
        columns = learner.second_.columns
        learner.members, learner.hidden = columns.members, columns.hidden
        learner.token_slopes_ = state_array(state, "token_slopes", len(learner.stage_.coefficients_))
        return learner
