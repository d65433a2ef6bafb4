"""The scale of every feature in training, by which values on another scale are noticed: percent, logarithms, z-scores.

What is certain is refused: values that the kind of a feature cannot have, and blocks that are off as a whole. A block
is judged by its samples, and a sample by numbers in which samples of one scale differ little, whatever their tissue:
how large its large values are, how many are negative, and where their middle lies, each beside what the training had of
the very features that the sample has. A few values far outside only flag their sample.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils.sparsefuncs import min_max_axis

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.surveys.coded_calls import coded_blocks, coded_calls
from drugresponse.data.surveys.survey import survey_of
from drugresponse.errors import InputError
from drugresponse.learners.state import State, damaged, state_array, state_ids
from drugresponse.model.scales._blocks import MEASURED, Block
from drugresponse.model.scales._cohort_shift import tell_of_counts_elsewhere, tell_of_values_elsewhere
from drugresponse.model.scales._covariate_ranges import FAR, covariate_ranges, covariates_far
from drugresponse.model.scales._impossible_values import TwosOfAltered, refuse_impossible, tell_of_carriers
from drugresponse.model.scales._scale_sums import ScaleSums

__all__ = ["MEASURED", "TrainedScales"]

logger = logging.getLogger(__name__)

_CHECKED = 10
"""Values of a sample in a block by which it is judged, at least."""
_ALL_POSITIVE = 30
_TIMES = 2.5
"""How far beyond the training's extremes the large values of a sample are those of another scale."""
_NEGATIVE = 0.1
_SMALL, _NEARLY_ALL = 0.05, 0.95
_VERY_FAR = 10.0
"""As `FAR`, of values that are of another scale."""
_WEIGHT = 0.1
"""Share of the model's weight on features far outside, from which a sample is flagged."""
_FEW_VALUES = 5
_MEASURES = 4
_OTHER_WAY, _TELLING = 0.2, 2.0
"""Slope on the training's means below which a cohort has other ones, and range in training that tells nothing."""


