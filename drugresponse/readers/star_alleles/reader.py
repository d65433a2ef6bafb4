"""Star-allele calls of pharmacogenes -> Genotypes: copies of alleles, phenotypes, activity scores."""

from __future__ import annotations

import logging
import math
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.star_features import ACTIVITY, ALLELE, PHENOTYPE, STAR_ALLELES, star_feature
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.star_alleles._names import (
    UNCERTAIN,
    copies_of_alleles,
    is_called,
    one_activity,
    one_phenotype,
)
from drugresponse.readers.star_alleles._spellings import canonical_gene, without_gene
from drugresponse.readers.star_alleles._tables import StarAlleleCall, looks_like_star_alleles, read_star_allele_calls

__all__ = ["STAR_ALLELES", "looks_like_star_alleles", "read_star_alleles"]

logger = logging.getLogger(__name__)

_SUFFIXES = (".report.tsv", ".outsideCall.tsv", ".outside.tsv", ".tsv", ".txt", ".zip", ".gz")


@dataclass(frozen=True)
class _Known:
    """What is certain of one gene of one sample: numbers by the name of the feature; None where nothing is."""

    alleles: dict[str, float] | None
    phenotype: dict[str, float] | None
    activity: dict[str, float] | None

    def part(self, effect: str) -> dict[str, float] | None:
        return {ALLELE: self.alleles, PHENOTYPE: self.phenotype, ACTIVITY: self.activity}[effect]


def read_star_alleles(
    paths: str | Path | Sequence[str | Path],
    *,
    known_samples: Collection[str] | None = None,
    aliases: GeneNames | None = None,
    known_features: pd.DataFrame | None = None,
    sample_id: str | None = None,
    gene: str | None = None,
) -> Genotypes:
    r"""Read calls of pharmacogenes.

    Parameters
    ----------
    paths
        One file or several, read as one table: PharmCAT's calls-only table (with or without its column of samples),
        PharmCAT's outside calls (no header, one sample), PyPGx's results (results.zip, or its table), or a long table
        with the columns sample_id, gene, diplotype, phenotype, activity score, not all of the last three.
    known_samples
        Sample ids of the other tables; a file of one sample that does not name it must bear the name of one of them.
    aliases
        Names of genes in use.
    known_features
        Rows of `features` that a trained model holds, with `block` and `gene`: made for the genes in the file, so that
        an allele or a phenotype which nobody here has reads as 0 rather than as an absent feature.
    sample_id, gene
        The sample or the gene of a file that does not name it; None takes the sample from the name of the file.

    Returns
    -------
    Genotypes
        Block `star alleles`. `CYP2D6*4` (kind dosage) counts the chromosomes with an allele other than the reference;
        `CYP2D6_phenotype:Poor Metabolizer` (kind altered) is made for each phenotype but the normal one;
        `CYP2D6_activity` (kind score) is the activity score. Alleles without a star are `DPYD:c.85T>C (*9A)`. What is
        uncalled, indeterminate or ambiguous is missing; of a call with alternatives, what all of them share is kept.

    Raises
    ------
    InputError
        As `read_star_allele_calls`; or the sample or the gene is not told, or nothing is called.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "calls.dat")
    ...     rows = ["Sample ID\tGene\tDiplotype\tActivity Score", "s1\tCYP2D6\t*1/*4\t1.0", "s2\tCYP2D6\tno call\t"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_star_alleles(file)
    >>> genotypes.features["kind"].to_dict(), genotypes.dense().tolist()
    ({'CYP2D6*4': 'dosage', 'CYP2D6_activity': 'score'}, [[1.0, 1.0], [nan, nan]])
    """
    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(each) for each in paths]
    where = files[0].name if len(files) == 1 else f"{files[0].name} and {len(files) - 1} more"
    calls = [
        call
        for each in files
        for call in _named(read_star_allele_calls(each), each.name, known_samples, sample_id, gene)
    ]
    if aliases is not None:
        aliases.report([each.gene for each in calls], where)
        calls = [replace(each, gene=aliases.current(each.gene)) for each in calls]
    known = _agreed(calls, where)
    features = _features(known, known_features)
    if features.empty:
        raise InputError(
            f"{where}: found no call other than the reference "
            "(expected star alleles, phenotypes or activity scores). Check the file."
        )
    samples = list(dict.fromkeys(each.sample for each in calls))
    logger.info("%s: %d samples x %d features of %d genes.", where, len(samples), *_size(features))
    return Genotypes.build(_values(known, samples, features), samples, features.assign(block=STAR_ALLELES))


