"""The page of `prepare`: what was read and left out, what is missing, how samples differ, and who is related."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd

from drugresponse import plots
from drugresponse.genotype_qc.overview import GenotypeOverview
from drugresponse.genotype_qc.relatives import ALIKE, MOST_COMPARED, SAME
from drugresponse.report.blocks import Block, Cell, Columns, Figure, Items, Part, Report, Row, Table, Verdict, Words
from drugresponse.report.genotype_components import components_part, explained
from drugresponse.report.html import Page, as_html
from drugresponse.report.page import count, joined, number, percent
from drugresponse.report.pictures import BESIDE, Picture
from drugresponse.report.wording import as_sentence

__all__ = ["GenotypeSource", "genotypes_report"]

HALF = 0.5
_FEWEST_MISSING = 0.05
_WORST = 10
_MOST_PAIRS = 50
_KINDS = {
    "dosage": "copies of the alternate allele",
    "altered": "altered or not",
    "copy_number": "copy number",
    "score": "real numbers",
}
_RELATIONS = {SAME: "that are one person or twins", ALIKE: "with nearly equal alterations"}


@dataclass(frozen=True)
class GenotypeSource:
    """A file that was read: its name, its format in one word, and its genome build where it tells one."""

    file: str
    format: str
    build: str = ""


def genotypes_report(
    overview: GenotypeOverview,
    *,
    sources: Sequence[GenotypeSource] = (),
    choices: Sequence[str] = (),
    notes: Sequence[str] = (),
    samples: pd.DataFrame | None = None,
) -> Page:
    """The page that describes genotypes.

    Parameters
    ----------
    overview
        As `overview_of` gives it.
    sources
        What was read.
    choices
        What was asked to be left out or joined, each a sentence.
    notes
        What the readers said while they read, each a sentence.
    samples
        Index `sample_id`, text columns: batches, ancestry, subjects.

    Returns
    -------
    str
        One HTML page without scripts; the same input gives the same text.

    Examples
    --------
    >>> from drugresponse.data.genotypes import Genotypes
    >>> from drugresponse.genotype_qc.overview import overview_of
    >>> genotypes = Genotypes.from_dense([[0, 2], [1, 0]], ["s1", "s2"], ["rs1", "rs2"], kind="dosage")
    >>> genotypes_report(overview_of(genotypes))[:15]
    '<!DOCTYPE html>'
    """
    table = pd.DataFrame(index=overview.summary.samples.index)
    if samples is not None:
        table = samples.reindex(table.index).fillna("").astype(str)
    lead = (
        f"{count(overview.n_samples, 'sample')} and {count(overview.n_features, 'feature')} from "
        f"{count(len(sources), 'file')}; {percent(overview.missing)} of the calls are missing."
    )
    parts = (
        Part("", [_verdict(overview, table)]),
        Part("How frequent alleles and alterations are", _frequencies(overview)),
        components_part(overview.components, table),
        Part("Missing calls", _missing(overview)),
        Part("What was read", _read(overview, sources, choices, notes)),
        Part("Relatives and repeats", _relatives(overview, table)),
        Part("Limits", [Items(_limits())]),
    )
    inputs = [source.file for source in sources]
    return as_html(Report("Genotype report", lead, parts, as_sentence("research use only"), inputs))


def _verdict(overview: GenotypeOverview, samples: pd.DataFrame) -> Verdict:
    problems = []
    n_empty = int((overview.summary.samples["missing"] > HALF).sum())
    if n_empty:
        problems.append(f"{count(n_empty, 'sample')} with more than half of the calls missing")
    pairs = overview.relatives.table
    pairs = pairs[~_one_subject(pairs, samples)]
    for relation, words in _RELATIONS.items():
        n_pairs = int((pairs["relation"] == relation).sum())
        if n_pairs:
            problems.append(f"{count(n_pairs, 'pair')} of samples {words}")
    batches = [name for name, shares in explained(overview.components, samples) if _is_batch(name, shares)]
    if batches:
        problems.append(f"principal components that follow {joined(batches)}")
    n_constant = int(overview.summary.blocks["constant"].sum())
    if n_constant == overview.n_features:
        return Verdict(
            "worse", "No feature differs between samples", "These genotypes serve for predictions, not for training."
        )
    ready = f"{count(overview.n_samples, 'sample')} and {count(overview.n_features, 'feature')} are ready"
    if not problems:
        return Verdict("better", ready, "Nothing in the genotypes stands out that calls for care.")
    return Verdict("same", f"{ready}; look at what stands out first", f"Found: {joined(problems)}.")


def _is_batch(name: str, shares: np.ndarray) -> bool:
    """Whether a column that should not show in genotypes explains much of the first components."""
    technical = any(word in name.lower() for word in ("batch", "site", "plate", "centre", "center", "array"))
    return technical and bool(np.nanmax(np.append(shares[:2], 0.0)) > 0.2)


def _one_subject(pairs: pd.DataFrame, samples: pd.DataFrame) -> np.ndarray:
    """`(n_pairs,)` whether the samples table says that both are of one subject."""
    if "subject_id" not in samples.columns:
        return np.zeros(len(pairs), dtype=bool)
    one, other = (samples["subject_id"].reindex(pairs[column]).to_numpy() for column in ("sample_id", "other_id"))
    return np.asarray((one == other) & (one != ""))


def _read(
    overview: GenotypeOverview, sources: Sequence[GenotypeSource], choices: Sequence[str], notes: Sequence[str]
) -> list[Block]:
    columns: Columns = {
        "Block": lambda row: Cell(str(row.Index), kind="id"),
        "Numbers are": lambda row: "; ".join(_KINDS.get(kind, kind) for kind in row.kind.split(";")),
        "Features": lambda row: f"{row.n_features:,}",
        "of these constant": lambda row: f"{row.constant:,}",
        "Calls missing": lambda row: percent(row.missing),
    }
    blocks: list[Block] = [
        Items([f"{source.file}: {source.format}{f', {source.build}' if source.build else ''}" for source in sources]),
        Table.of(overview.summary.blocks, columns, words=2),
    ]
    if choices:
        blocks += [Words("What was asked for:"), Items(choices)]
    if notes:
        blocks += [Words("What was done and left out, in the words of the readers:"), Items(notes)]
    return blocks


def _missing(overview: GenotypeOverview) -> list[Block]:
    summary = overview.summary
    if not overview.missing:
        return [Words("No call is missing.")]
    shares = summary.samples["missing"]
    drawings = {
        f"missing-by-{of[:-1]}": Picture(
            f"{of.capitalize()} by share of calls missing", partial(plots.missingness, overview, of=of), BESIDE
        )
        for of in ("samples", "features")
    }
    worst = shares.sort_values(ascending=False, kind="stable").head(_WORST)
    worst = worst[worst > _FEWEST_MISSING]
    rows: list[Row] = [[Cell(str(name), kind="id"), percent(share)] for name, share in worst.items()]
    words = Words(
        f"Of the samples, {int((shares > HALF).sum()):,} lack more than half of the calls, and of the features "
        f"{int((summary.feature_missing > HALF).sum()):,}. What is missing stays missing in the file."
    )
    caption = "How many samples, and how many features, lack which share of their calls."
    table = [Table(["Sample", "Calls missing"], rows, caption="Most calls missing")] if rows else []
    return [Figure(drawings, caption), words, *table]


def _frequencies(overview: GenotypeOverview) -> list[Block]:
    spectrum = overview.summary.spectrum
    if not len(spectrum):
        return [Words("There are no dosages and no alterations, of which frequencies could be told.")]
    drawings = {
        f"frequency-{block}-{kind}": Picture(
            f"Features of {block} by frequency",
            partial(plots.frequencies, overview, block=block, kind=kind),
            BESIDE,
        )
        for block, kind in spectrum[["block", "kind"]].drop_duplicates().itertuples(index=False)
    }
    caption = "Features by frequency among called samples. The column at 0 has those without a minor allele or carrier."
    return [Figure(drawings, caption), *_altered_words(overview)]


def _altered_words(overview: GenotypeOverview) -> list[Block]:
    altered = overview.summary.samples["n_altered"]
    heterozygosity = overview.summary.samples["heterozygosity"]
    lines = [
        f"Features above 0 in a sample: median {altered.median():,.0f}, from {altered.min():,} to {altered.max():,}."
    ]
    if heterozygosity.notna().any():
        low, middle, high = (float(quantile) for quantile in heterozygosity.quantile([0.0, 0.5, 1.0]))
        lines.append(
            f"Heterozygous calls: median {percent(middle)} of a sample's dosages, from {percent(low)} to "
            f"{percent(high)}. Much more than the others may mean a mixed sample, much less inbreeding or lost calls."
        )
    return [Items(lines)]


def _relatives(overview: GenotypeOverview, samples: pd.DataFrame) -> list[Block]:
    relatives = overview.relatives
    if not relatives.compared:
        many = f"there are more than {MOST_COMPARED:,} samples"
        why = many if overview.n_samples > MOST_COMPARED else "there is too little to go by"
        return [Words(f"Samples were not compared with each other: {why}.")]
    by = []
    if "dosage" in relatives.compared:
        by.append(f"kinship by {count(relatives.n_features, 'unlinked variant')} (KING-robust; 0.5 is one person)")
    if "altered" in relatives.compared:
        by.append("the share of rarer alterations that two samples have in common")
    words = Words(f"Every sample was compared with every other, by {joined(by)}.")
    if not len(relatives.table):
        return [words, Words("No two samples are closer than chance. With few variants, relatives are not seen.")]
    pairs = relatives.table.assign(known=_one_subject(relatives.table, samples))
    columns: Columns = {
        "Sample": lambda row: Cell(str(row.sample_id), kind="id"),
        "Other sample": lambda row: Cell(str(row.other_id), kind="id"),
        "Relation": lambda row: f"{row.relation}{' (known: one subject)' if row.known else ''}",
        "Value": lambda row: number(row.value),
    }
    left = len(relatives.table) - _MOST_PAIRS
    more = [Words(f"The summary table has {count(left, 'more pair')}.", quiet=True)] if left > 0 else []
    advice = Words(
        "One person under two ids, in training and in test, makes a model look better than it is. Give both the same "
        "subject_id in the table of samples, or remove one.",
        quiet=True,
    )
    return [words, Table.of(pairs.head(_MOST_PAIRS), columns, words=3), *more, advice]


def _limits() -> list[str]:
    return [
        "Nothing was corrected. What is named here is for you to judge.",
        "A principal component that follows a batch and a response that follows it too cannot be told from a genetic "
        "effect afterwards.",
        "Frequencies are those of this cohort, not of a population.",
    ]