Array = NDArray[np.float64]
Singles = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class TrainedScales:
    """What the values of training were like, feature by feature and block by block.

    Attributes
    ----------
    low, high, centre, size
        `(n_features,)` least and greatest value, mean, and root mean square of those that are not 0; NaN without calls.
    usual
        By kind and block `(4, 2)` the least and greatest that samples of the training had: two upper quantiles of their
        values relative to those of `size`, the share of negative ones, and the median distance from `centre` relative
        to `size`.
    slopes
        By kind and block the least and greatest slope of a sample's values on `centre`, over the features, where these
        are near enough to each other to tell another order. Files of format 1 may lack them.
    covariates
        Least and greatest value of each numeric covariate.
    """

    low: Singles
    high: Singles
    centre: Singles
    size: Singles
    usual: Mapping[str, Array]
    slopes: Mapping[str, tuple[float, float]]
    covariates: Mapping[str, tuple[float, float]]

    @classmethod
    def of(cls, genotypes: Genotypes, covariates: pd.DataFrame, uses_genotype: bool = True) -> TrainedScales:
        """What the samples of a training have."""
        if not uses_genotype:
            none = np.zeros(0, dtype=np.float32)
            return cls(none, none, none, none, {}, {}, covariate_ranges(covariates))
        scales = cls(*_numbers_of(genotypes), {}, {}, covariate_ranges(covariates))
        usual, slopes = {}, {}
        for block in Block.all_of(genotypes.features):
            # copies are two nearly everywhere
            rise = scales._rise(genotypes, block) if block.kind != "copy_number" else np.full(1, np.nan)
            if np.ptp(rise) <= _TELLING:
                slopes[block.key] = (float(rise.min()), float(rise.max()))
            if block.kind in MEASURED:
                some = block.some(len(genotypes.sample_ids)) if genotypes.is_stored else block
                measures = scales._measures(some.values(genotypes), some)
                usual[block.key] = np.stack([np.fmin.reduce(measures), np.fmax.reduce(measures)], axis=1)
        return replace(scales, usual=usual, slopes=slopes)

    def check(self, known: Genotypes, weights: Array, covariates: pd.DataFrame) -> NDArray[np.bool_]:
        """Which samples lie far outside the training.

        Parameters
        ----------
        known
            New samples, with the very features of the training.
        weights
            `(n_features,)` of the model; features of no weight are not looked at.
        covariates
            Of the samples that have any, in the terms of the training.

        Raises
        ------
        InputError
            A value that a feature of its kind cannot have, or a block on another scale.
        """
        if len(weights) != len(self.low) or not weights.any():
            return covariates_far(self.covariates, covariates, known.sample_ids)
        if known.is_stored:
            sums = self.sums(known.features, weights, known.shape[0])
            for columns, calls_of_block in coded_blocks(known):
                for at, calls in coded_calls(columns, calls_of_block):
                    sums.add(at, calls)
            return self.judge(sums, covariates, known.sample_ids)
        outside, off = np.zeros(known.shape[0]), np.zeros(known.shape[0], dtype=bool)
        refuse_impossible(known, weights, self.low, self.high)
        tell_of_carriers(known, self.high, self.centre)
        twos = TwosOfAltered(known.features, weights, self.high, self.centre, known.shape[0])
        twos.add_values(np.arange(known.shape[1]), known.values)
        off |= twos.tell()
        for block in Block.all_of(known.features):
            if not weights[block.columns].any():
                continue
            if block.kind in MEASURED:
                values = block.values(known)
                beyond = self._beyond(values, block.columns)
                off |= self._on_other_scale(values, beyond, block)
                outside += (beyond > FAR) @ weights[block.columns]
            else:
                tell_of_counts_elsewhere(known.values[:, block.columns], block, self.centre[block.columns])
            if block.key in self.slopes:
                off |= self._out_of_order(self._slopes(known, block), block)
        return off | (outside >= _WEIGHT) | covariates_far(self.covariates, covariates, known.sample_ids)

    def sums(
        self, features: pd.DataFrame, weights: Array, n_samples: int, judged: NDArray[np.bool_] | None = None
    ) -> ScaleSums:
        """What is to be learned of new samples while they are read, for `judge`.

        Parameters
        ----------
        features, weights
            `(n_features,)` of the model.
        n_samples
            New samples.
        judged
            `(n_features,)` which features are taken in; None is all.
        """
        steps = {}
        for block in Block.all_of(features):
            some = block if judged is None else replace(block, columns=block.columns[judged[block.columns]])
            step = self.steps(some) if block.key in self.slopes else None
            if step is not None:
                steps[block.key] = some.columns, step / (step**2).sum()
        return ScaleSums(features, weights, n_samples, (self.low, self.high, self.centre), steps)

    def judge(self, sums: ScaleSums, covariates: pd.DataFrame, sample_ids: pd.Index) -> NDArray[np.bool_]:
        """As `check`, of sums over all that was read."""
        outside, off = np.zeros(len(sample_ids)), np.zeros(len(sample_ids), dtype=bool)
        sums.impossible.refuse()
        sums.carriers.tell()
        off |= sums.twos.tell()
        for of_block in sums.blocks:
            block = of_block.block
            if block.kind in MEASURED:
                values = of_block.values.astype(np.float64)
                off |= self._on_other_scale(values, self._beyond(values, of_block.some.columns), of_block.some)
                outside += of_block.outside
            if of_block.slopes is not None:
                off |= self._out_of_order(of_block.slopes, block)
        return off | (outside >= _WEIGHT) | covariates_far(self.covariates, covariates, sample_ids)

    def _on_other_scale(self, values: Array, beyond: Array, block: Block) -> NDArray[np.bool_]:
        """`(n_samples,)` samples whose values are on another scale in this block, or next to nothing.

        Raises
        ------
        InputError
            The block as a whole is on another scale.
        """
        other_scale, small = self._off(values, block), self._small(values, block.columns)
        judged = np.isfinite(other_scale)
        if (
            (judged.any() and other_scale[judged].mean() > 0.5)
            or self._other_signs(values, block)
            or _mostly_beyond(values, beyond, block.kind)
            or (small.any() and (beyond > 0)[small].mean() >= _NEARLY_ALL)
        ):
            raise InputError(self._ranges(values, block))
        tell_of_values_elsewhere(values, block, *(numbers[block.columns] for numbers in (self.centre, self.size)))
        if small.any():
            logger.warning("%s Their rows are flagged out-of-range.", self._ranges(values, block))
        return np.asarray((other_scale > 0) | small.any(axis=1))

    def _beyond(self, values: Array, columns: NDArray[np.intp]) -> Array:
        """`(n_samples, n_features)` distance from the range of the training in its widths; 0 where missing."""
        low, high = self.low[columns].astype(np.float64), self.high[columns].astype(np.float64)
        width = np.where(high > low, high - low, np.inf)
        return np.nan_to_num(np.maximum(values - high, low - values) / width).clip(0.0)

    def _rise(self, genotypes: Genotypes, block: Block) -> Array:
        """As `_slopes`, of a training."""
        if not genotypes.is_stored:
            return self._slopes(genotypes, block)
        steps = self.steps(block)
        return (
            np.full(genotypes.shape[0], np.nan) if steps is None else survey_of(genotypes).rises[block.kind, block.name]
        )

    def steps(self, block: Block) -> Array | None:
        """`(n_columns,)` by how much each feature's mean differs from their mean; None where these tell no order."""
        centre = self.centre[block.columns].astype(np.float64)
        steps = np.where(np.isfinite(centre), centre - np.nanmean(centre) if np.isfinite(centre).any() else 0.0, 0.0)
        return None if len(centre) < 2 * _CHECKED or (steps**2).sum() < 1e-6 else steps

    def _slopes(self, genotypes: Genotypes, block: Block) -> Array:
        """`(n_samples,)` by how much a sample's values rise with the training's mean of the feature; 1 on average."""
        steps = self.steps(block)
        if steps is None:
            return np.full(genotypes.shape[0], np.nan)
        values = genotypes.values[:, block.columns].astype(np.float64)
        missing = np.isnan(values.data)
        values.data[missing] = np.nan_to_num(self.centre[block.columns].astype(np.float64))[values.indices[missing]]
        return np.asarray(values @ (steps / (steps**2).sum()))

    def _out_of_order(self, slopes: Array, block: Block) -> NDArray[np.bool_]:
        """Samples whose values do not rise with those of the training, feature by feature.

        Raises
        ------
        InputError
            Most of them do not: the names of the features stand at values of others, or other alleles were counted.
        """
        if not len(slopes):
            return np.zeros(0, dtype=bool)
        below, above = self.slopes[block.key]
        off = slopes < min(below - max(0.5, (above - below) / 2), _OTHER_WAY)
        if off.mean() > 0.5:
            raise InputError(
                f'genotypes, block "{block.name}": features with high values in training do not have them here. Are '
                "the names of features mixed up, values centred, or the other alleles counted? Give the values as the "
                "training had them, or train again with these."
            )
        middle = float(np.nanmedian(slopes))
        beyond = block.kind == "score" and middle > 0 and not below <= middle <= above
        if beyond and abs(abs(np.log(middle)) + np.log(np.log(2))) < 0.04:
            logger.warning(
                'genotypes, block "%s": the values rise %.2f times as much as in training, as natural logarithms do '
                "beside binary ones. If the logarithm is another, the predictions are wrong: give the training's.",
                block.name,
                middle,
            )
        return np.asarray(off)

    def _measures(self, values: Array, block: Block) -> Array:
        """`(n_samples, 4)` as in `usual`; NaN where too few values of a sample are known."""
        size, centre = (numbers[block.columns].astype(np.float64) for numbers in (self.size, self.centre))
        measures = np.full((len(values), _MEASURES), np.nan)
        for at, row in enumerate(values):
            called = np.isfinite(row) & (size > 0)
            other = called & (row != 0)
            if called.sum() < _CHECKED:
                continue
            measures[at, 3] = np.median(row[called] - centre[called]) / np.quantile(size[called], 0.9)
            # few genes whose copies are many say nothing of the others
            share, parts = (0.2, (0.75, 0.9)) if block.kind == "score" else (0.5, (0.5, 0.5))
            if other.sum() >= max(_CHECKED, share * called.sum()):
                measures[at, :2] = np.quantile(np.abs(row[other]), parts) / np.quantile(size[other], parts)
                measures[at, 2] = (row[other] < 0).mean()
        return measures

    def _off(self, values: Array, block: Block) -> Array:
        """`(n_samples,)` 1 for samples on another scale, 0 for others, NaN for those of too few values."""
        measures = self._measures(values, block)
        unknown = np.full((_MEASURES, 2), np.nan)
        (_, most), (least, _), (few, many), (below, above) = self.usual.get(block.key, unknown)
        upper, largest, negative, middle = measures.T
        reach = 1.0 + above - below
        off = (upper > _TIMES * most) | (largest < least / _TIMES)
        many_values = (np.isfinite(values) & (values != 0)).sum(axis=1) >= _ALL_POSITIVE
        off |= (many == 0) & (negative >= _NEGATIVE)
        off |= (few >= _NEGATIVE) & (negative == 0) & many_values & (block.kind == "score")
        off |= (middle > above + reach) | (middle < below - reach)
        return np.where(np.isfinite(measures).any(axis=1), off.astype(np.float64), np.nan)

    def _other_signs(self, values: Array, block: Block) -> bool:
        """Whether values are negative where none was, or copies of a gene where training had those beyond the usual."""
        present = values[np.isfinite(values)]
        was_negative = bool((self.low[block.columns] < 0).any())
        n_negative = int((present < 0).sum())
        if not was_negative:
            return n_negative >= max(_CHECKED, _NEGATIVE * (present != 0).sum())
        usual_pair = len(present) >= _CHECKED**2 and np.median(present) == 2 and (present == 0).mean() < 0.2
        return bool(block.kind == "copy_number" and usual_pair and not n_negative)

    def _small(self, values: Array, columns: NDArray[np.intp]) -> NDArray[np.bool_]:
        """`(n_samples, n_features)` the values, where all of many samples are next to nothing beside the training's."""
        other = np.isfinite(values) & (values != 0)
        sizes = np.where(other, np.abs(values), 0.0) / np.maximum(self.size[columns], 1e-30)
        many = other.any(axis=1).sum() >= _FEW_VALUES and other.sum() >= 2 * _CHECKED
        return other if many and sizes.max() <= _SMALL else np.zeros_like(other)

    def _ranges(self, values: Array, block: Block) -> str:
        """Both ranges, and what to do."""
        now, then = np.abs(values[np.isfinite(values) & (values != 0)]), self.size[block.columns]
        least, most = np.nanmin(self.low[block.columns]), np.nanmax(self.high[block.columns])
        return (
            f'genotypes, block "{block.name}": the values are on another scale than in training (now '
            f"{np.nanmin(values):.4g} to {np.nanmax(values):.4g}, mostly about {np.median(now):.3g}; in training "
            f"{least:.4g} to {most:.4g}, mostly about {np.nanmedian(then):.3g}). Bring them to the training's scale "
            "(logarithm or not, percent or fraction, z-scores or not), or train again with such values."
        )

    def get_state(self) -> State:
        """Plain arrays, and the names of blocks and covariates."""
        return {
            **{name: getattr(self, name) for name in ("low", "high", "centre", "size")},
            "blocks": list(self.usual),
            "usual": np.array(list(self.usual.values())).reshape(-1, _MEASURES, 2),
            "slope_blocks": list(self.slopes),
            "slopes": np.array(list(self.slopes.values()), dtype=np.float64).reshape(-1, 2),
            "covariates": list(self.covariates),
            "covariate_ranges": np.array(list(self.covariates.values()), dtype=np.float64).reshape(-1, 2),
        }

    @classmethod
    def from_state(cls, state: State, n_features: int) -> TrainedScales:
        """The scales of `get_state`'s answer, their shapes proved."""
        low, high, centre, size = (
            _or_missing(state, name, n_features).astype(np.float32) for name in ("low", "high", "centre", "size")
        )
        blocks, covariates = state_ids(state, "blocks"), state_ids(state, "covariates")
        usual = _or_missing(state, "usual", len(blocks), _MEASURES, 2)
        known = state_ids(state, "slope_blocks") if "slopes" in state else []
        slopes = state_array(state, "slopes", len(known), 2) if known else np.zeros((0, 2))
        ranges = state_array(state, "covariate_ranges", len(covariates), 2)
        return cls(
            low,
            high,
            centre,
            size,
            dict(zip(blocks, usual.astype(np.float64), strict=True)),
            {name: (float(least), float(most)) for name, (least, most) in zip(known, slopes, strict=True)},
            {name: (float(least), float(most)) for name, (least, most) in zip(covariates, ranges, strict=True)},
        )


