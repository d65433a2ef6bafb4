"""A rule: what each feature, or each sample, counts for a drug."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import sparse

from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids, suggest_ids
from drugresponse.data.outcomes.families import family_of, plain_word
from drugresponse.data.outcomes.outcome import Outcome
from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError, count, show_ids

__all__ = ["RULE", "Rule"]

logger = logging.getLogger(__name__)

RULE = "rule"
"""Name of a rule that was given no other."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Rule:
    """Scores or classes by drug, and by feature or sample.

    Attributes
    ----------
    key
        `feature_id`: what a carried feature counts; `sample_id`: what another program said of each sample.
    by_class
        Whether the values are numbers of classes, which are called as they are; else they are scores, larger where
        the response is.
    values
        `(n_keys, n_drugs)` table of values, index feature or sample ids, columns drug ids; NaN where the rule says
        nothing. The drug "" stands for every drug.
    """

    key: str
    by_class: bool
    values: pd.DataFrame

    @classmethod
    def build(cls, table: FrameLike, outcome: Outcome, where: str = RULE) -> Rule:
        """A rule of a table.

        Parameters
        ----------
        table
            Columns `feature_id` or `sample_id`, `score` or `class`, and `drug_id` (without it, or where it is empty, a
            row holds for every drug). Of a feature named twice for a drug scores add up and the higher class counts.
        outcome
            Of the responses, whose classes the rule's are.
        where
            What messages name.

        Raises
        ------
        InputError
            A column is absent, a score is no number, or a class is none of the outcome's.

        Examples
        --------
        >>> table = pd.DataFrame({"feature_id": ["blaTEM", "gyrA"], "drug_id": ["AMP", "CIP"], "class": ["R", "I"]})
        >>> float(Rule.build(table, Outcome("ordinal", ("S", "I", "R"))).values.loc["blaTEM", "AMP"])
        2.0
        """
        table = as_pandas(table, where)
        key = next((name for name in ("feature_id", "sample_id") if name in table.columns), None)
        kind = next((name for name in ("score", "class") if name in table.columns), None)
        if key is None or kind is None:
            raise InputError(
                f"{where}: found the columns {show_ids(table.columns, 8)} (expected drug_id, feature_id or sample_id, "
                "and score or class). Rename them."
            )
        ids = clean_ids(table[key], where)
        drugs = clean_ids(table["drug_id"], where) if "drug_id" in table.columns else pd.Series("", index=table.index)
        if kind == "score":
            values = to_numbers(table["score"], where=where, column_name="score")
        else:
            values = _class_numbers(table["class"], outcome, where)
            if key == "feature_id":
                _refuse_lowest_alone(values, outcome, where)
        known = pd.DataFrame({"key": ids, "drug": drugs, "value": values}).query("key != ''").dropna()
        if known.empty:
            raise InputError(f"{where}: found no row with an id and a value. Fill the table.")
        how = "sum" if kind == "score" and key == "feature_id" else "max"
        wide = known.pivot_table(index="key", columns="drug", values="value", aggfunc=how)
        return cls(key, kind == "class", wide)

    def tell_of_unknown(self, pairs: Pairs, where: str = RULE) -> None:
        """Say which features, samples or drugs one side has and the other lacks.

        Raises
        ------
        InputError
            None of the rule's is known.
        """
        if self.key == "feature_id":
            known, what = pairs.genotypes.features.index, "feature"
        else:
            known, what = pairs.genotypes.sample_ids, "sample"
        ids = pd.Index(self.values.index)
        lacking = ids[~ids.isin(known)]
        if len(lacking) == len(ids):
            raise InputError(
                f"{where}: none of its {count(len(ids), what)} is among those of the genotypes. "
                f"{suggest_ids(ids, known)}"
            )
        if len(lacking):
            logger.warning(
                f"{where}: the genotypes lack {len(lacking)} of its {count(len(ids), what)} ({show_ids(lacking)}), "
                "which count for nothing here."
            )
        if self.key == "sample_id":
            measured = pairs.genotypes.sample_ids[np.unique(pairs.sample_index)]
            silent_samples = measured[~measured.isin(ids)]
            if len(silent_samples):
                counts_as = "as the lowest class" if self.by_class else "0"
                logger.warning(
                    f"{where}: it says nothing of {len(silent_samples)} of {count(len(measured), 'sample')} "
                    f"({show_ids(silent_samples)}), which count {counts_as} by it."
                )
        drugs = pairs.drugs.index
        if "" not in self.values.columns and not drugs.isin(self.values.columns).all():
            silent = drugs[~drugs.isin(self.values.columns)]
            if len(silent) == len(drugs):
                raise InputError(
                    f"{where}: none of its drugs was measured. {suggest_ids(pd.Index(self.values.columns), drugs)}"
                )
            logger.warning(f"{where}: it says nothing of {count(len(silent), 'drug')} ({show_ids(silent)}).")

    def scores(self, pairs: Pairs) -> Array:
        """`(n_pairs,)` the sum of the scores, or the highest number of a class, of what a sample carries; 0 of nothing.

        A feature is carried where its value is neither 0 nor missing.
        """
        names = [name for name in ("", *pairs.drugs.index) if name in self.values.columns]
        known = self.values[names].reindex(
            pairs.genotypes.features.index if self.key == "feature_id" else pairs.genotypes.sample_ids
        )
        table = np.zeros((pairs.genotypes.shape[0], len(names)))
        for at, name in enumerate(names):
            table[:, at] = self._of_samples(pairs, known[name].to_numpy(dtype=np.float64))
        everywhere = table[:, names.index("")] if "" in names else np.zeros(len(table))
        own = np.tile(everywhere[:, None], (1, len(pairs.drugs)))
        for at, name in enumerate(names):
            if name:
                drug = pairs.drugs.index.get_loc(name)
                own[:, drug] = (
                    np.maximum(own[:, drug], table[:, at]) if self._takes_most else own[:, drug] + table[:, at]
                )
        return np.asarray(own[pairs.sample_index, pairs.drug_index])

    def called(self, pairs: Pairs) -> NDArray[np.intp] | None:
        """`(n_pairs,)` number of the class; None where the rule has scores."""
        return self.scores(pairs).astype(np.intp) if self.by_class else None

    @property
    def _takes_most(self) -> bool:
        return self.by_class or self.key == "sample_id"

    def _of_samples(self, pairs: Pairs, values: Array) -> Array:
        """`(n_samples,)` what one drug's values come to."""
        if self.key == "sample_id":
            return np.nan_to_num(values)
        if pairs.genotypes.is_stored:
            # a rule speaks of few features
            spoken_of = np.flatnonzero(np.isfinite(values) & (values != 0))
            carried, values = sparse.csr_array(pairs.genotypes.values[:, spoken_of]), values[spoken_of]
        else:
            carried = pairs.genotypes.values.copy()
        carried.data = (np.isfinite(carried.data) & (carried.data != 0)).astype(np.float64)
        if not self.by_class:
            return np.asarray(carried @ np.nan_to_num(values))
        highest = np.zeros(carried.shape[0])
        for number in np.unique(values[np.isfinite(values)]):
            has = np.asarray(carried @ (values == number).astype(np.float64)) > 0
            highest[has] = number
        return highest

    def __repr__(self) -> str:
        # tells rules apart where finished fits are kept
        digest = pd.util.hash_pandas_object(self.values.fillna(0)).sum()
        return f"Rule({self.key}, by_class={self.by_class}, {list(self.values.columns)}, {digest})"


