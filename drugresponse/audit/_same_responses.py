"""Responses that stand twice: under two drugs, under two samples; and repeats of one pair that do not agree."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from scipy import stats

from drugresponse.audit.findings import CHANCE, Finding, caution
from drugresponse.data.joining import TrainingRows
from drugresponse.data.tables import Responses
from drugresponse.errors import count

__all__ = ["same_response_findings"]

_FEWEST = 10
_COMMON = 0.01
"""A number that more of a drug's samples have is rounded or a limit, and tells nothing of who it was copied from."""
_SHARED = 0.5
"""Share of what two drugs or samples have in common that must be equal to the last digit."""
_FEWEST_OF_SAMPLE = 4
_NOISE = 0.5
"""Share of the variance within a drug that is noise of measurement, above which repeats are said to disagree."""


def same_response_findings(rows: TrainingRows, responses: Responses) -> Iterator[Finding]:
    """Copies of responses under other ids, and repeats that are as far apart as other samples are.

    Parameters
    ----------
    rows
        The pairs that are evaluated; of what is no measured number nothing is said.
    responses
        As read, with the variance of repeats.
    """
    if rows.pairs.outcome.kind != "continuous":
        return
    pairs = rows.pairs
    table = pd.DataFrame({"sample": pairs.sample_index, "drug": pairs.drug_index, "y": rows.y})
    times = table.groupby(["drug", "y"])["y"].transform("size")
    size = table.groupby("drug")["y"].transform("size")
    table["log_share"] = np.log(times / size)
    rare = table[times <= np.maximum(size * _COMMON, 3)]
    drugs = _twins(table, rare, "drug", "sample", _FEWEST)
    if drugs:
        shown = ", ".join(f'"{pairs.drugs.index[a]}" = "{pairs.drugs.index[b]}"' for a, b in drugs[:3])
        message = (
            f"Several drugs have the same responses, to the last digit ({shown}, {count(len(drugs), 'case')}): one was "
            "copied, or is another name of the other. Correct the ids, or leave one of them out."
        )
        yield caution("same responses", message, len(drugs))
    # two drugs of the same responses make no samples alike
    samples = _twins(table, rare, "sample", "drug", _FEWEST_OF_SAMPLE)
    if samples:
        ids = pairs.genotypes.sample_ids
        shown = ", ".join(f'"{ids[a]}" = "{ids[b]}"' for a, b in samples[:3])
        words = "Samples of different ids have the same responses, to the last digit"
        meant = ": their rows were copied, and one is trained on while the other is held out. Leave one of them out."
        told = f"{words} ({shown}, {count(len(samples), 'case')}){meant}"
        without = f"{words} ({count(len(samples), 'case')}){meant}"
        n_samples = len({at for pair in samples for at in pair})
        yield caution("same responses", told, len(samples), None if n_samples > 2 else len(ids), without)
    yield from _repeats(rows, responses)


def _twins(table: pd.DataFrame, rare: pd.DataFrame, of: str, over: str, fewest: int) -> list[tuple[int, int]]:
    """Pairs of drugs (samples) that are equal, beyond chance, in half or more of the samples (drugs) that both have."""
    key = [over, "y"] if of == "drug" else ["drug", "y"]
    cut = rare[rare.duplicated(key, keep=False)]
    if cut.empty:
        return []
    both = cut.merge(cut, on=key, suffixes=("_a", "_b"))
    both = both[both[f"{of}_a"] < both[f"{of}_b"]]
    equal = both.groupby([f"{of}_a", f"{of}_b"])["log_share_a"].agg(["size", "sum"]).reset_index()
    others = dict(iter(table.groupby(of)[over].agg(set).items()))
    n_pairs = len(others) * (len(others) - 1) / 2
    twins = []
    for a, b, n, chance in equal[equal["size"] >= fewest].itertuples(index=False, name=None):
        n_both = len(others[a] & others[b])
        # at most 2 ** n_both ways to choose those that are equal
        by_chance = chance + n_both * np.log(2) + np.log(n_pairs) > np.log(CHANCE)
        if n >= _SHARED * n_both and not by_chance:
            twins.append((a, b))
    return twins


def _repeats(rows: TrainingRows, responses: Responses) -> Iterator[Finding]:
    """Repeats of pairs whose variance is more than half of what the samples of a drug differ by, beyond chance."""
    repeats = responses.replicates
    degrees = float((repeats["n"] - 1).sum())
    if degrees < _FEWEST:
        return
    noise = float(((repeats["n"] - 1) * repeats["variance"]).sum()) / degrees
    pairs = rows.pairs
    table = pd.DataFrame({"sample_id": pairs.sample_ids, "drug_id": pairs.drug_ids, "y": rows.y})
    table = table.merge(repeats[["sample_id", "drug_id", "n"]], on=["sample_id", "drug_id"])
    apart = table["y"] - table.groupby("drug_id")["y"].transform("mean")
    n_apart = len(table) - table["drug_id"].nunique()
    if n_apart < _FEWEST:
        return
    # of means of repeats: what a single measurement has more is noise
    single = float((apart**2).sum()) / n_apart + noise * float((1 - 1 / table["n"]).mean())
    if single <= 0 or noise / single < _NOISE or stats.f.sf(noise / single / _NOISE, degrees, n_apart) >= CHANCE:
        return
    message = (
        f"Repeats of one sample and drug disagree: {noise / single:.0%} of the variance within drugs lies between the "
        f"rows of one pair ({count(len(repeats), 'pair')}). They may be of other drugs, samples or doses under one "
        "name; correct the ids, or give what tells them apart as another drug."
    )
    yield caution("repeats that disagree", message, len(repeats))