def _numbers_of(genotypes: Genotypes) -> tuple[Singles, Singles, Singles, Singles]:
    """`low, high, centre, size` as in `TrainedScales`."""
    if genotypes.is_stored:
        survey = survey_of(genotypes)
        return survey.low, survey.high, survey.centre, survey.size
    values, n_features = genotypes.values, genotypes.shape[1]
    called = np.isfinite(values.data)
    data, at = values.data[called].astype(np.float64), values.indices[called]
    n_called = genotypes.shape[0] - genotypes.n_missing()
    low, high = min_max_axis(values, axis=0, ignore_nan=True)
    mean = np.bincount(at, data, n_features) / np.maximum(n_called, 1)
    size = np.sqrt(np.bincount(at, data**2, n_features) / np.maximum(np.bincount(at, minlength=n_features), 1))
    low, high, mean, size = np.where(n_called > 0, [low, high, mean, size], np.nan).astype(np.float32)
    return low, high, mean, size


def _mostly_beyond(values: Array, beyond: Array, kind: str) -> bool:
    """Whether half of the values lie outside the training, whatever their number."""
    called = np.isfinite(values)
    far = (beyond > FAR) & called
    if values.shape[1] >= _CHECKED and far.sum() >= max(_FEW_VALUES, called.sum() / 2):
        return True
    other = called & ((values != 0) | (kind != "score"))
    very = (beyond > _VERY_FAR) & other
    # a region of the genome that one sample has often over is no other scale
    common = very.any(axis=1).sum() >= 3 or very.any(axis=0).mean() >= 0.5
    return bool(common and very.sum() >= max(_FEW_VALUES, other.sum() / 2))


def _or_missing(state: State, name: str, *shape: int) -> Array:
    """An array of numbers, some of which may be missing."""
    array = state_array(state, name, *shape, finite=False)
    if np.isinf(array).any():
        raise damaged(f'the array "{name}" holds a value that is no number')
    return array
