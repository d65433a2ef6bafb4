"""What a design cannot tell apart: batches in line with tissues, drugs and responses of one group only."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats
from scipy.special import gammaln

from drugresponse.audit._levels import is_technical
from drugresponse.audit.findings import CHANCE, Finding, caution
from drugresponse.data.column_names import plain_name
from drugresponse.data.covariate_names import is_usual_covariate
from drugresponse.data.genotypes import Genotypes
from drugresponse.data.joining import TrainingRows
from drugresponse.data.missing import UNKNOWN_LEVELS
from drugresponse.errors import count, show_ids

__all__ = ["confounding_findings"]

_TOLD = 0.8
"""Share of what one column leaves open that the other must settle (Goodman and Kruskal's lambda): with a fifth of the
samples apart a penalised model can still tell two effects from each other."""
_FEWEST = 10
_ALONE = 0.1
"""Share of the samples that stand alone for their tissue up to which that is usual."""


def confounding_findings(rows: TrainingRows, genotypes: Genotypes) -> Iterator[Finding]:
    """Batches that follow another covariate, tissues of one sample, drugs of one tissue, groups without a response.

    Parameters
    ----------
    rows
        The pairs that are evaluated.
    genotypes
        As read, before they were joined: samples without a response are seen here.
    """
    samples = rows.samples
    covariates = rows.pairs.covariates
    texts = {str(name): column.to_numpy(object) for name, column in covariates.items() if column.dtype == object}
    yield from _followed(texts)
    yield from _single_samples(rows, samples)
    if "tissue" in texts:
        yield from _drugs_of_one_tissue(rows, texts["tissue"])
    if samples is not None:
        asked = [name for name in samples.columns if str(name) in covariates or is_usual_covariate(name)]
        table = samples.loc[samples.index.isin(genotypes.sample_ids), asked]
        yield from _groups_without_response(table, rows.pairs.genotypes.sample_ids)


def _followed(texts: dict[str, NDArray[np.object_]]) -> Iterator[Finding]:
    """Technical columns that nearly are a function of another covariate, or the other way round."""
    pairs = [(one, other) for one in texts for other in texts if is_technical(one) and not is_technical(other)]
    for batch, other in pairs:
        known = (texts[batch] != "") & (texts[other] != "")
        table = pd.crosstab(texts[batch][known], texts[other][known]).to_numpy()
        if min(table.shape) < 2:
            continue
        told = max(_settled(table), _settled(table.T))
        if told >= _TOLD and stats.chi2_contingency(table).pvalue * len(pairs) < CHANCE:
            message = (
                f"{batch} goes with {other}: one tells {told:.0%} of what is open about the other. Their effects on "
                "the response cannot be told apart, and an effect of genotype that differs between them may be that "
                f"of {batch}. Measure each {other} in several, or evaluate within one."
            )
            yield caution("confounded covariates", message, len(table))


def _settled(table: NDArray[np.intp]) -> float:
    """Share of the wrong guesses of the row that knowing the column saves."""
    n, usual = table.sum(), table.sum(axis=1).max()
    return float((table.max(axis=0).sum() - usual) / (n - usual)) if n > usual else 0.0


def _single_samples(rows: TrainingRows, samples: pd.DataFrame | None) -> Iterator[Finding]:
    """Tissues that one sample stands for, also where the column has so many that it is no covariate."""
    ids = rows.pairs.genotypes.sample_ids
    named = [] if samples is None else [name for name in samples.columns if plain_name(name) == "tissue"]
    if samples is None or not named:
        return
    counts = _known(samples[named[0]].reindex(ids)).value_counts()
    alone = sorted(counts.index[counts == 1])
    if alone:
        message = (
            f"Tissues with a single sample, {len(alone):,} of {count(len(ids), 'sample')} ({show_ids(alone)}): held "
            "out, it is of an unknown tissue, and what is the tissue's cannot be told from what is the sample's. Group "
            "the tissues."
        )
        many = len(alone) > _ALONE * len(ids)
        yield Finding("single-sample tissues", "warning" if many else "note", message, len(alone))


def _drugs_of_one_tissue(rows: TrainingRows, tissue: NDArray[np.object_]) -> Iterator[Finding]:
    """Drugs that were measured in one tissue, where a draw of as many samples would hardly be of one."""
    pairs = rows.pairs
    known = tissue[pairs.sample_index] != ""
    cut = pd.DataFrame({"drug": pairs.drug_index, "tissue": tissue[pairs.sample_index]})[known]
    n, sizes = int((tissue != "").sum()), pd.Series(tissue[tissue != ""]).value_counts()
    by_drug = cut.groupby("drug")["tissue"].agg(["size", "nunique", "first"])
    one = by_drug[(by_drug["nunique"] == 1) & (by_drug["size"] >= _FEWEST)]
    chance = _chance_of_all(n, sizes.reindex(one["first"]).to_numpy(np.float64), one["size"].to_numpy(np.float64))
    at = one.index[chance + np.log(max(len(by_drug), 1)) < np.log(CHANCE)]
    if len(at):
        names = pairs.drugs.index[at.to_numpy()]
        message = (
            f"Measured in one tissue only: {len(at)} of {count(len(pairs.drugs), 'drug')} ({show_ids(names)}): what is "
            "learned of them is known there alone, and their level is that of the tissue. Predict them in no other."
        )
        yield caution("drugs in one tissue", message, len(at), len(pairs.drugs))


def _chance_of_all(n: float, group: NDArray[np.float64], drawn: NDArray[np.float64]) -> NDArray[np.float64]:
    """Logarithm of how probable it is that all of a draw without replacement are of the group."""
    return _log_choose(group, drawn) - _log_choose(np.full_like(group, n), drawn)


def _log_choose(n: NDArray[np.float64], k: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(gammaln(n + 1) - gammaln(k + 1) - gammaln(np.maximum(n - k, 0) + 1))


def _groups_without_response(table: pd.DataFrame, measured: pd.Index) -> Iterator[Finding]:
    """Levels of which no sample was measured, where a draw of as many samples would hardly leave them out."""
    n, is_measured = len(table), table.index.isin(measured)
    n_without = int((~is_measured).sum())
    lacking: list[tuple[str, int]] = []
    levels = {str(name): _levels(table[name]) for name in table.columns}
    n_levels = sum(column.nunique() for column in levels.values())
    for name, column in levels.items():
        sizes = column.value_counts()
        absent = sizes.index.difference(column[is_measured[table.index.get_indexer(column.index)]].unique())
        for level in absent:
            size = np.array([float(sizes[level])])
            chance = _chance_of_all(n, np.array([float(n_without)]), size)[0]
            if size[0] >= _FEWEST and chance + np.log(n_levels) < np.log(CHANCE):
                lacking.append((f"{name} {level}", int(size[0])))
    if lacking:
        shown = ", ".join(f"{size:,} of {name}" for name, size in lacking[:3])
        message = (
            f"None of the samples was measured in {count(len(lacking), 'group')} ({shown}, all with a genotype): who "
            "was measured is no random choice, and nothing here tells how a prediction holds there. Measure some of "
            "them, or predict none."
        )
        yield caution("groups without response", message, len(lacking))


def _levels(column: pd.Series) -> pd.Series:
    """What is known of a column of kinds, as text; nothing of amounts and of names."""
    known = _known(column)
    few = known.nunique() <= max(2, len(known) // 3)
    numbers = pd.to_numeric(known, errors="coerce").notna().all() and known.nunique() > 2
    return known if few and not numbers else known.iloc[:0]


def _known(column: pd.Series) -> pd.Series:
    """Its texts, without those that say that nothing is known."""
    text = column.astype(object).where(column.notna(), "").astype(str).str.strip()
    return text[~text.str.casefold().isin(UNKNOWN_LEVELS)]
