"""How far the responses of each study lie from those of a reference study, by what several studies measured."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.pairs import Pairs
from drugresponse.errors import InputError, count, nearest

__all__ = ["FEWEST_SHARED", "StudyShifts", "refuse_unmet_studies", "study_words", "tell_of_unused_reference"]

logger = logging.getLogger(__name__)

FEWEST_SHARED = 5
"""Fewest shared pairs, or rows of a drug, by which two studies are set side by side."""
_FEW_STUDIES = 5
_FEW_SAMPLES = 10
"""Below this the spread between samples is told by too few of them."""
_OF_MEDIAN = np.pi / 2
"""Variance of a median over that of a mean, of normal errors."""
_TO_DEVIATION = 1.4826
"""Standard deviation over median absolute deviation, of normal errors."""

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _Edge:
    """Two studies, the differences of the pairs that both measured, and the drug of each."""

    one: int
    other: int
    difference: Array
    drug: NDArray[np.intp]
    sample: NDArray[np.intp]

    def median(self) -> float:
        return float(np.median(self.difference))

    def spread(self) -> float:
        """Standard deviation of the differences about their median, by their median absolute deviation."""
        return _TO_DEVIATION * float(np.median(np.abs(self.difference - self.median())))

    def variance(self) -> float:
        """Of the median, samples taken as independent; few samples, each as if all its pairs were off together."""
        of_sample = pd.Series(self.difference).groupby(self.sample).median().to_numpy()
        spread = _TO_DEVIATION * float(np.median(np.abs(of_sample - np.median(of_sample))))
        if len(of_sample) < _FEW_SAMPLES:
            spread = max(spread, self.spread())
        return _OF_MEDIAN * max(spread**2 / len(of_sample), self.spread() ** 2 / len(self.difference))


@dataclass(frozen=True, eq=False)
class StudyShifts:
    """What is taken off the responses of each study, so that all are on the scale of one.

    Attributes
    ----------
    studies
        Their names, ascending.
    reference
        The study whose scale all have.
    level
        `(n_studies,)` how far each lies above the reference, over all drugs.
    of_drug
        `(n_studies, n_drugs)` how much further it does with each drug, shrunken towards 0.
    drug_ids
        `(n_drugs,)` their ids.
    error
        `(n_studies,)` standard error of the level; NaN where it was not estimated, 0 of the reference.
    shared
        `(n_studies,)` pairs that the study shares with others.
    source
        Of each study: `reference`, `shared pairs`, `drugs in common`, or `none` where nothing tells its level.
    n_pairs, n_samples
        `(n_studies,)` of each.
    n_repeated
        Samples that several studies measured.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> from dataclasses import replace
    >>> genotypes = Genotypes.from_dense(np.zeros((20, 1)), [f"s{at}" for at in range(20)], ["TP53"])
    >>> drugs, samples = pd.DataFrame(index=pd.Index(["d"])), pd.DataFrame(index=genotypes.sample_ids)
    >>> twice = Pairs.grid(genotypes, samples, drugs)[np.tile(np.arange(20), 2)]
    >>> pairs = replace(twice, studies=np.repeat(["A", "B"], 20).astype(object))
    >>> shifts = StudyShifts.fit(pairs, np.concatenate([np.arange(20.0), np.arange(20.0) + 0.8]))
    >>> shifts.reference, shifts.level.round(6).tolist(), shifts.source
    ('A', [0.0, 0.8], ('reference', 'shared pairs'))
    """

    studies: tuple[str, ...]
    reference: str
    level: Array
    of_drug: Array
    drug_ids: pd.Index
    error: Array
    shared: NDArray[np.intp]
    source: tuple[str, ...]
    n_pairs: NDArray[np.intp]
    n_samples: NDArray[np.intp]
    n_repeated: int

    @classmethod
    def fit(cls, pairs: Pairs, y: Array, reference: str | None = None) -> StudyShifts:
        """Shifts by the medians of the differences of shared pairs; of studies without any by the drugs in common.

        Levels are the weighted least-squares solution over all pairs of studies that share 5 pairs or more, so that a
        study may be reached through others. Responses at a limit are left out.

        Parameters
        ----------
        pairs
            With the study of each.
        y
            `(n_pairs,)` responses.
        reference
            Name of a study; None takes the one with most pairs, and so does one that has none here.
        """
        names, study = np.unique(np.asarray(pairs.studies, dtype=str), return_inverse=True)
        sizes = np.bincount(study)
        main = int(np.argmax(sizes))
        if reference is not None and reference in names:
            main = int(np.flatnonzero(names == reference)[0])
        exact = np.flatnonzero(pairs.censor == 0) if pairs.censor is not None else np.arange(len(y))
        table = pd.DataFrame(
            {"study": study, "sample": pairs.sample_index, "drug": pairs.drug_index, "y": y}, copy=False
        ).iloc[exact]
        least = 1e-9 * float(np.var(y)) + 1e-300
        edges = list(_edges(table, len(names)))
        level, error, component = _levels(edges, len(names), main, sizes, least)
        source = ["shared pairs" if part == component[main] else "none" for part in component]
        source[main] = "reference"
        for part in np.unique(component[component != component[main]]):
            here = np.flatnonzero(component == part)
            apart = _by_drugs(table.assign(y=table["y"] - level[table["study"]]), here, component == component[main])
            if apart is not None:
                level[here] += apart[0]
                error[here] = np.sqrt(error[here] ** 2 + apart[1] ** 2)
            else:
                error[here] = np.nan
            for number in here:
                source[number] = "none" if apart is None else "drugs in common"
        of_drug = _of_drugs(edges, level, len(pairs.drugs), least)
        shared = np.zeros(len(names), dtype=np.intp)
        cells = table.groupby(["sample", "drug"])["study"].transform("nunique") > 1
        np.add.at(shared, table.loc[cells, "study"].to_numpy(), 1)
        samples = pd.DataFrame({"study": study, "sample": pairs.sample_index}).drop_duplicates()
        return cls(
            tuple(map(str, names)),
            str(names[main]),
            level,
            of_drug - of_drug[main],
            pairs.drugs.index,
            error,
            shared,
            tuple(source),
            sizes.astype(np.intp),
            np.bincount(samples["study"], minlength=len(names)).astype(np.intp),
            int((samples.groupby("sample").size() > 1).sum()),
        )

    def removed(self, pairs: Pairs, y: Array) -> Array:
        """`(n_pairs,)` responses on the scale of the reference."""
        at = pd.Index(self.studies).get_indexer(pd.Index(np.asarray(pairs.studies, dtype=str)))
        drug = self.drug_ids.get_indexer(pairs.drugs.index)[pairs.drug_index]
        return y - self.level[at] - self.of_drug[at, drug]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for a manifest, which name no sample."""
        spread = self.of_drug.std(axis=1)
        return {
            "reference": self.reference,
            "samples_in_several": self.n_repeated,
            "studies": [
                {
                    "name": name,
                    "pairs": int(self.n_pairs[at]),
                    "samples": int(self.n_samples[at]),
                    "shared": int(self.shared[at]),
                    "source": self.source[at],
                    "level": round(float(self.level[at]), 6),
                    "error": None if np.isnan(self.error[at]) else round(float(self.error[at]), 6),
                    "spread_over_drugs": round(float(spread[at]), 6),
                }
                for at, name in enumerate(self.studies)
            ],
        }


