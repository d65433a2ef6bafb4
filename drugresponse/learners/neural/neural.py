"""The neural response model as a learner: networks that share weights, beside the ridge as far as held-out rows say."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import Fold, TooFewGroupsError, make_folds, units_of_error
from drugresponse.learners.base import relative_weights
from drugresponse.learners.factors.embeddings import score_pairs
from drugresponse.learners.factors.model import genotype_shares
from drugresponse.learners.genotypes_in_memory import training_pairs_for
from drugresponse.learners.losses.base import RowLoss
from drugresponse.learners.losses.losses import loss_of
from drugresponse.learners.neural._held_out_share import shrunken_share
from drugresponse.learners.neural._manners import BOLD, CAUTIOUS, TrainingSettings
from drugresponse.learners.neural._moved_weights import MovedWeights
from drugresponse.learners.neural._sample_inputs import SampleInputs
from drugresponse.learners.neural._tied_weights import TiedWeights
from drugresponse.learners.neural._training import Training
from drugresponse.learners.paired_gain import paired_gain_interval, squared_errors
from drugresponse.learners.ridge.linear import FactorRidge
from drugresponse.learners.ridge.staged import StagedRegressor
from drugresponse.learners.state import Array, State, state_array, state_whole
from drugresponse.threads import one_thread

__all__ = ["NeuralResponse"]

logger = logging.getLogger(__name__)


_SHARES = np.linspace(0.1, 1.0, 10)
"""Those of the network that are tried."""
_FOLDS, _TRIALS, _TRIAL_MEMBERS = 5, 3, 6
"""Folds, how many of them are held out one after the other, and members of a trial."""
_LEAST_SHARE = 0.05
"""Less of the network is not worth its training."""
_MOSTLY = 0.85
"""A bold network with a larger share has said enough: no cautious one is tried."""


@dataclass(frozen=True, eq=False)
class _Rows:
    """Compact pairs, their responses and weights, and the loss where the outcome is not continuous."""

    pairs: Pairs
    y: Array
    weights: Array
    loss: RowLoss | None

    def take(self, rows: NDArray[np.intp]) -> _Rows:
        """Some of them."""
        loss = None if self.loss is None else self.loss.take(rows)
        return _Rows(self.pairs[rows].compact(), self.y[rows], self.weights[rows], loss)

    def training(self, stage: FactorRidge, settings: TrainingSettings) -> Training:
        """A network of these rows, to which the ridge was fitted."""
        loss = None if self.loss is None else self.loss.adjusted(stage.predict_left_out(self.pairs))
        return Training(stage, self.pairs, self.y, self.weights, settings, loss)

    def losses(self, predicted: Array, sigma: float) -> Array:
        """`(n_rows,)` squared errors, of limits by the Tobit likelihood with this noise; or the outcome's losses."""
        if self.loss is None:
            return squared_errors(self.y, predicted, self.pairs.censor, sigma)
        return self.loss.adjusted(predicted).values(predicted)


