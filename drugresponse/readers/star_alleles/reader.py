"""Star-allele calls of pharmacogenes -> Genotypes: copies of alleles, phenotypes, activity scores."""

from __future__ import annotations

import logging
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType

import numpy as np
import pandas as pd
from scipy import sparse

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.variants.star_features import ACTIVITY, ALLELE, PHENOTYPE, STAR_ALLELES, star_feature
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.source.source import AnySource, sources_of, words_of
from drugresponse.readers.star_alleles._names import (
    UNCERTAIN,
    copies_of_alleles,
    is_called,
    one_activity,
    one_phenotype,
)
from drugresponse.readers.star_alleles._spellings import canonical_gene, without_gene
from drugresponse.readers.star_alleles._tables import StarAlleleCall, looks_like_star_alleles, read_star_allele_calls

__all__ = ["STAR_ALLELES", "genotypes_of_diplotypes", "looks_like_star_alleles", "read_star_alleles"]

logger = logging.getLogger(__name__)

_SUFFIXES = (".report.tsv", ".outsideCall.tsv", ".outside.tsv", ".tsv", ".txt", ".zip", ".gz")


_Part = dict[str, float] | None
"""Numbers by the name of the feature; None where nothing is certain."""
_Known = dict[tuple[str, str], dict[str, _Part]]
"""What is certain, by sample and gene, and by effect."""
_KINDS = {ALLELE: "dosage", PHENOTYPE: "altered", ACTIVITY: "score"}


