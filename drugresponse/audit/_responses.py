"""Responses that cannot be learned from as they stand: equal ones, limits, single ones that outweigh all others."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from drugresponse.audit.findings import Finding, caution
from drugresponse.data.joining import TrainingRows
from drugresponse.errors import count, show_ids
from drugresponse.words import percent

__all__ = ["response_findings"]

_FEWEST = 10
_AT_LIMIT = 0.2
"""Share of a drug's responses at its highest or lowest value: no numbers that only rounding makes equal come near, and
from here on the spread that is cut away (a tenth of a normal one) is no longer small."""
_OUTWEIGHS = 0.5
"""Share of all squared deviations that few responses must hold: then they decide what is fitted and scored."""
_FEW = 0.01
_EFFECTIVE = 0.1
"""Share of the rows that weights leave in effect (Kish 1965: squared sum by sum of squares)."""


def response_findings(rows: TrainingRows) -> Iterator[Finding]:
    """Constant responses of drugs and tissues, outliers and weights that decide, values heaped at a limit.

    Parameters
    ----------
    rows
        The pairs that are evaluated; of classes, limits and times only the weights and what is constant are looked at.
    """
    yield from _weights(rows)
    yield from _constant(rows)
    if rows.pairs.outcome.kind != "continuous":
        return
    names = rows.pairs.drugs.index
    table = pd.DataFrame({"drug": rows.pairs.drug_index, "y": rows.y, "free": _uncensored(rows)})
    yield from _follow_tissue(rows, table)
    yield from _outweigh(rows, table)
    yield from _at_limit(table[table["free"]], names)


def _constant(rows: TrainingRows) -> Iterator[Finding]:
    """Drugs of which all responses are one: one number, class or pair of limits; of times, no event at all."""
    observed, names = rows.pairs.observed, rows.pairs.drugs.index
    told = pd.DataFrame({"y": rows.y})
    if observed is not None and observed.lower is not None:
        told = pd.DataFrame({"lower": observed.lower, "upper": observed.upper})
    if observed is not None and observed.happened is not None:
        # an event differs from every other by its time
        told = pd.DataFrame({"y": np.where(observed.happened, np.arange(len(rows.y)), -1)})
    drug = pd.Series(rows.pairs.drug_index, name="drug")
    size = drug.value_counts(sort=False)
    distinct = pd.concat([drug, told], axis=1).drop_duplicates()["drug"].value_counts()
    constant = np.sort(size.index[(size >= _FEWEST) & (distinct.reindex(size.index) == 1)])
    if not len(constant):
        return
    what = "No event happened" if rows.pairs.outcome.kind == "time-to-event" else "All responses are equal"
    message = (
        f"{what} of {len(constant)} of {count(len(names), 'drug')} ({show_ids(names[constant])}): nothing can be "
        "learned of them. Leave them out, or look at how they were measured."
    )
    yield caution("constant responses", message, len(constant), len(names))


def _uncensored(rows: TrainingRows) -> np.ndarray:
    return np.ones(len(rows.y), bool) if rows.pairs.censor is None else rows.pairs.censor == 0


def _weights(rows: TrainingRows) -> Iterator[Finding]:
    """Rows that weigh so much that few are left in effect."""
    n, w = len(rows.weights), rows.weights
    effective = float(w.sum() ** 2 / (w**2).sum()) if (w > 0).any() else float(n)
    if n >= 2 * _FEWEST and effective < _EFFECTIVE * n:
        message = (
            f"The column weight leaves {effective:.3g} of {count(n, 'response')} in effect: few rows weigh as much as "
            "all others. Check that it holds weights (1 by variance), no ids or concentrations."
        )
        yield caution("rows that outweigh all", message, n - int(effective))


def _follow_tissue(rows: TrainingRows, table: pd.DataFrame) -> Iterator[Finding]:
    """Responses that do not differ within the tissues of a drug, though they do between them."""
    if "tissue" not in rows.pairs.covariates:
        return
    tissue = rows.pairs.covariates["tissue"].to_numpy(object)[rows.pairs.sample_index]
    known = table.assign(tissue=tissue)[tissue != ""]
    within = known.groupby(["drug", "tissue"])["y"].agg(["size", "nunique"])
    several = within[within["size"] > 1].groupby("drug")["nunique"].agg(["size", "max"])
    differ = known.groupby("drug")["y"].nunique()
    flat = several.index[(several["size"] > 1) & (several["max"] == 1) & (differ.reindex(several.index) > 1)]
    if len(flat):
        names = rows.pairs.drugs.index
        message = (
            f"All responses of one tissue are equal, of {len(flat)} of {count(len(names), 'drug')} "
            f"({show_ids(names[flat])}): they are means of tissues, and genotype can explain nothing within one. Give "
            "the responses of single samples."
        )
        yield caution("responses that follow the tissue", message, len(flat), len(names))


def _outweigh(rows: TrainingRows, table: pd.DataFrame) -> Iterator[Finding]:
    """The fewest responses, up to a hundredth of all, that hold more than half of the squares around the medians."""
    squares = (table["y"] - table.groupby("drug")["y"].transform("median")) ** 2
    largest = np.sort(squares.to_numpy())[::-1]
    total = float(largest.sum())
    n = int(np.searchsorted(np.cumsum(largest), _OUTWEIGHS * total) + 1)
    if total <= 0 or len(table) < 2 * _FEWEST or n > max(1.0, _FEW * len(table)):
        return
    at = np.argsort(-squares.to_numpy(), kind="stable")[:n]
    # one of few rows may hold half by chance: it must also stand alone
    usual = float(np.median(np.sqrt(largest)))
    if np.sqrt(largest[n - 1]) < 20 * max(usual, 1e-300):
        return
    drugs = pd.unique(rows.pairs.drug_ids[at])
    message = (
        f"{count(n, 'response')} of {len(table):,} hold {percent(float(largest[:n].sum()) / total)} of all squared "
        f"distances from the middle of their drug (of {show_ids(drugs)}, up to {rows.y[at[0]]:.4g}): they decide "
        "what is fitted and scored. Check their unit, correct them or leave them out."
    )
    yield caution("responses that outweigh all", message, n)


def _at_limit(table: pd.DataFrame, names: pd.Index) -> Iterator[Finding]:
    """Drugs of which many responses are equal to the highest or the lowest, and the others are not."""
    by_drug = table.groupby("drug")["y"]
    size, distinct = by_drug.size(), by_drug.nunique()
    ends = [(table["y"] == by_drug.transform(end)).groupby(table["drug"]).mean() for end in ("max", "min")]
    share = pd.concat(ends, axis=1).max(axis=1)
    # what has few values, such as a score, has many at each
    heaped = share.index[(size >= 2 * _FEWEST) & (distinct >= _FEWEST) & (share >= _AT_LIMIT)]
    if len(heaped):
        message = (
            f"Of {len(heaped)} of {count(len(names), 'drug')} ({show_ids(names[heaped])}) up to "
            f"{share[heaped].max():.0%} of the responses stand at their highest or lowest value, as where an assay "
            "ends: they are limits, not measurements. Mark them in a column censor (left or right), or give lower and "
            "upper."
        )
        yield caution("responses at a limit", message, len(heaped), len(names))
