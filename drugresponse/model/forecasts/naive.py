"""What can be told of an outcome without genotype: the shares of each drug, of each tissue and drug, and the like."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.outcomes.distribution import Distribution
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.learners.base import relative_weights
from drugresponse.learners.baselines import tissue_of_samples
from drugresponse.learners.state import State, damaged, state_array, state_ids
from drugresponse.model.forecasts._naive_values import NaiveValues
from drugresponse.model.forecasts._reading_ranges import ReadingRanges

__all__ = ["NaiveForecasts", "naive_from_state"]

Array = NDArray[np.float64]

_JOINT = "\t"
"""Between tissue and drug in a key; tables are tab-separated, so no id holds one."""
_COARSER = {"drug mean": "overall mean", "sample mean": "overall mean", "tissue-drug mean": "drug mean"}
"""Each naive prediction, in the order from coarse to fine, and the one that a row of an unknown key takes."""


@dataclass(frozen=True, eq=False)
class NaiveForecasts:
    """Every naive distribution that training rows support, by id.

    They bear the names of the means of continuous responses: shares of classes, the normal distribution that suits
    values between limits best, and the share without an event by Kaplan and Meier.

    Attributes
    ----------
    values
        What the numbers of a key stand for.
    tables
        By the name of the naive prediction a table whose index are keys, such as drug ids, and whose rows their
        numbers; `overall mean` has the key "".
    ranges
        In which values of each drug are told, of an interval outcome; else None.
    """

    values: NaiveValues
    tables: dict[str, pd.DataFrame]
    ranges: ReadingRanges | None = None

    @classmethod
    def fit(
        cls, pairs: Pairs, y: Array, weights: Array | None = None, *, scheme: str, horizon: float | None = None
    ) -> NaiveForecasts:
        """Of training rows; which of them exist depends on the scheme.

        Parameters
        ----------
        pairs
            With what was observed of them.
        y, weights
            `(n_pairs,)` responses and weights above 0; None is 1 for all.
        scheme
            Name of the split scheme.
        horizon
            Time up to which survival is told; None takes that of the last event.
        """
        if pairs.observed is None:
            raise ValueError("a continuous outcome has no naive distribution here")
        weight = relative_weights(weights, len(y))
        values = NaiveValues.of(pairs.observed, y, horizon)
        tables: dict[str, pd.DataFrame] = {}
        for name, keys in _keys(pairs, scheme).items():
            rows = np.flatnonzero(keys != "") if name != "overall mean" else np.arange(len(y))
            if not len(rows):
                continue
            names, at = np.unique(keys[rows].astype(str), return_inverse=True)
            coarser = tables[_COARSER[name]] if name in _COARSER else None
            around = None if coarser is None else _look_up(coarser, _parents(names, name))
            numbers = values.fit(pairs.observed[rows], y[rows], weight[rows], at, len(names), around)
            tables[name] = pd.DataFrame(numbers, index=pd.Index(names, dtype=object))
        ranges = ReadingRanges.fit(pairs, scheme) if values.outcome.kind == "interval" else None
        return cls(values, tables, ranges)

    @property
    def outcome(self) -> Outcome:
        """What a response is."""
        return self.values.outcome

    def predict(self, pairs: Pairs) -> dict[str, Distribution]:
        """What each naive model says of the pairs; a row of unknown id takes the next coarser."""
        return {name: self._distribution(pairs, name) for name in self.tables}

    def finest(self, pairs: Pairs) -> Distribution:
        """The finest of them that there is."""
        finest = [
            name for name in ("tissue-drug mean", "drug mean", "sample mean", "overall mean") if name in self.tables
        ]
        return self._distribution(pairs, finest[0])

    def _distribution(self, pairs: Pairs, name: str) -> Distribution:
        said = self.values.distribution(self._numbers(pairs, name))
        if self.ranges is None or said.spread is None:
            return said
        return replace(said, point=self.ranges.point(pairs, said.scores, said.spread))

    def _numbers(self, pairs: Pairs, name: str) -> Array:
        keys = _keys_of(pairs, name)
        numbers = _look_up(self.tables[name], keys)
        if name in _COARSER:
            unknown = np.isnan(numbers).any(axis=1)
            if unknown.any():
                numbers[unknown] = self._numbers(pairs[np.flatnonzero(unknown)], _COARSER[name])
        return numbers

    def get_state(self) -> State:
        """Keys as lists of text, numbers as arrays."""
        tables = {
            name: {"keys": [str(key) for key in table.index], "numbers": table.to_numpy(dtype=np.float64)}
            for name, table in self.tables.items()
        }
        ranges = {} if self.ranges is None else {"ranges": self.ranges.get_state()}
        return {"times": self.values.times, "tables": tables, **ranges}


def naive_from_state(state: State, outcome: Outcome) -> NaiveForecasts:
    """The naive distributions of `get_state`'s answer, each proved.

    Raises
    ------
    ModelFileError
        A number is out of its range, or a table is missing.
    """
    values = NaiveValues(outcome, state_array(state, "times", -1))
    values.prove_times()
    tables = {}
    for name in ("overall mean", *_COARSER):
        stored = state["tables"].get(name)
        if stored is not None:
            keys = state_ids(stored, "keys")
            numbers = state_array(stored, "numbers", len(keys), values.n_numbers)
            values.prove(numbers)
            tables[name] = pd.DataFrame(numbers, index=pd.Index(keys, dtype=object))
    if len(tables.get("overall mean", ())) != 1:
        raise damaged("it has no naive prediction of all rows")
    for name in tables:
        if name in _COARSER and _COARSER[name] not in tables:
            raise damaged(f"the naive prediction that {name} falls back to is absent")
    ranges = ReadingRanges.from_state(state["ranges"]) if outcome.kind == "interval" else None
    return NaiveForecasts(values, tables, ranges)


def _keys(pairs: Pairs, scheme: str) -> dict[str, NDArray[np.object_]]:
    """`(n_pairs,)` key of each row in each table that the scheme supports, "" where it has none."""
    known = find_scheme(scheme)
    names = ["overall mean"]
    if known.drug_effect:
        names.append("drug mean")
    # of one drug a sample's share would be its response; and times of several drugs are no repeats
    if known.sample_effect and len(pairs.used_drugs()) > 1 and pairs.outcome.has_classes:
        names.append("sample mean")
    if known.drug_effect and tissue_of_samples(pairs) is not None:
        names.append("tissue-drug mean")
    return {name: _keys_of(pairs, name) for name in names}


def _keys_of(pairs: Pairs, name: str) -> NDArray[np.object_]:
    if name == "overall mean":
        return np.full(len(pairs), "", dtype=object)
    if name == "tissue-drug mean":
        tissues = tissue_of_samples(pairs)
        if tissues is None:
            return np.full(len(pairs), "", dtype=object)
        tissue = tissues[pairs.sample_index].astype(object)
        return np.where(tissue == "", "", tissue + _JOINT + pairs.drug_ids)
    return pairs.drug_ids if name == "drug mean" else pairs.sample_ids


def _parents(keys: NDArray, name: str) -> NDArray[np.object_]:
    """The key of each key in the next coarser table."""
    if name == "tissue-drug mean":
        return np.array([str(key).rsplit(_JOINT, 1)[1] for key in keys], dtype=object)
    return np.full(len(keys), "", dtype=object)


def _look_up(table: pd.DataFrame, keys: NDArray) -> Array:
    """`(n_keys, n_numbers)`; NaN where a key is not in the table."""
    at = table.index.get_indexer(pd.Index(keys, dtype=object))
    return np.vstack([table.to_numpy(dtype=np.float64), np.full((1, table.shape[1]), np.nan)])[at]