def refuse_unmet_studies(pairs: Pairs, reference: str | None, response_scale: str) -> None:
    """Refuse responses that are not of two studies or more, or whose shifts cannot be taken off as asked.

    Parameters
    ----------
    pairs
        With the study of each.
    reference
        The study whose scale is asked for, if any.
    response_scale
        `auto`, or a scale on which responses are to be learned.

    Raises
    ------
    InputError
        The outcome is no measured number, a study is not told, there are fewer than two, the reference is none of
        them, or responses are to be learned on another scale than they are given.
    """
    if pairs.outcome.kind != "continuous":
        raise InputError(
            f"outcome: found {pairs.outcome.kind} responses (the scheme new-studies takes shifts between studies off "
            "measured numbers). Give such responses, or hold studies out with `splits` in another `scheme`."
        )
    names = sorted(set(map(str, [] if pairs.studies is None else pairs.studies)))
    if "" in names and len(names) > 1:
        n = int((np.asarray(pairs.studies, dtype=str) == "").sum())
        raise InputError(f"responses: found {count(n, 'row')} without a study. Fill the column, or leave them out.")
    if len(names) < 2:
        found = "no column of studies" if names in ([], [""]) else f'the study "{names[0]}" alone'
        raise InputError(
            f"responses: found {found} (the scheme new-studies holds out whole ones, so expected 2 or more in a column "
            "study). Name the column with `study_column`, add responses of another study, or choose another `scheme`."
        )
    if reference is not None and reference not in names:
        raise InputError(f'`reference_study`: no response is of "{reference}". {nearest(reference, names)}')
    if response_scale not in ("auto", "identity"):
        raise InputError(
            f"`response_scale`: found {response_scale} (in the scheme new-studies shifts are differences of responses "
            "as they are given). Give roots or logarithms as responses, or leave the option out."
        )


