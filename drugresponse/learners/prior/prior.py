"""A prior: what each feature is expected to do to the response to each drug, and which of a training's it speaks of."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.column_names import find_column
from drugresponse.data.conversion.frames import FrameLike, as_pandas
from drugresponse.data.conversion.numbers import to_numbers
from drugresponse.data.ids import clean_ids, suggest_ids
from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError, count, show_ids
from drugresponse.learners.state import Array

__all__ = ["MatchedPrior", "Prior"]

logger = logging.getLogger(__name__)

_NAMES = {
    "feature_id": ("featureid", "feature", "mutation", "variant", "element"),
    "block": ("block",),
    "drug_id": ("drugid", "drug"),
    "drug_class": ("drugclass", "class"),
    "effect": ("effect", "effectsize", "beta"),
    "score": ("score", "penalty"),
    "weight": ("weight",),
}
_KEYS = ["feature_id", "block", "drug_id", "drug_class"]
_SITE = re.compile(r"(?:chr)?([^:]+):(\d+):([ACGT]+):([ACGT]+)", re.IGNORECASE)
_STRANDS = str.maketrans("ACGT", "TGCA")


@dataclass(frozen=True, eq=False)
class MatchedPrior:
    """A prior in the terms of a training.

    Attributes
    ----------
    columns
        `(n_features,)` column numbers of the features that it speaks of.
    effects
        `(n_features, n_drugs + 1)` per unit of the feature; the last column is that of drugs that training lacks.
    used
        `(n_entries,)` which entries were matched.
    """

    columns: NDArray[np.intp]
    effects: Array
    used: NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Prior:
    """Expected effects, or scores without a unit.

    Attributes
    ----------
    by_effect
        Whether values are in the unit of the response; else they are scores, whose slope is learned.
    entries
        Columns `feature_id, block, drug_id, drug_class, value`; "" where an entry holds for each.
    """

    by_effect: bool
    entries: pd.DataFrame

    @classmethod
    def build(cls, table: FrameLike, where: str = "prior") -> Prior:
        """A prior of a table.

        Parameters
        ----------
        table
            Columns `feature_id` (or `feature`, `mutation`, `variant`), `effect` (in the unit of the response, for each
            allele or unit of the feature) or `score` (larger where the response is; its scale is learned), and
            optionally `drug_id` or `drug_class` (neither, or empty: every drug), `block` of the feature, and `weight`,
            0 or more, by which the value is multiplied.
        where
            What messages name.

        Raises
        ------
        InputError
            A column is absent, a value is no number, or an entry stands twice.

        Examples
        --------
        >>> prior = Prior.build(pd.DataFrame({"feature": ["TP53"], "drug": ["nutlin"], "effect": [1.5]}))
        >>> prior.by_effect, prior.entries["value"].tolist()
        (True, [1.5])
        """
        table = as_pandas(table, where)
        names = [str(name) for name in table.columns]
        places = {name: find_column(names, words) for name, words in _NAMES.items()}
        columns = {name: table.iloc[:, at] for name, at in places.items() if at is not None}
        if "feature_id" not in columns or len({"effect", "score"} & columns.keys()) != 1:
            raise InputError(
                f"{where}: found the columns {show_ids(names, 8)} (expected feature, either effect or score, and "
                "optionally drug or drug_class, block and weight). Rename or remove some."
            )
        kind = "effect" if "effect" in columns else "score"
        entries = pd.DataFrame(
            {name: clean_ids(columns[name], where) if name in columns else "" for name in _KEYS}, index=table.index
        )
        entries["value"] = to_numbers(columns[kind], where=where, column_name=kind)
        if "weight" in columns:
            weights = to_numbers(columns["weight"], where=where, column_name="weight").fillna(1.0)
            if (weights < 0).any():
                raise InputError(f"{where}: found a weight below 0 (expected 0 or more). Turn the {kind} instead.")
            entries["value"] *= weights
        _refuse_twice(entries, where)
        known = entries[(entries["feature_id"] != "") & np.isfinite(entries["value"])]
        if known.empty:
            raise InputError(f"{where}: found no row with a feature and a number. Fill the table.")
        return cls(kind == "effect", known.reset_index(drop=True))

    def matched(self, pairs: Pairs, where: str = "prior") -> MatchedPrior:
        """The prior in the terms of some pairs; an entry of a drug goes before one of its class, that before all."""
        entries, drugs = self.entries, pairs.drugs
        at, sign = _places(entries, pairs.genotypes.features, where)
        columns, row = np.unique(at[at >= 0], return_inverse=True)
        rows = np.full(len(at), -1)
        rows[at >= 0] = row
        effects, used = np.zeros((len(columns), len(drugs) + 1)), np.zeros(len(at), dtype=bool)
        named = _numbers_of(drugs.index)
        for column in ("drug_name", "name"):
            if column in drugs.columns:
                named = {**_numbers_of(drugs[column]), **named}
        classes = drugs["drug_class"] if "drug_class" in drugs.columns else pd.Series("", index=drugs.index)
        of_class = _numbers_of(classes)
        every = np.arange(len(drugs) + 1)
        wide = (entries["drug_id"] == "") & (entries["drug_class"] == "")
        by_class = (entries["drug_id"] == "") & ~wide
        for chosen in (wide, by_class, entries["drug_id"] != ""):
            for entry in np.flatnonzero(chosen.to_numpy() & (rows >= 0)).tolist():
                drug, family = str(entries.at[entry, "drug_id"]), str(entries.at[entry, "drug_class"])
                of_entry = named.get(_key(drug)) if drug else of_class.get(_key(family)) if family else every
                if of_entry is not None:
                    effects[rows[entry], of_entry] = sign[entry] * entries.at[entry, "value"]
                    used[entry] = True
        return MatchedPrior(columns.astype(np.intp), effects, used)

    def tell_of_unmatched(self, pairs: Pairs, where: str = "prior") -> None:
        """Say how many entries speak of features or drugs that are not here.

        Raises
        ------
        InputError
            All do.
        """
        used = self.matched(pairs, where).used
        if used.all():
            return
        at, _ = _places(self.entries, pairs.genotypes.features, where)
        absent = pd.Index(self.entries["feature_id"][at < 0].unique())
        if (at < 0).all():
            raise InputError(
                f"{where}: none of its features is among those of the genotypes. "
                f"{suggest_ids(absent, pairs.genotypes.features.index)}"
            )
        lost = self.entries[(at >= 0) & ~used]
        drugs = pd.Index((lost["drug_id"] + lost["drug_class"]).unique())
        if not used.any():
            raise InputError(
                f"{where}: none of its drugs or classes was measured (classes are the column drug_class of the drugs). "
                f"{suggest_ids(drugs, pairs.drugs.index)}"
            )
        why = [f"the genotypes lack {count(len(absent), 'feature')} ({show_ids(absent)})"] if len(absent) else []
        why += [f"the drugs or classes {show_ids(drugs)} were not measured"] if len(drugs) else []
        logger.warning("%s: %d of %d entries are used: %s.", where, used.sum(), len(used), ", ".join(why))

    def __repr__(self) -> str:
        # tells priors apart where finished fits are kept
        return f"Prior(by_effect={self.by_effect}, {pd.util.hash_pandas_object(self.entries, index=False).sum()})"


def _refuse_twice(entries: pd.DataFrame, where: str) -> None:
    twice = entries.duplicated(_KEYS, keep=False) & (entries["feature_id"] != "")
    if twice.any():
        first = entries[twice].iloc[0]
        same = np.flatnonzero((entries[_KEYS] == first[_KEYS]).all(axis=1))
        rows = ", ".join(str(at + 1) for at in same)
        raise InputError(
            f'{where}: "{first["feature_id"]}" stands more than once for one drug, in the rows {rows} below the header '
            "(expected one entry). Keep one of them."
        )


def _places(entries: pd.DataFrame, features: pd.DataFrame, where: str) -> tuple[NDArray[np.intp], Array]:
    """`(n_entries,)` column of each entry's feature, -1 where there is none, and -1 where its alleles are swapped."""
    ids, blocks = entries["feature_id"].to_numpy(), entries["block"].to_numpy()
    wanted = pd.Index(ids).union(pd.Index([name for text in ids for name, _ in _spellings(text)]))
    here = np.flatnonzero(features.index.isin(wanted))
    by_id: dict[str, list[int]] = {}
    for column in here.tolist():
        by_id.setdefault(str(features.index[column]), []).append(column)
    by_site = _sites(features) if any(_SITE.fullmatch(text) for text in ids) else {}
    of_block = features["block"].to_numpy()
    at, sign = np.full(len(ids), -1, dtype=np.intp), np.ones(len(ids))
    for entry, text in enumerate(ids):
        for name, turn in ((text, 1.0), *_spellings(text)):
            found = [*by_id.get(name, []), *by_site.get(name, [])]
            places = {column for column in found if blocks[entry] in ("", of_block[column])}
            if len(places) > 1:
                raise InputError(
                    f'{where}: "{text}" stands in the blocks {show_ids(sorted({of_block[one] for one in places}))} of '
                    "the genotypes (expected one feature). Give a column block."
                )
            if places:
                at[entry], sign[entry] = places.pop(), turn
                break
    return at, sign