def _size(features: pd.DataFrame) -> tuple[int, int]:
    return len(features), features["gene"].nunique()


def _named(
    calls: Sequence[StarAlleleCall],
    where: str,
    known_samples: Collection[str] | None,
    sample_id: str | None,
    gene: str | None,
) -> list[StarAlleleCall]:
    """Calls with sample and gene filled."""
    if any(not each.gene for each in calls) and gene is None:
        raise InputError(
            f"{where}: the table does not tell its gene (expected a column Gene). Give results.zip as PyPGx wrote it, "
            "or add the column."
        )
    if any(not each.sample for each in calls) and sample_id is None:
        sample_id = _sample_of(where)
        if known_samples is not None and sample_id not in known_samples:
            raise InputError(
                f'{where}: found no column of samples, and "{sample_id}" is none of the other tables '
                f"({show_ids(sorted(known_samples))}). Add a column sample_id, or name the file after its sample."
            )
        logger.info('%s: has no column of samples; taken as those of "%s", after the file.', where, sample_id)
    filled = [replace(each, sample=each.sample or sample_id or "", gene=each.gene or gene or "") for each in calls]
    return [replace(each, gene=canonical_gene(each.gene)) for each in filled]


def _sample_of(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _agreed(calls: Sequence[StarAlleleCall], where: str) -> dict[tuple[str, str], _Known]:
    """What is certain, by sample and gene; what is not is counted in a warning."""
    known: dict[tuple[str, str], _Known] = {}
    unclear: Counter[str] = Counter()
    example: dict[str, str] = {}
    for call in calls:
        key = (call.sample, call.gene)
        parts = {"diplotype": _alleles(call), "phenotype": _phenotype(call), "activity score": _activity(call)}
        for name, (_, uncertain) in parts.items():
            if uncertain:
                unclear[name] += 1
                written = getattr(call, "activity" if name == "activity score" else name)
                example.setdefault(name, f"{call.gene} {written}")
        found = _Known(*(values for values, _ in parts.values()))
        known[key], contradicts = _combine(known[key], found) if key in known else (found, False)
        if contradicts:
            unclear["repeated call"] += 1
            example.setdefault("repeated call", f"{call.gene} of {call.sample}")
    if unclear:
        told = ", ".join(f'{name} {count} (such as "{example[name]}")' for name, count in sorted(unclear.items()))
        logger.warning("%s: not called, uncertain or contradictory, and therefore missing: %s.", where, told)
    return _without_vague(known, where)


def _without_vague(known: dict[tuple[str, str], _Known], where: str) -> dict[tuple[str, str], _Known]:
    """Of HLA, a call to the first field is missing beside calls to the second: `*57` may be `*57:01` or not."""
    told = {key: call.alleles for key, call in known.items() if key[1].startswith("HLA-") and call.alleles}
    precise = {gene for (_, gene), alleles in told.items() if any(":" in each for each in alleles)}
    vague = [key for key, alleles in told.items() if key[1] in precise and any(":" not in each for each in alleles)]
    if vague:
        shown = show_ids(sorted({each for key in vague for each in told[key] if ":" not in each}))
        logger.warning("%s: calls to the first field (%s) are missing beside calls to the second.", where, shown)
    return known | {key: replace(known[key], alleles=None) for key in vague}


def _alleles(call: StarAlleleCall) -> tuple[dict[str, float] | None, bool]:
    copies = copies_of_alleles(call.diplotype, call.gene)
    if copies is None:
        return None, call.diplotype != ""
    named = {f"{call.gene}{name}" if name.startswith("*") else f"{call.gene}:{name}": n for name, n in copies.items()}
    return named, any(math.isnan(n) for n in copies.values())


def _phenotype(call: StarAlleleCall) -> tuple[dict[str, float] | None, bool]:
    if is_called(call.phenotype):
        phenotype = one_phenotype(without_gene(call.phenotype, call.gene))
    else:
        phenotype = UNCERTAIN if call.phenotype else ""
    if phenotype in ("", UNCERTAIN):
        return None, phenotype == UNCERTAIN
    if phenotype.split()[0] == "Normal":
        return {}, False
    return {f"{call.gene}_phenotype:{phenotype}": 1.0}, False


def _activity(call: StarAlleleCall) -> tuple[dict[str, float] | None, bool]:
    score = one_activity(call.activity)
    if isinstance(score, str):
        return None, score == UNCERTAIN
    return {f"{call.gene}_activity": score}, False


def _combine(first: _Known, second: _Known) -> tuple[_Known, bool]:
    """Two calls of the same gene and sample: what only one tells is taken, what they contradict is missing."""
    parts: list[dict[str, float] | None] = []
    contradicts = False
    for one, other in (
        (first.alleles, second.alleles),
        (first.phenotype, second.phenotype),
        (first.activity, second.activity),
    ):
        differ = one is not None and other is not None and one != other
        contradicts |= differ
        parts.append(None if differ else one if other is None else other)
    return _Known(*parts), contradicts


def _features(known: dict[tuple[str, str], _Known], known_features: pd.DataFrame | None) -> pd.DataFrame:
    """The features that occur, and those known of the genes that occur; columns `gene, kind, effect`."""
    kinds = ((ALLELE, "dosage"), (PHENOTYPE, "altered"), (ACTIVITY, "score"))
    rows: dict[str, tuple[str, str, str]] = {}
    for (_, gene), call in known.items():
        for effect, kind in kinds:
            for feature_id in call.part(effect) or ():
                rows[feature_id] = (gene, kind, effect)
    genes = {gene for _, gene in known}
    if known_features is not None:
        wanted = known_features
        if "block" in wanted.columns:
            wanted = wanted[wanted["block"] == STAR_ALLELES]
        for feature_id, gene in zip(map(str, wanted.index), wanted["gene"].astype(str), strict=True):
            if gene in genes and feature_id not in rows:
                effect = star_feature(feature_id)[1] or ALLELE
                rows[feature_id] = (gene, dict(kinds)[effect], effect)
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["gene", "kind", "effect"])
    return table.rename_axis("feature_id")


def _values(known: dict[tuple[str, str], _Known], samples: Sequence[str], features: pd.DataFrame) -> sparse.csr_array:
    column_of = {feature_id: at for at, feature_id in enumerate(features.index)}
    members: dict[tuple[str, str], list[int]] = {}
    for at, (gene, effect) in enumerate(zip(features["gene"], features["effect"], strict=True)):
        members.setdefault((gene, effect), []).append(at)
    rows: list[int] = []
    columns: list[int] = []
    numbers: list[float] = []
    for row, sample in enumerate(samples):
        for (gene, effect), at_hand in members.items():
            call = known.get((sample, gene))
            part = None if call is None else call.part(effect)
            if part is None:
                part = dict.fromkeys(features.index[at_hand], math.nan)
            rows.extend([row] * len(part))
            columns.extend(column_of[feature_id] for feature_id in part)
            numbers.extend(part.values())
    shape = (len(samples), len(features))
    return sparse.csr_array((np.array(numbers, dtype=np.float32), (rows, columns)), shape=shape)