def tell_of_unused_reference(reference: str | None, scheme: str) -> None:
    """Warn of a reference study in a scheme that takes no shifts off."""
    if reference is not None and scheme != "new-studies":
        logger.warning("`reference_study`: has no meaning in the scheme %s (expected new-studies).", scheme)


def study_words(told: dict[str, Any] | None) -> list[str]:
    """Which studies there are, how far each lies from the reference, and by what that is known; a line each.

    Parameters
    ----------
    told
        As `StudyShifts.to_dict` gives it; None where studies were not looked at.

    Examples
    --------
    >>> first = {"name": "A", "pairs": 900, "samples": 90, "shared": 312, "source": "reference", "level": 0.0}
    >>> other = {**first, "name": "B", "source": "shared pairs", "level": 0.8, "error": 0.03, "spread_over_drugs": 0.0}
    >>> for line in study_words({"reference": "A", "samples_in_several": 30, "studies": [first, other]}):
    ...     print(line)
    Studies: 2, predictions are on the scale of A; 30 samples were measured in several
    Study B lies 0.8 above A (standard error 0.03) on 312 shared pairs
    Only 2 studies: scores and bounds tell little of how far a new one is off
    """
    if told is None:
        return []
    reference, studies = told["reference"], told["studies"]
    several = count(told["samples_in_several"], "sample")
    was = "was" if told["samples_in_several"] == 1 else "were"
    lines = [
        f"Studies: {len(studies)}, predictions are on the scale of {reference}; {several} {was} measured in several"
    ]
    for one in studies:
        side = "above" if one["level"] >= 0 else "below"
        lies = f"Study {one['name']} lies {abs(one['level']):.3g} {side} {reference}"
        if one["source"] == "shared pairs":
            n = one["shared"]
            shared = count(n, "shared pair") if len(studies) == 2 else f"{count(n, 'pair')} shared with other studies"
            drugs = f", by {one['spread_over_drugs']:.2g} more or less for single drugs"
            lines.append(
                f"{lies} (standard error {one['error']:.2g}) on {shared}{drugs if one['spread_over_drugs'] > 0 else ''}"
            )
        elif one["source"] == "drugs in common":
            lines.append(
                f"{lies} (standard error {one['error']:.2g}) by the drugs in common: too few pairs were measured in "
                "both, so that what makes its samples differ from the others is taken off too"
            )
        elif one["source"] == "none":
            lines.append(
                f"Study {one['name']} shares neither pairs nor drugs with {reference}: its level is left as it is"
            )
    if len(studies) < _FEW_STUDIES:
        lines.append(f"Only {len(studies)} studies: scores and bounds tell little of how far a new one is off")
    return lines


