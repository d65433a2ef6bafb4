"""The table of predictions: what was found of each sample, and what to be careful about."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import FEATURE_COLUMNS, Genotypes
from drugresponse.data.pairs import Pairs
from drugresponse.data.splits import find_scheme
from drugresponse.errors import show_ids
from drugresponse.features.alignment import Alignment, align
from drugresponse.features.reference_sites import with_reference_sites
from drugresponse.learners.base import PairRegressor
from drugresponse.learners.encoders import trained_features
from drugresponse.model.intervals.intervals import CLAIMED_SCHEMES

__all__ = [
    "NOT_CLAIMED",
    "PREDICTION_COLUMNS",
    "FoundFeatures",
    "prediction_table",
    "share_of_weight",
    "weight_by_row",
    "weight_found",
    "with_bounds",
]

logger = logging.getLogger(__name__)
progress = logging.getLogger("drugresponse.progress")

PREDICTION_COLUMNS = (
    "sample_id",
    "drug_id",
    "prediction",
    "lower",
    "upper",
    "baseline",
    "sample_seen",
    "drug_seen",
    "features_found",
    "flag",
)
_SHOWN = 3
NOT_CLAIMED = "coverage-not-claimed"
"""Flag of rows that have bounds in a scheme whose new rows may be unlike the held-out ones."""


@dataclass(frozen=True, eq=False)
class FoundFeatures:
    """What new samples have of the features that a model's predictions hang on.

    Attributes
    ----------
    n_features
        How many features have weight.
    absent
        Those that no sample has, heaviest first: columns `feature_id, share` (of the model's weight), `why` (`absent`,
        `conflict` or `never called`).
    n_calls, n_missing
        Calls of the others in all samples, and how many of them are missing.
    alignment
        How the features were found.
    """

    n_features: int
    absent: pd.DataFrame
    n_calls: int
    n_missing: int
    alignment: Alignment

    @classmethod
    def of(cls, learner: PairRegressor, genotypes: Genotypes) -> FoundFeatures:
        """Look a learner's features up in the genotypes of new samples."""
        features, weights = learner.feature_weights()
        trained = trained_features(learner)
        alignment = align(genotypes.features, trained)
        rows = _rows_of(features, trained)[weights > 0]
        n_samples = genotypes.shape[0]
        missing = np.asarray(alignment.missing(genotypes).sum(axis=0)).ravel()[rows].astype(np.intp)
        found, conflict = alignment.columns[rows] >= 0, alignment.conflict[rows]
        never = found & (missing == n_samples)
        why = np.where(conflict, "conflict", np.where(never, "never called", "absent"))
        table = pd.DataFrame({"feature_id": trained.index[rows], "share": weights[weights > 0], "why": why})
        absent = table[~found | never].sort_values(["share", "feature_id"], ascending=[False, True], ignore_index=True)
        here = found & ~never
        return cls(len(rows), absent, n_samples * int(here.sum()), int(missing[here].sum()), alignment)

    def heaviest_absent(self) -> str:
        """The heaviest features that no sample has, and what may be the reason, as sentences; empty without any."""
        if self.absent.empty:
            return ""
        named = [f"{show_ids([row.feature_id])} ({row.share:.1%})" for row in self.absent.head(_SHOWN).itertuples()]
        more = f" and {len(self.absent) - _SHOWN:,} more" if len(self.absent) > _SHOWN else ""
        noun, its = ("feature", "its") if len(self.absent) == 1 else ("features", "their")
        sentences = [f"No sample has the {noun} {', '.join(named)}{more}; in brackets {its} share of the weight."]
        if (self.alignment.columns < 0).all():
            sentences.append("Neither ids nor places and alleles of the model's features occur: another genome build?")
        elif self.alignment.conflict.any():
            sentences.append(f"Genotypes: {self.alignment.sentence()}.")
        return " ".join(sentences)


