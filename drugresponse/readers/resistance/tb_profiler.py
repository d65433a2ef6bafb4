"""Results of TB-Profiler (JSON) -> Genotypes: variants of genes of Mycobacterium tuberculosis."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from drugresponse.data.genotypes import Genotypes
from drugresponse.errors import InputError, quoted, show_ids
from drugresponse.readers.alterations.classes import SILENT, classify
from drugresponse.readers.resistance._calls import MUTATION, Calls, Element
from drugresponse.readers.resistance._documents import list_of, objects_of, text_of
from drugresponse.readers.resistance._names import refuse_second_file, sample_of_file
from drugresponse.readers.resistance.parents import site_of_change
from drugresponse.readers.source.source import AnySource, Source, sources_of, words_of

__all__ = ["TB_PROFILER", "read_tb_profiler"]

logger = logging.getLogger(__name__)

TB_PROFILER = "TB-Profiler"
"""Name of the block."""
_VARIANTS = ("dr_variants", "other_variants")
_FAILED = ("qc_fail_variants", "fail_variants", "fail_dr_variants", "fail_other_variants")
_ENDINGS = (".results", "_results", ".tbprofiler", "_tbprofiler")
_LOSS = ("frameshift", "stop_gained", "start_lost", "transcript_ablation", "feature_ablation", "large_deletion",
         "exon_loss", "gene_deletion")  # fmt: skip
"""Words of types that leave a gene without its function."""


def read_tb_profiler(
    paths: AnySource | Sequence[AnySource],
    *,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    absent_means: str | None = None,
) -> Genotypes:
    r"""Read what TB-Profiler found in isolates.

    Parameters
    ----------
    paths
        `*.results.json` of one isolate each, of any version; or JSON of several, as a list or one a line.
    known_samples
        Sample ids of the other tables, by which an isolate is named where its file does not tell its `id`.
    known_features
        Rows of `features` that a trained model holds: they are 0 in isolates that do not bear them.
    absent_means
        `reference` takes everything that is not found for absent, `missing` for not known. None takes it for absent,
        but for positions without reads (`missing_positions`) and variants that failed the quality checks.

    Returns
    -------
    Genotypes
        Block `TB-Profiler`, kind `altered`: 1 where the variant was called, whatever its share of the reads, among
        `dr_variants` and `other_variants`; synonymous ones of the others are left out. Ids are those of the WHO's
        catalogue: `rpoB_p.Ser450Leu`, `fabG1_c.-15C>T`.

    Raises
    ------
    InputError
        The JSON is damaged or has no variants, an isolate stands in two files, or nothing was found in any.

    Notes
    -----
    Fields: `ProfileResult` of https://github.com/jodyphelan/TBProfiler (tbprofiler/models.py), and results of version 3
    among the test data of https://github.com/pha4ge/hAMRonization; Phelan et al. 2019, doi:10.1186/s13073-019-0650-x.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "S1.results.json")
    ...     _ = file.write_text('{"id": "S1", "other_variants": [], "dr_variants": [{"gene_name": "rpoB", '
    ...                         '"change": "p.Ser450Leu", "drugs": [{"drug": "rifampicin"}]}]}')
    ...     genotypes = read_tb_profiler(file)
    >>> genotypes.features["gene"].to_dict(), genotypes.dense().tolist()
    ({'rpoB_p.Ser450Leu': 'rpoB'}, [[1.0]])
    """
    files = sources_of(paths)
    where = words_of(files)
    profiles = _Profiles()
    seen: dict[str, Source] = {}
    for file in files:
        here: set[str] = set()
        for result in objects_of(file):
            sample = text_of(result, "id", "sample_name") or sample_of_file(file, _ENDINGS, known_samples)
            refuse_second_file(seen, sample, file)
            if sample in here:
                raise InputError(
                    f"{file.name}: found two results with the id {quoted(sample)} (expected one each). Rename one."
                )
            here.add(sample)
            profiles.add(sample, result, f"{file.name}, {sample}")
    if profiles.n_synonymous:
        logger.info("%s: synonymous variants left out: %d.", where, profiles.n_synonymous)
    return profiles.calls.genotypes(where, known_features, absent_means, profiles.unseen)


@dataclass
class _Profiles:
    """What was read so far; `names` and `positions` are, by sample, what could not be called."""

    calls: Calls = field(default_factory=Calls)
    n_synonymous: int = 0
    names: dict[str, set[str]] = field(default_factory=dict)
    positions: dict[str, set[str]] = field(default_factory=dict)
    position_of: dict[str, str] = field(default_factory=dict)

    def add(self, sample: str, result: Mapping[str, Any], place: str) -> None:
        """Note the result of an isolate."""
        if not any(name in result for name in _VARIANTS):
            raise InputError(
                f"{place}: found no {' and no '.join(_VARIANTS)} (its fields are {show_ids(result, 8)}). Give the "
                ".results.json that tb-profiler profile writes."
            )
        self.calls.look(sample, TB_PROFILER)
        for group in _VARIANTS:
            for variant in list_of(result, group, place):
                if group == "other_variants" and _is_synonymous(text_of(variant, "type")):
                    self.n_synonymous += 1
                    continue
                element = _element(variant, place, is_known=group == "dr_variants")
                position = text_of(variant, "pos", "genome_pos", "position")
                if position:
                    self.position_of[element.name] = position
                self.calls.find(sample, element)
        for group in _FAILED:
            for variant in list_of(result, group, place):
                self.names.setdefault(sample, set()).add(_element(variant, place, is_known=False).name)
        quality = result.get("qc")
        if isinstance(quality, dict):
            for each in list_of(quality, "missing_positions", place):
                self._add_missing(sample, each, place)

    def _add_missing(self, sample: str, missing: Mapping[str, Any], place: str) -> None:
        position = text_of(missing, "position", "pos", "genome_pos")
        if position:
            self.positions.setdefault(sample, set()).add(position)
        for told in (missing, *list_of(missing, "annotation", place)):
            gene, change = text_of(told, "gene", "gene_name", "gene_id"), text_of(told, "variant", "change", "mutation")
            if gene and change:
                self.names.setdefault(sample, set()).add(f"{gene}_{change}")

    def unseen(self, features: pd.DataFrame) -> list[tuple[str, NDArray[np.bool_]]]:
        """Variants that could not be called, by name or by a position without reads."""
        names = features["feature_id"].to_numpy(dtype=object)
        places = np.array([self.position_of.get(name, "") for name in names], dtype=object)
        return [
            (
                sample,
                np.isin(names, list(self.names.get(sample, ())))
                | np.isin(places, list(self.positions.get(sample, ()))),
            )
            for sample in dict.fromkeys((*self.names, *self.positions))
        ]


def _is_synonymous(effect: str) -> bool:
    """Whether a variant changes no protein; beside another effect, or denied, the word says nothing."""
    return "synonymous" in effect and classify(effect) == SILENT


def _element(variant: Mapping[str, Any], place: str, *, is_known: bool) -> Element:
    """A variant; one that is not known to confer resistance is apart from those of its gene that are."""
    gene = text_of(variant, "gene", "gene_name", "locus_tag", "gene_id")
    change = text_of(variant, "change", "protein_change", "nucleotide_change")
    if not gene or not change:
        raise InputError(
            f"{place}: found a variant without {'change' if gene else 'gene'} (its fields are {show_ids(variant, 8)}). "
            "Give the .results.json that tb-profiler profile writes."
        )
    loss = f"{gene} no function (function)" if any(word in text_of(variant, "type") for word in _LOSS) else ""
    parents = [site_of_change(gene, change), loss]
    if is_known:
        drugs = [text_of(each, "drug") for each in list_of(variant, "drugs", place)] or [text_of(variant, "drug")]
        parents += [f"{gene} (gene)", *(f"{drug} (drug)" for drug in drugs if drug)]
    else:
        parents.append(f"{gene} other variants (gene)")
    return Element(TB_PROFILER, f"{gene}_{change}", gene, MUTATION, tuple(filter(None, parents)))