def _refuse_lowest_alone(values: pd.Series, outcome: Outcome, where: str) -> None:
    """Refuse classes of features that are all the lowest, which is also that of a sample without any of them."""
    if values.notna().any() and values.max() == 0:
        lowest, turned = outcome.classes[0], "<".join(reversed(outcome.classes))
        raise InputError(
            f'{where}: all its features are of the class "{lowest}", which is the lowest, and called of samples that '
            f'carry none too (expected a higher one). Turn the classes of the responses: `classes` "{turned}"; or give '
            "what the rule says of each sample."
        )


def _class_numbers(words: pd.Series, outcome: Outcome, where: str) -> pd.Series:
    """`(n_rows,)` number of the class of each word, spelled in any way that means one of the outcome's classes."""
    if not outcome.has_classes:
        raise InputError(
            f"{where}: found classes, but the outcome is {outcome.kind} (expected scores). Give a column score."
        )
    numbers: dict[str, int] = {
        plain_word(word): number for number, each in enumerate(outcome.classes) for word in each.split("=")
    }
    plain = words.map(plain_word, na_action="ignore")
    given = set(plain.dropna())
    family = family_of({*numbers, *given})
    if family is not None:
        place = {family.number_of[word]: number for word, number in numbers.items()}
        numbers |= {word: place[family.number_of[word]] for word in given if family.number_of[word] in place}
    unknown = sorted(given - numbers.keys())
    if unknown:
        raise InputError(
            f"{where}: found the class {show_ids(unknown)} (expected those of the responses: "
            f"{', '.join(outcome.classes)}). Write them alike."
        )
    return plain.map(numbers).astype(np.float64)