def weight_found(
    learner: PairRegressor, genotypes: Genotypes, alignment: Alignment | None = None
) -> NDArray[np.float64]:
    """`(n_samples,)` as `share_of_weight`; how alleles and places were brought together is told in one line.

    Parameters
    ----------
    learner
        Fitted.
    genotypes
        Of new samples.
    alignment
        Where the learner's features stand among theirs; None looks for them.
    """
    trained = trained_features(learner)
    if alignment is None:
        genotypes = with_reference_sites(genotypes, trained)
        alignment = align(genotypes.features, trained)
    tell = logger.warning if alignment.conflict.any() else progress.info
    if alignment.changed:
        tell("genotypes: %s.", alignment.sentence())
    if alignment.moved:
        logger.warning(
            "genotypes: positions differ for %.0f %% of the variants that have the same id: another genome build? "
            "Variants are found by id, as far as their alleles agree.",
            100 * alignment.moved,
        )
    return _known_weight(*learner.feature_weights(), genotypes, trained, alignment)


def share_of_weight(
    features: list[tuple[str, str]],
    weights: NDArray[np.float64],
    genotypes: Genotypes,
    trained: pd.DataFrame | None = None,
) -> NDArray[np.float64]:
    """`(n_samples,)` share of a model's weight that each sample's known features hold; 1 without genotype.

    Parameters
    ----------
    features, weights
        Of the model, as `PairRegressor.feature_weights` gives them.
    genotypes
        Samples whose features are looked for.
    trained
        Feature table of the training, by which alleles and places are compared; None looks for ids alone. What is in
        conflict counts as missing.

    Examples
    --------
    >>> genotypes = Genotypes.from_dense([[1, float("nan")], [0, 1]], ["s1", "s2"], ["KRAS", "TP53"])
    >>> share_of_weight([("altered", "KRAS"), ("altered", "TP53")], np.array([0.7, 0.3]), genotypes).tolist()
    [0.7, 1.0]
    """
    table = _ids_alone(features) if trained is None else trained
    return _known_weight(features, weights, genotypes, table, align(genotypes.features, table))


def _known_weight(
    features: list[tuple[str, str]],
    weights: NDArray[np.float64],
    genotypes: Genotypes,
    trained: pd.DataFrame,
    alignment: Alignment,
) -> NDArray[np.float64]:
    if not weights.any():
        return np.ones(genotypes.shape[0])
    by_row = weight_by_row(features, weights, trained)
    found = by_row[alignment.columns >= 0].sum()
    return np.clip(np.round(found - alignment.missing(genotypes) @ by_row, 9), 0.0, 1.0)


def weight_by_row(
    features: list[tuple[str, str]], weights: NDArray[np.float64], trained: pd.DataFrame
) -> NDArray[np.float64]:
    """`(n_trained,)` weight of each row of a model's feature table, as `PairRegressor.feature_weights` gives it."""
    by_row = np.zeros(len(trained))
    if len(features):
        by_row[_rows_of(features, trained)] = weights
    return by_row


def _rows_of(features: list[tuple[str, str]], trained: pd.DataFrame) -> NDArray[np.intp]:
    keys = pd.MultiIndex.from_arrays([trained["block"], trained.index])
    return keys.get_indexer(pd.MultiIndex.from_tuples(features, names=["block", "feature_id"]))


def _ids_alone(features: list[tuple[str, str]]) -> pd.DataFrame:
    ids = pd.Index([feature_id for _, feature_id in features], name="feature_id", dtype=object)
    table = pd.DataFrame("", index=ids, columns=list(FEATURE_COLUMNS), dtype=object)
    return table.assign(block=[block for block, _ in features], position=pd.array([pd.NA] * len(ids), dtype="Int64"))