@dataclass(eq=False, repr=False)
class NeuralResponse(StagedRegressor[TiedWeights | MovedWeights]):
    """Genotype embeddings by an ensemble of networks meet drug embeddings in a product.

    The members share their weights; each sees a sample's tokens, their sums over sites, and the leading columns of the
    ridge's left-out embedding through signs of its own. Half of those that are trained boldly start with tokens that
    weigh the same and nothing of the ridge. The members give the leading columns of a sample embedding, which meets the
    drug vectors of `FactorRidge`: a drug's own, or what its structure says. The embedding of a prediction lies between
    the ridge's and the members' mean. How far, and whether the network is trained boldly or with caution, is told by
    groups held out by the same scheme: the share of least error there, drawn to 0 as far as these rows leave it unsure;
    then the model is trained on all rows. Where nothing is left of the share, the number of epochs is 0 and the model
    is the ridge. The ridge takes a censored response at its limit; training takes it for what it is.

    Of an outcome that is not continuous, scores on the scale of its link are trained and judged by its loss. Times are
    at risk among the samples of a batch. In training, rare events of yes or no weigh more.

    Parameters
    ----------
    scheme
        Split scheme of the deployment.
    rank
        Most interaction factors of the ridge.
    hidden
        Most units of either layer.
    members
        Networks in the ensemble.
    epochs
        Most passes over the training rows; fewer where they make a few hundred steps.
    learning_rate, weight_decay
        Of training.
    device
        `cpu`, `cuda`, or `auto`.
    random_state
        Seed.
    """

    scheme: str = "new-samples"
    rank: int = 256
    hidden: int = 256
    members: int = 16
    epochs: int = 60
    learning_rate: float = 2e-3
    weight_decay: float = 1e-2
    device: str = "cpu"
    random_state: int = 0

    def fit(self, pairs: Pairs, y: Array, sample_weight: Array | None = None) -> NeuralResponse:
        """Choose manner and share of the network on held-out groups, then train on all rows."""
        pairs, weights = training_pairs_for(self, pairs.compact()), relative_weights(sample_weight, len(y))
        folds = self._folds(pairs)
        self.epochs_, self.share_, self.by_loss_ = 0, 0.0, pairs.outcome.kind != "continuous"
        self.held_out_errors_: list[float] = []
        self.held_out_gain_: dict[str, float] = {}
        self.n_censored_ = 0 if pairs.censor is None else int(np.count_nonzero(pairs.censor))
        rows = _Rows(pairs, y, weights, loss_of(pairs, y, weights) if self.by_loss_ else None)
        settings = TrainingSettings(
            hidden=self.hidden,
            members=self.members,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            weight_decay=self.weight_decay,
            manner=BOLD,
            device=self.device,
            random_state=self.random_state,
        )
        with one_thread():
            if self.epochs and folds:
                settings = self._choose(rows, folds, settings)
            self.stage_, shown, self.screened_ = self._start(pairs, y, weights)
            self.second_ = self._trained(replace(rows, pairs=shown), settings)
            self.token_slopes_ = self.second_.token_slopes(shown)
            if self.screened_ is not None:
                self.screened_.forget_scores()
        return self

    def _choose(self, rows: _Rows, folds: Sequence[Fold], settings: TrainingSettings) -> TrainingSettings:
        """The manner that predicts held-out rows best; epochs and share stay 0 where none beats the ridge.

        Smaller ensembles than the last one are tried, on several folds: that a weak signal is one shows in many rows. A
        manner that on the first fold takes the ridge away from the responses is tried on no other.
        """
        held_out, trained, stages = [], [], []
        for train, test in folds:
            part, seen = rows.take(train), rows.take(test)
            stage, shown, screened = self._start_of_part(part.pairs, part.y, part.weights)
            stages.append(stage)
            trained.append(replace(part, pairs=shown))
            held_out.append(seen if screened is None else replace(seen, pairs=screened.shown(seen.pairs)))
        small, chosen = replace(settings, members=min(settings.members, _TRIAL_MEMBERS)), settings
        for manner in (BOLD, CAUTIOUS):
            tried = []
            for part, stage, seen in zip(trained, stages, held_out, strict=True):
                trial = part.training(stage, replace(small, manner=manner))
                tried.append(self._losses_by_share(trial, seen))
                if _slope(tried[0]) <= 0:
                    break
            if self._judge(np.hstack(tried), held_out[: len(tried)], trial, len(tried) == len(folds)):
                chosen = replace(settings, manner=manner)
            if self.share_ > _MOSTLY:
                break
        return chosen

    def _trained(self, rows: _Rows, settings: TrainingSettings) -> TiedWeights:
        """The network of all rows."""
        if not self.share_:
            return TiedWeights.untrained(SampleInputs.fit(self.stage_, self.stage_.tokens(rows.pairs))[0])
        training = rows.training(self.stage_, settings)
        self.epochs_ = training.passes
        for _ in range(self.epochs_):
            training.epoch()
        return training.trained_weights(self.share_)

    def _folds(self, pairs: Pairs) -> list[Fold]:
        """Folds on which networks are tried; none where there are too few groups, and nothing is trained then."""
        try:
            folds = make_folds(pairs, self.scheme, _FOLDS, self.random_state)
        except TooFewGroupsError as error:
            logger.info("neural stays at the ridge: %s", error)
            return []
        return [fold for fold in folds if len(fold[0]) and len(fold[1])][:_TRIALS]

    def _losses_by_share(self, trial: Training, held_out: _Rows) -> Array:
        """`(1 + n_shares, n_rows)` losses of held-out rows by the ridge, and by its sums with the trained network.

        Rates have come down to nothing at the end, which is the best epoch but for noise: picked on held-out rows,
        early epochs of a weak signal were worse on others.
        """
        for _ in range(trial.passes):
            trial.epoch()
        ridge, away = trial.stage.predict(held_out.pairs), _beyond(trial, held_out.pairs)
        return np.stack([held_out.losses(ridge + share * away, trial.scale) for share in (0.0, *_SHARES)])

    def _judge(self, tried: Array, held_out: Sequence[_Rows], trial: Training, is_whole: bool) -> bool:
        """Whether the share that these rows tell of is better than all before; then it is used."""
        weights = np.concatenate([rows.weights for rows in held_out])
        units = [np.unique(units_of_error(rows.pairs, self.scheme), return_inverse=True)[1] for rows in held_out]
        # those of a fold are its own
        starts = np.cumsum([0, *(each.max() + 1 for each in units)])
        groups = np.concatenate([each + start for each, start in zip(units, starts[:-1], strict=True)])
        means = np.average(tried, weights=weights, axis=1)
        least = 1 + int(np.argmin(means[1:]))
        share, drop = shrunken_share(tried[0] - tried[1:], _SHARES, weights, groups) if is_whole else (0.0, 0.0)
        what, ends = ("loss", means) if self.by_loss_ else ("RMSE", np.sqrt(means))
        words = "%s training: held-out %s %.4f, of the ridge %.4f, with a share of %.1f, of which %.2f is sure"
        logger.info(words, trial.settings.manner.name, what, ends[least], ends[0], _SHARES[least - 1], share)
        if self.held_out_errors_ and drop <= self.held_out_errors_[0] - self.held_out_errors_[1]:
            return False
        self.held_out_errors_ = [float(means[0]), float(means[0] - drop)]
        self.share_ = share if share >= _LEAST_SHARE else 0.0
        gain, lower, upper = paired_gain_interval(tried[0], tried[least], weights, groups)
        name = "loss" if self.by_loss_ else "mse"
        self.held_out_gain_ = {"epoch": trial.passes, name: gain, "lower": lower, "upper": upper}
        return True

    def feature_weights(self) -> tuple[list[tuple[str, str]], Array]:
        """Root mean square, over samples and drugs, of each token's slope times its spread, as shares of 1."""
        weights = self.token_slopes_ * self.stage_.token_spread_
        return self._of_features(*genotype_shares(self.stage_.sample_encoder_, weights))

    def notes(self) -> dict[str, Any]:
        """Epochs trained, the network's share, and the held-out error beside that of epoch 0, which is the ridge.

        `held_out_gain` is the drop in mean squared error from the ridge to its sum with the network, used or not, and
        its paired 95 % interval over groups; the share was picked on the same rows, so it flatters. A censored row
        counts in these errors by the Tobit likelihood. Of an outcome that is not continuous, both are of its mean loss,
        as `held_out_loss` and `held_out_loss_gain`.
        """
        notes: dict[str, Any] = {"epochs": self.epochs_, "share_of_network": self.share_, **self._whole().notes()}
        if self.n_censored_:
            notes["censored"] = self.n_censored_
        if errors := self.held_out_errors_:
            name, power = ("held_out_loss", 1.0) if self.by_loss_ else ("held_out_rmse", 0.5)
            ends = {"epoch_0": errors[0], "chosen": errors[int(self.epochs_ > 0)]}
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
        learner._restore_stage(state, settings)
        learner.epochs_ = state_whole(state, "epochs", 2**53)
        learner.held_out_errors_, learner.held_out_gain_, learner.n_censored_ = [], {}, 0
        learner.by_loss_ = False
        if "tied" in state:
            learner.second_ = TiedWeights.from_state(state, learner.stage_)
            learner.share_ = learner.second_.share
            if learner.share_:
                learner.members, learner.hidden = learner.second_.arrays["tower_in_bias"].shape
        else:
            # files of the first releases
            learner.second_ = MovedWeights.from_state(state, learner.stage_)
            columns = learner.second_.columns
            learner.members, learner.hidden, learner.share_ = columns.members, columns.hidden, 1.0
        learner.token_slopes_ = state_array(state, "token_slopes", len(learner.stage_.coefficients_))
        return learner


def _slope(tried: Array) -> float:
    """How a little of the network lowers the loss of held-out rows."""
    return float((tried[0] - tried[1]).sum())


def _beyond(trial: Training, pairs: Pairs) -> Array:
    """`(n_pairs,)` what the network has beyond the ridge's prediction of new pairs, at a share of 1."""
    stage = trial.stage
    tokens, drugs = stage.tokens(pairs), stage.drug_embeddings(pairs)
    ridge, members, ahead = stage.map_tokens(tokens), trial.embedded(tokens), np.zeros((len(tokens), drugs.shape[1]))
    ahead[:, : ridge.shape[1]] = -ridge
    ahead[:, : members.shape[1]] += members
    # both have the drugs' effects
    return score_pairs(ahead, drugs, pairs) - drugs[pairs.drug_index, 0]