def _edges(table: pd.DataFrame, n_studies: int) -> Iterator[_Edge]:
    """Every two studies that share pairs enough."""
    wide = table.pivot(index=["sample", "drug"], columns="study", values="y").reindex(columns=range(n_studies))
    wide = wide[wide.notna().sum(axis=1) > 1]
    values = wide.to_numpy(dtype=np.float64)
    sample, drug = (wide.index.get_level_values(name).to_numpy(dtype=np.intp) for name in ("sample", "drug"))
    for one in range(n_studies):
        for other in range(one + 1, n_studies):
            both = np.isfinite(values[:, one]) & np.isfinite(values[:, other])
            if both.sum() >= FEWEST_SHARED:
                yield _Edge(one, other, values[both, one] - values[both, other], drug[both], sample[both])


def _levels(
    edges: list[_Edge], n_studies: int, main: int, sizes: NDArray[np.intp], least: float
) -> tuple[Array, Array, NDArray[np.intp]]:
    """Level and error of each study, and the number of its component, in which the largest has level 0."""
    component = np.arange(n_studies)
    for edge in edges:
        component[component == component[edge.one]] = component[edge.other]
    laplacian, right = np.zeros((n_studies, n_studies)), np.zeros(n_studies)
    for edge in edges:
        weight = 1 / max(edge.variance(), least)
        _add_difference(laplacian, edge.one, edge.other, weight)
        right[edge.one] += weight * edge.median()
        right[edge.other] -= weight * edge.median()
    level, error = np.zeros(n_studies), np.zeros(n_studies)
    for part in np.unique(component):
        members = np.flatnonzero(component == part)
        anchor = main if main in members else members[np.argmax(sizes[members])]
        others = members[members != anchor]
        if len(others):
            covariance = np.linalg.inv(laplacian[np.ix_(others, others)])
            level[others] = covariance @ right[others]
            error[others] = np.sqrt(np.diag(covariance))
    return level, error, component


def _add_difference(laplacian: Array, one: int, other: int, weight: float) -> None:
    laplacian[[one, other], [one, other]] += weight
    laplacian[[one, other], [other, one]] -= weight


def _of_drugs(edges: list[_Edge], level: Array, n_drugs: int, least: float) -> Array:
    """`(n_studies, n_drugs)` by a normal prior whose variance the drugs tell (method of moments)."""
    n_studies = len(level)
    found: list[tuple[int, int, int, float, float]] = []
    for edge in edges:
        noise = max(_OF_MEDIAN * edge.spread() ** 2, least)
        beyond = pd.Series(edge.difference - (level[edge.one] - level[edge.other])).groupby(edge.drug)
        for drug, values in beyond:
            if len(values) >= FEWEST_SHARED:
                found.append((edge.one, edge.other, int(str(drug)), float(values.median()), noise / len(values)))
    deviations = np.zeros((n_studies, n_drugs))
    prior = float(np.mean([value**2 - variance for *_, value, variance in found])) / 2 if len(found) > 1 else 0.0
    if prior <= least:
        return deviations
    precision = np.repeat(np.eye(n_studies)[None] / prior, n_drugs, axis=0)
    right = np.zeros((n_drugs, n_studies))
    for one, other, drug, value, variance in found:
        _add_difference(precision[drug], one, other, 1 / variance)
        right[drug, one] += value / variance
        right[drug, other] -= value / variance
    return np.linalg.solve(precision, right[:, :, None])[:, :, 0].T


def _by_drugs(table: pd.DataFrame, here: NDArray[np.intp], is_main: NDArray[np.bool_]) -> tuple[float, float] | None:
    """How far these studies lie above those of the reference by the medians of their drugs in common, and the error."""
    sides = []
    for at in (np.isin(table["study"], here), is_main[table["study"]]):
        grouped = table.loc[at].groupby("drug")["y"]
        sides.append(pd.DataFrame({"median": grouped.median(), "n": grouped.size(), "variance": grouped.var()}))
    both = sides[0].join(sides[1], how="inner", lsuffix="_here", rsuffix="_main")
    both = both[(both["n_here"] >= FEWEST_SHARED) & (both["n_main"] >= FEWEST_SHARED)]
    if both.empty:
        return None
    apart = (both["median_here"] - both["median_main"]).to_numpy()
    variance = _OF_MEDIAN * (both["variance_here"] / both["n_here"] + both["variance_main"] / both["n_main"])
    return float(np.median(apart)), float(np.sqrt(variance.sum()) / len(both))
