"""Results of Sierra and sierra-local (JSON) -> Genotypes: substitutions in HIV sequences of patients."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import is_missing_id, trimmed
from drugresponse.errors import InputError, quoted, show_ids
from drugresponse.readers.resistance._calls import Calls
from drugresponse.readers.resistance._documents import list_of, objects_of, text_of
from drugresponse.readers.resistance._sites import Sites
from drugresponse.readers.resistance._substitutions import (
    SUBSTITUTIONS,
    Substitution,
    elements_at,
    gene_of_hiv,
    residues_of,
)
from drugresponse.readers.source.source import AnySource, sources_of, words_of

__all__ = ["read_sierra"]

_GENES = ("alignedGeneSequences", "allGeneSequenceReads")
_WRAPPERS = ("data", "viewer", "currentViewer", "sequenceAnalysis", "sequenceReadsAnalysis", "report")
_WHOLE_GENE = (1, 1 << 30)


def read_sierra(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read the substitutions that Sierra (HIVdb) or sierra-local found in sequences.

    Parameters
    ----------
    paths
        JSON of `sierralocal` or `sierrapy fasta`, of any number of sequences. The header of a sequence names its
        sample: as a whole, or its first word where that is a sample of the other tables.
    known_samples
        Sample ids of the other tables.
    known_features
        Rows of `features` that a trained model holds: they are 0 at sites that were sequenced and do not bear them.
    absent_means
        `reference` takes sites that were not sequenced for the consensus, `missing` keeps what was found alone. None
        takes sites outside those that were sequenced, and genes that were not, for missing.

    Returns
    -------
    Genotypes
        Block `substitutions`, kind `altered`: `RT_184V` is 1 where valine stands at site 184, alone or in a mixture;
        each residue of a mixture counts but the consensus. Insertions and deletions are `RT_69ins`, `RT_67del`. At a
        site with X all are missing. Two sequences of one sample are joined where they share no site.

    Raises
    ------
    InputError
        The JSON is damaged or has no sequences, two sequences of one sample share a site, or nothing was found in any.

    Notes
    -----
    Fields: the default queries of https://github.com/hivdb/sierra-client (python/sierrapy/fragments) and
    https://github.com/PoonLab/sierra-local (sierralocal/jsonwriter.py); Ho et al. 2019, doi:10.21105/joss.01186.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "results.json")
    ...     _ = file.write_text('[{"inputSequence": {"header": "P1"}, "alignedGeneSequences": [{"gene": '
    ...                         '{"name": "RT"}, "firstAA": 1, "lastAA": 240, "mutations": [{"consensus": "M", '
    ...                         '"position": 184, "AAs": "MV", "text": "M184MV"}]}]}]')
    ...     genotypes = read_sierra(file)
    >>> genotypes.sample_ids.tolist(), genotypes.features.index.tolist()
    (['P1'], ['RT_184V'])
    """
    files = sources_of(paths)
    where = words_of(files)
    known = None if known_samples is None else {str(sample) for sample in known_samples}
    calls, sites = Calls(), Sites()
    for file in files:
        for number, result in enumerate(_results(objects_of(file)), start=1):
            place = f"{file.name}, sequence {number}"
            if not any(name in result for name in _GENES):
                raise InputError(
                    f"{place}: found no {_GENES[0]} (its fields are {show_ids(result, 8)}). Give what sierralocal or "
                    "sierrapy fasta writes by default."
                )
            sample = _sample(result, known, place)
            calls.look(sample, SUBSTITUTIONS)
            sites.leave_out(sample)
            for name in _GENES:
                for gene in list_of(result, name, place):
                    _add_gene(calls, sites, sample, gene, place)
    return calls.genotypes(where, known_features, absent_means, sites.unseen)


def _results(objects: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The results of sequences, out of what a server wraps around them."""
    results: list[Mapping[str, Any]] = []
    for each in objects:
        inner = next((each[name] for name in _WRAPPERS if isinstance(each.get(name), dict | list)), None)
        if inner is None or any(name in each for name in _GENES):
            results.append(each)
        else:
            listed = inner if isinstance(inner, list) else [inner]
            results += _results([one for one in listed if isinstance(one, dict)])
    return results


def _sample(result: Mapping[str, Any], known: set[str] | None, place: str) -> str:
    sequence = result.get("inputSequence")
    header = trimmed(text_of(sequence, "header") if isinstance(sequence, dict) else text_of(result, "name"))
    if is_missing_id(header):
        raise InputError(f"{place}: found no header (expected the id of a sample). Name the sequences in the FASTA.")
    first = header.split()[0]
    return first if known is not None and header not in known and first in known else header


def _add_gene(calls: Calls, sites: Sites, sample: str, sequence: Mapping[str, Any], place: str) -> None:
    """Note the substitutions in one gene of a sample, and which of its sites were sequenced."""
    named = sequence.get("gene")
    gene = gene_of_hiv(text_of(named, "name") if isinstance(named, dict) else text_of(sequence, "gene"))
    if not gene:
        raise InputError(f"{place}: found a gene without a name (expected PR, RT, IN or CA). Give the file as written.")
    first, last = (sequence.get(name) for name in ("firstAA", "lastAA"))
    span = (first, last) if isinstance(first, int) and isinstance(last, int) else _WHOLE_GENE
    if sites.overlap(sample, gene, *span):
        raise InputError(
            f"{place}: another sequence of {quoted(sample)} has sites of {gene} as well (expected one a sample). "
            "Give each sequence a header of its own, or leave one out."
        )
    sites.cover(sample, gene, *span)
    for mutation in list_of(sequence, "mutations", place):
        _add_mutation(calls, sites, sample, gene, mutation, place)


def _add_mutation(calls: Calls, sites: Sites, sample: str, gene: str, mutation: Mapping[str, Any], place: str) -> None:
    position = mutation.get("position")
    consensus = text_of(mutation, "consensus", "reference")
    if mutation.get("isDeletion"):
        residues: tuple[str, ...] | None = ("del",)
    elif mutation.get("isInsertion"):
        residues = ("ins",)
    elif mutation.get("isUnsequenced"):
        residues = ()
    else:
        residues = residues_of(text_of(mutation, "AAs"), consensus)
    if not isinstance(position, int) or residues is None:
        shown = quoted(text_of(mutation, "text") or f"{consensus}{position}{text_of(mutation, 'AAs')}")
        raise InputError(f"{place}: found the mutation {shown} in {gene} (expected position and AAs). Check the file.")
    if not residues:
        sites.blur(sample, gene, position)
    for element in elements_at(Substitution(gene, position, residues)):
        calls.find(sample, element)
