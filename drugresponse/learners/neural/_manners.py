"""How a network is trained: boldly where genotype decides, with caution where it says little."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["BOLD", "CAUTIOUS", "Manner", "TrainingSettings"]


@dataclass(frozen=True)
class Manner:
    """How freely a network leaves the ridge.

    Attributes
    ----------
    name
        A word for people.
    dropout
        Share of hidden units dropped in training.
    huber
        Errors beyond it, in units of the ridge's residual, pull no harder than one of this size.
    weight_of_ridge
        How large the ridge's embedding is among the inputs.
    floor
        What a token weighs on which the ridge does not hang at all, beside 1 of the one on which it hangs most.
    free
        Share of the members that start without the ridge: all tokens weigh the same, and its embedding is not seen.
    """

    name: str
    dropout: float
    huber: float
    weight_of_ridge: float
    floor: float
    free: float


BOLD = Manner("bold", dropout=0.1, huber=0.3, weight_of_ridge=1.0, floor=0.3, free=0.5)
"""Where genotype decides: what is left is outliers, and genes that only act together, on which no ridge hangs."""
CAUTIOUS = Manner("cautious", dropout=0.6, huber=1.0, weight_of_ridge=2.0, floor=0.02, free=0.0)
"""Where it says little: what is left is noise."""


@dataclass(frozen=True)
class TrainingSettings:
    """How a network is trained; the parameters are those of `NeuralResponse`."""

    hidden: int
    members: int
    epochs: int
    learning_rate: float
    weight_decay: float
    manner: Manner
    device: str
    random_state: int