def _spellings(text: str) -> Iterator[tuple[str, float]]:
    """Other names of a variant written as chr:pos:ref:alt, and what they make of the sign of its effect."""
    site = _SITE.fullmatch(text)
    if site is None:
        return
    chromosome, position, ref, alt = site.group(1), site.group(2), site.group(3).upper(), site.group(4).upper()
    for prefix in ("", "chr"):
        yield f"{prefix}{chromosome}:{position}:{ref}:{alt}", 1.0
    # A and T, or C and G, look swapped from the other strand
    if len(ref) == len(alt) == 1 and ref.translate(_STRANDS) != alt:
        for prefix in ("", "chr"):
            yield f"{prefix}{chromosome}:{position}:{alt}:{ref}", -1.0


def _sites(features: pd.DataFrame) -> dict[str, list[int]]:
    """Columns by chr:pos:ref:alt of their table, of features whose id is another."""
    known = features[["chromosome", "ref", "alt"]].ne("").all(axis=1) & features["position"].notna()
    sites: dict[str, list[int]] = {}
    for column in np.flatnonzero(known.to_numpy()).tolist():
        row = features.iloc[column]
        name = f"{str(row['chromosome']).removeprefix('chr')}:{int(row['position'])}:{row['ref']}:{row['alt']}"
        if features.index[column] not in (name, f"chr{name}"):
            sites.setdefault(name, []).append(column)
    return sites


def _numbers_of(words: pd.Index | pd.Series) -> dict[str, list[int]]:
    """Row numbers by word; "" is none."""
    numbers: dict[str, list[int]] = {}
    for at, word in enumerate(words):
        if isinstance(word, str) and word:
            numbers.setdefault(_key(word), []).append(at)
    return numbers


def _key(word: str) -> str:
    return word.strip().casefold()