def prediction_table(
    asked: Pairs,
    predicted: NDArray[np.float64],
    baseline: NDArray[np.float64],
    *,
    scheme: str,
    found: NDArray[np.float64],
    least: float,
    sample_seen: NDArray[np.bool_],
    drug_seen: NDArray[np.bool_],
    out_of_range: NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """One row for each pair, with the columns of the predictions table.

    Parameters
    ----------
    asked
        What was asked for.
    predicted, baseline
        `(n_pairs,)` of the model and of the finest naive prediction.
    scheme
        That the model was trained for.
    found, least
        `(n_samples,)` share of the model's weight, and the least share with which a sample is predicted.
    sample_seen, drug_seen
        `(n_samples,)` and `(n_drugs,)` whether training had them.
    out_of_range
        `(n_samples,)` whether values lie far outside the training; None where that is not known.
    """
    enough = (found >= least)[asked.sample_index]
    if len(enough) and not enough.any():
        logger.warning(
            "genotypes: no sample has features that hold %.0f %% of the model's weight; nothing is predicted.",
            100 * least,
        )
    seen, known = sample_seen[asked.sample_index], drug_seen[asked.drug_index]
    columns = {
        "sample_id": asked.sample_ids,
        "drug_id": asked.drug_ids,
        "prediction": np.where(enough, predicted, np.nan),
        "lower": np.nan,
        "upper": np.nan,
        "baseline": baseline,
        "sample_seen": seen,
        "drug_seen": known,
        "features_found": found[asked.sample_index],
        "flag": _flags(asked, scheme, seen, known, enough, out_of_range),
    }
    return pd.DataFrame(columns)[list(PREDICTION_COLUMNS)]


def with_bounds(
    table: pd.DataFrame, lower: NDArray[np.float64], upper: NDArray[np.float64], scheme: str
) -> pd.DataFrame:
    """The table of predictions with bounds where the rows are such as were held out at training.

    Parameters
    ----------
    table
        As `prediction_table` gives it.
    lower, upper
        `(n_rows,)`, NaN without bounds. They are left out of rows outside the scheme or out of range, and of samples
        that training had where the scheme is about new ones.
    scheme
        That the model was trained for.
    """
    codes, words = pd.factorize(table["flag"])
    unlike = {"outside-scheme", "out-of-range"}
    outside = np.array([not unlike.isdisjoint(each.split(";")) for each in words], dtype=bool)[codes]
    known = table["sample_seen"].to_numpy(dtype=bool) & (not find_scheme(scheme).sample_effect)
    bounded = np.isfinite(lower) & np.isfinite(upper) & table["prediction"].notna().to_numpy() & ~outside & ~known
    flags = table["flag"].to_numpy(dtype=object, copy=True)
    if scheme not in CLAIMED_SCHEMES:
        flags[bounded] = [f"{flag};{NOT_CLAIMED}" if flag else NOT_CLAIMED for flag in flags[bounded]]
    return table.assign(lower=np.where(bounded, lower, np.nan), upper=np.where(bounded, upper, np.nan), flag=flags)


def _flags(
    asked: Pairs,
    name: str,
    seen: NDArray[np.bool_],
    known: NDArray[np.bool_],
    enough: NDArray[np.bool_],
    out_of_range: NDArray[np.bool_] | None,
) -> NDArray[np.object_]:
    scheme = find_scheme(name)
    structure = (asked.drugs["smiles"] != "").to_numpy()[asked.drug_index]
    conditions = {
        "new-drug": ~known,
        "seen-sample": seen,
        "few-features": ~enough,
        "no-structure": ~structure & (~known | (not scheme.drug_effect)),
        "out-of-range": np.zeros(len(asked), dtype=bool) if out_of_range is None else out_of_range[asked.sample_index],
        "outside-scheme": (scheme.drug_effect & ~known) | (scheme.sample_effect & ~seen),
    }
    flags = np.full(len(asked), "", dtype=object)
    for word, here in conditions.items():
        flags[here] = [f"{flag};{word}" if flag else word for flag in flags[here]]
    return flags
