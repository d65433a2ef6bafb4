"""How much memory a training will need, so that it can be refused before it is begun, and what would need less."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from drugresponse.data.stored_values import stays_stored
from drugresponse.errors import InputError, MemoryLimitError
from drugresponse.learners.level_sizes import MOST_KERNEL_SAMPLES, level_sizes

__all__ = ["TrainingSize", "estimate_megabytes", "most_waves", "refuse_too_little_memory"]

_OF_NUMBER = 8
_OF_FEATURE = 1_000
"""Bytes of a row of the table of features, and of what is told of its token."""
_OF_PAIR = 500
_BLOCKS = 150_000_000
"""Bytes of the blocks in which stored genotypes are read, and of what is made of them."""
_INPUTS = 100
"""Inputs of trees on pairs."""
_SETS, _LOOKS, _COMMON, _SIZES = 6, 2, 24, 11
"""Of `sparse`: fits to all rows and without each fold, looks, targets that drugs have in common, sizes of an effect."""
_LEADING, _MORE_LEADING, _MOST_LEADING = 500, 50, 1500
_FOLDS = 5
"""Of the first of two levels."""
_WAVES, _FEWEST_WAVES, _MOST_WAVES_IN_ALL = 4000, 500, 8_000_000


@dataclass(frozen=True)
class TrainingSize:
    """What a training is as large as.

    Attributes
    ----------
    n_samples, n_features, n_drugs, n_pairs
        Features as often as they are tokens: with a treatment arm, once more for each arm but the first.
    n_jobs
        Fits run at once.
    in_processes
        Whether each of them has a process of its own, with libraries and genotypes of its own.
    """

    n_samples: int
    n_features: int
    n_drugs: int
    n_pairs: int
    n_jobs: int = 1
    in_processes: bool = False

    @property
    def is_stored(self) -> bool:
        """Whether the genotypes are read in blocks, and never held as a whole."""
        return stays_stored((self.n_samples, self.n_features))


@dataclass(frozen=True)
class _Needs:
    """Megabytes of libraries, and how many copies a fit holds.

    Of all tokens, of a number for each two samples, of one for each sample and random feature, and of inputs of pairs.
    """

    libraries: int
    tokens: float
    squares: float
    waves: float = 0.0
    inputs: float = 0.0
    reads_blocks: bool = False
    kept: int = 0
    """Features of stored genotypes that are brought into memory."""
    looks: bool = False
    """Whether all tokens are looked at for each target and fold, and products held of those that lead."""


_LINEAR = _Needs(225, 6.8, 4.2, reads_blocks=True)
_TREES = _Needs(265, 7.2, 4.2, inputs=1.0, reads_blocks=True, kept=500)
_ALL = _Needs(540, 7.5, 5.0, waves=4.0, inputs=1.0, reads_blocks=True, kept=1500, looks=True)
_NEEDS: Mapping[str, _Needs] = {
    "covariates": _Needs(225, 0.5, 4.2, reads_blocks=True),
    "additive-mean": _Needs(225, 0.5, 0.0, reads_blocks=True),
    "ridge": _LINEAR,
    "pair-ridge": _Needs(225, 6.8, 4.2),
    "sparse": _Needs(225, 7.5, 4.2, reads_blocks=True, kept=1500, looks=True),
    "gaussian": _Needs(240, 6.8, 4.2, waves=4.0),
    "boosted-trees": _TREES,
    "random-forest": _TREES,
    "neural": _Needs(530, 7.5, 4.2, reads_blocks=True, kept=500),
    "auto": _ALL,
}
"""Fitted to peaks that `python -m benchmarks memory` measures; a learner that is not here counts as the hungriest."""


def estimate_megabytes(learners: Sequence[str], size: TrainingSize) -> int:
    """Megabytes that a process holds at the peak of a training, its libraries included, of the hungriest learner.

    Parameters
    ----------
    learners
        Names, as of the registry; others count as `auto`.
    size
        Of the training.

    Examples
    --------
    >>> screen = TrainingSize(988, 678, 265, 213_787)
    >>> estimate_megabytes(["ridge"], screen) < estimate_megabytes(["auto"], screen) < 1200
    True
    """
    return max(_estimate(name, size) for name in learners)


def refuse_too_little_memory(learners: Sequence[str], size: TrainingSize, environment: Mapping[str, str]) -> None:
    """End when `GALAXY_MEMORY_MB` is set and smaller than what is needed.

    Parameters
    ----------
    learners, size
        As for `estimate_megabytes`.
    environment
        Variables of the process.

    Raises
    ------
    MemoryLimitError
        With both numbers, and what would fit.
    InputError
        The variable is no number.

    Examples
    --------
    >>> refuse_too_little_memory(["ridge"], TrainingSize(100, 200, 1, 100), {"GALAXY_MEMORY_MB": "4096"})
    """
    granted = environment.get("GALAXY_MEMORY_MB", "")
    if not granted:
        return
    if not granted.isdigit():
        raise InputError(f'GALAXY_MEMORY_MB: "{granted}" is not a number of megabytes. Correct or unset the variable.')
    needed = estimate_megabytes(learners, size)
    if int(granted) < needed:
        raise MemoryLimitError(
            f"memory: {granted} MB are granted (about {needed:,} MB are needed for this training). "
            f"{_way_out(learners, size, int(granted))}"
        )


def most_waves(n_samples: int) -> int:
    """Random features of the Gaussian ridge at most, so that those of many samples do not fill the memory.

    Examples
    --------
    >>> most_waves(1000), most_waves(4000), most_waves(1_000_000)
    (4000, 2000, 500)
    """
    return max(_FEWEST_WAVES, min(_WAVES, _MOST_WAVES_IN_ALL // max(n_samples, 1)))


def _way_out(learners: Sequence[str], size: TrainingSize, granted: int) -> str:
    """What would fit, as a sentence."""
    ways = ["Ask for more memory"]
    alone = replace(size, n_jobs=1)
    if size.n_jobs > 1 and estimate_megabytes(learners, alone) <= granted:
        ways.append(f"use one thread (about {estimate_megabytes(learners, alone):,} MB)")
    if "ridge" not in learners or len(learners) > 1:
        with_ridge = estimate_megabytes(["ridge"], size)
        if with_ridge <= granted:
            ways.append(f"choose the learner ridge (about {with_ridge:,} MB)")
    least, most = 0, size.n_features
    while most - least > 1:
        middle = (least + most) // 2
        fits = estimate_megabytes(learners, replace(size, n_features=middle)) <= granted
        least, most = (middle, most) if fits else (least, middle)
    if least:
        ways.append(f"filter the features to {_rounded_down(least):,} or fewer")
    return ", or ".join(ways) + "."


def _of_looks(size: TrainingSize) -> float:
    """Bytes of scores of all features, and of products and weights of those that lead, of the learner `sparse`."""
    targets = 1 if size.n_drugs == 1 else size.n_drugs + min(size.n_drugs, _COMMON)
    leading = min(size.n_features, _LOOKS * min(_LEADING + _MORE_LEADING * (targets - 1), _MOST_LEADING))
    return 16.0 * _SETS * targets * size.n_features + _OF_NUMBER * leading * (leading + 2 * _SIZES * targets)


def _of_two_levels(size: TrainingSize) -> float:
    """Bytes of a segment's tokens, and of predictors without each fold, with a copy of them in double precision."""
    sizes = level_sizes(size.n_samples, size.n_features, 1 if size.n_drugs == 1 else 2 * size.n_drugs)
    segments = 1 + -(-size.n_features // sizes.n_features)
    width = segments * sizes.n_targets * sizes.n_penalties
    return float(size.n_samples * (4 * _FOLDS * width + 8 * width + 8 * sizes.n_features))


def _rounded_down(number: int) -> int:
    """To two digits."""
    step = 10 ** max(len(str(number)) - 2, 0)
    return number // step * step


def _estimate(name: str, size: TrainingSize) -> int:
    needs = _NEEDS.get(name, _ALL)
    n, n_jobs = size.n_samples, max(size.n_jobs, 1)
    tokens, squares = _OF_NUMBER * n * size.n_features, _OF_NUMBER * n * n
    table = _OF_FEATURE * size.n_features + _OF_PAIR * size.n_pairs
    own = _of_looks(size) if needs.looks else 0.0
    own += needs.waves * _OF_NUMBER * n * most_waves(n) + needs.inputs * 4 * size.n_pairs * min(
        _INPUTS, size.n_features
    )
    if size.is_stored and needs.reads_blocks:
        # one kernel for all fits, and a few of each
        kept = needs.tokens * _OF_NUMBER * n * min(needs.kept, size.n_features)
        of_kernel = 2.0 * squares, needs.squares * squares
        shared, mine = of_kernel if n <= MOST_KERNEL_SAMPLES else (0.0, _of_two_levels(size) * (needs.squares > 0))
        shared, own = shared + _BLOCKS, own + mine + kept
    else:
        shared, own = 0.0, own + needs.tokens * tokens + needs.squares * squares
    if size.in_processes and n_jobs > 1:
        # beside the process that waits for them
        return int((n_jobs + 1) * (needs.libraries + table / 1e6) + n_jobs * (shared + own) / 1e6)
    return needs.libraries + int((table + shared + n_jobs * own) / 1e6)