def read_star_alleles(
    paths: AnySource | Sequence[AnySource],
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
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "calls.dat")
    ...     rows = ["Sample ID\tGene\tDiplotype\tActivity Score", "s1\tCYP2D6\t*1/*4\t1.0", "s2\tCYP2D6\tno call\t"]
    ...     _ = file.write_text("\n".join(rows) + "\n")
    ...     genotypes = read_star_alleles(file)
    >>> genotypes.features["kind"].to_dict(), genotypes.dense().tolist()
    ({'CYP2D6*4': 'dosage', 'CYP2D6_activity': 'score'}, [[1.0, 1.0], [nan, nan]])
    """
    files = sources_of(paths)
    where = words_of(files)
    calls = [
        call
        for file in files
        for call in _named(read_star_allele_calls(file), file.name, known_samples, sample_id, gene)
    ]
    if aliases is not None:
        aliases.report([call.gene for call in calls], where)
        calls = [replace(call, gene=aliases.current(call.gene)) for call in calls]
    genotypes = _genotypes(calls, where, known_features)
    if genotypes is None:
        raise InputError(
            f"{where}: found no call other than the reference "
            "(expected star alleles, phenotypes or activity scores). Check the file."
        )
    samples, features = genotypes.shape
    n_genes = genotypes.features["gene"].nunique()
    logger.info("%s: %d samples x %d features of %d genes.", where, samples, features, n_genes)
    return genotypes


def genotypes_of_diplotypes(
    diplotypes: Mapping[str, Sequence[str]],
    samples: Sequence[str],
    where: str,
    known_features: pd.DataFrame | None = None,
    *,
    phenotypes: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> Genotypes | None:
    """Copies of alleles, from a column of diplotypes for each gene, and phenotypes from columns of those.

    Parameters
    ----------
    diplotypes
        By gene, `(n_samples,)` calls as `read_star_alleles` takes them; "" where not called.
    samples
        Their ids.
    where
        Name of the file.
    known_features
        As for `read_star_alleles`.
    phenotypes
        By gene, `(n_samples,)` phenotypes such as PM, as `read_star_alleles` takes them; "" where not known.

    Returns
    -------
    Genotypes or None
        None where nothing but the reference is called, and a model asks for none of the genes.

    Examples
    --------
    >>> genotypes = genotypes_of_diplotypes({"CYP2D6": ["*1/*4", "*4/*4"]}, ["s1", "s2"], "calls.tsv")
    >>> genotypes.features.index.tolist(), genotypes.dense().tolist()
    (['CYP2D6*4'], [[1.0], [2.0]])
    """
    calls = [
        StarAlleleCall(sample, canonical_gene(gene), call, "", "")
        for gene, column in diplotypes.items()
        for sample, call in zip(samples, column, strict=True)
    ] + [
        StarAlleleCall(sample, canonical_gene(gene), "", phenotype, "")
        for gene, column in phenotypes.items()
        for sample, phenotype in zip(samples, column, strict=True)
    ]
    return _genotypes(calls, where, known_features)


def _genotypes(calls: Sequence[StarAlleleCall], where: str, known_features: pd.DataFrame | None) -> Genotypes | None:
    """What is certain of the calls; None where that is the reference alone."""
    known = _without_vague(_agreed(calls, where), where)
    features = _features(known, known_features)
    if features.empty:
        return None
    samples = list(dict.fromkeys(call.sample for call in calls))
    return Genotypes.build(_values(known, samples, features), samples, features.assign(block=STAR_ALLELES))


def _named(
    calls: Sequence[StarAlleleCall],
    where: str,
    known_samples: Collection[str] | None,
    sample_id: str | None,
    gene: str | None,
) -> list[StarAlleleCall]:
    """Calls with sample and gene filled."""
    if gene is None and not all(call.gene for call in calls):
        raise InputError(
            f"{where}: the table does not tell its gene (expected a column Gene). Give results.zip as PyPGx wrote it, "
            "or add the column."
        )
    if sample_id is None and not all(call.sample for call in calls):
        sample_id = _sample_of(where)
        if known_samples is not None and sample_id not in known_samples:
            raise InputError(
                f'{where}: found no column of samples, and "{sample_id}" is none of the other tables '
                f"({show_ids(sorted(known_samples))}). Add a column sample_id, or name the file after its sample."
            )
        logger.info('%s: has no column of samples; taken as those of "%s", after the file.', where, sample_id)
    return [
        replace(call, sample=call.sample or sample_id or "", gene=canonical_gene(call.gene or gene or ""))
        for call in calls
    ]


def _sample_of(name: str) -> str:
    for suffix in _SUFFIXES:
        name = name.removesuffix(suffix)
    return name


def _agreed(calls: Sequence[StarAlleleCall], where: str) -> _Known:
    """What is certain; what is not, or what two calls contradict, is missing and counted in a warning."""
    known: _Known = {}
    unclear: dict[str, list[str]] = {}
    for call in calls:
        parts, uncertain = {}, {}
        parts[ALLELE], uncertain["diplotype"] = _alleles(call)
        parts[PHENOTYPE], uncertain["phenotype"] = _phenotype(call)
        parts[ACTIVITY], uncertain["activity score"] = _activity(call)
        for name, written in zip(uncertain, (call.diplotype, call.phenotype, call.activity), strict=True):
            if uncertain[name]:
                unclear.setdefault(name, []).append(f"{call.gene} {written}")
        before = known.get((call.sample, call.gene), dict.fromkeys(parts))
        differ = {effect for effect, part in parts.items() if part is not None and before[effect] not in (None, part)}
        if differ:
            unclear.setdefault("repeated call", []).append(f"{call.gene} of {call.sample}")
        known[call.sample, call.gene] = {
            effect: None if effect in differ else before[effect] if part is None else part
            for effect, part in parts.items()
        }
    if unclear:
        counts = (f'{name} {len(cells)} (such as "{cells[0]}")' for name, cells in sorted(unclear.items()))
        logger.warning(
            "%s: not called, uncertain or contradictory, and therefore missing: %s.", where, ", ".join(counts)
        )
    return known


def _without_vague(known: _Known, where: str) -> _Known:
    """Of HLA, a call to the first field is missing beside calls to the second: `*57` may be `*57:01` or not."""
    called = {key: parts[ALLELE] or {} for key, parts in known.items() if key[1].startswith("HLA-")}
    precise = {gene for (_, gene), alleles in called.items() if any(":" in allele for allele in alleles)}
    first_fields = {
        key: [allele for allele in alleles if ":" not in allele] for key, alleles in called.items() if key[1] in precise
    }
    vague = {key: alleles for key, alleles in first_fields.items() if alleles}
    if vague:
        shown = show_ids(sorted({allele for alleles in vague.values() for allele in alleles}))
        logger.warning("%s: calls to the first field (%s) are missing beside calls to the second.", where, shown)
    return known | {key: {**known[key], ALLELE: None} for key in vague}


def _alleles(call: StarAlleleCall) -> tuple[_Part, bool]:
    copies = copies_of_alleles(call.diplotype, call.gene)
    if copies is None:
        return None, call.diplotype != ""
    named = {f"{call.gene}{name}" if name.startswith("*") else f"{call.gene}:{name}": n for name, n in copies.items()}
    return named, any(map(math.isnan, copies.values()))


def _phenotype(call: StarAlleleCall) -> tuple[_Part, bool]:
    if is_called(call.phenotype):
        phenotype = one_phenotype(without_gene(call.phenotype, call.gene))
    else:
        phenotype = UNCERTAIN if call.phenotype else ""
    if phenotype in ("", UNCERTAIN):
        return None, phenotype == UNCERTAIN
    if phenotype.split()[0] == "Normal":
        return {}, False
    return {f"{call.gene}_phenotype:{phenotype}": 1.0}, False


def _activity(call: StarAlleleCall) -> tuple[_Part, bool]:
    score = one_activity(call.activity)
    if isinstance(score, str):
        return None, score == UNCERTAIN
    return {f"{call.gene}_activity": score}, False


def _features(known: _Known, known_features: pd.DataFrame | None) -> pd.DataFrame:
    """The features that occur, and those known of the genes that occur; columns `gene, kind, effect`."""
    rows = {
        feature_id: (gene, _KINDS[effect], effect)
        for (_, gene), parts in known.items()
        for effect, part in parts.items()
        for feature_id in part or ()
    }
    if known_features is not None:
        wanted = known_features
        if "block" in wanted.columns:
            wanted = wanted[wanted["block"] == STAR_ALLELES]
        genes = {gene for _, gene in known}
        for feature_id, gene in zip(map(str, wanted.index), wanted["gene"].astype(str), strict=True):
            if gene in genes:
                effect = star_feature(feature_id)[1] or ALLELE
                rows.setdefault(feature_id, (gene, _KINDS[effect], effect))
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["gene", "kind", "effect"])
    return table.rename_axis("feature_id")


def _values(known: _Known, samples: Sequence[str], features: pd.DataFrame) -> sparse.csr_array:
    column_of = {feature_id: at for at, feature_id in enumerate(features.index)}
    members: dict[tuple[str, str], list[str]] = {}
    for feature_id, gene, effect in zip(features.index, features["gene"], features["effect"], strict=True):
        members.setdefault((gene, effect), []).append(feature_id)
    rows: list[int] = []
    columns: list[int] = []
    numbers: list[float] = []
    for row, sample in enumerate(samples):
        for (gene, effect), feature_ids in members.items():
            part = known.get((sample, gene), {}).get(effect)
            part = dict.fromkeys(feature_ids, math.nan) if part is None else part
            rows += [row] * len(part)
            columns += [column_of[feature_id] for feature_id in part]
            numbers += part.values()
    shape = (len(samples), len(features))
    return sparse.csr_array((np.array(numbers, dtype=np.float32), (rows, columns)), shape=shape)
