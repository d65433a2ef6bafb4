"""Genotypes from files of any format that is read, several together."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from drugresponse.data.genotypes import Genotypes
from drugresponse.data.ids import spellings_alike, suggest_ids
from drugresponse.data.variants.reference_calls import ReferenceCalls
from drugresponse.errors import InputError, nearest, show_ids
from drugresponse.readers.alterations.reader import read_alterations
from drugresponse.readers.genes.names import GeneNames
from drugresponse.readers.genotype_formats import GENOTYPE_FORMATS, genotype_format_of
from drugresponse.readers.matrix.anndata_file import read_anndata
from drugresponse.readers.matrix.reader import read_matrix
from drugresponse.readers.matrix.single_copies import double_single_copies
from drugresponse.readers.plink.reader import read_plink
from drugresponse.readers.plink.text_reader import read_raw, read_traw
from drugresponse.readers.star_alleles.reader import read_star_alleles
from drugresponse.readers.variants.site_filter import SiteFilter, filter_genotypes
from drugresponse.readers.vcf.reader import read_variants

__all__ = ["GENOTYPE_FORMATS", "read_genotypes"]

logger = logging.getLogger(__name__)

ABSENT_MEANS = ("missing", "reference")
FILTERS = ("all", "pass")
AbsentMeans = Literal["missing", "reference"]


@dataclass(frozen=True)
class _Asked:
    """How the files are read; the fields are the arguments of `read_genotypes`."""

    features: str | Path | None
    absent_means: AbsentMeans | None
    kind: str | None
    layer: str | None
    known_samples: Collection[str] | None
    known_features: pd.DataFrame | None
    aliases: GeneNames | None
    site_filter: SiteFilter | None
    men: Collection[str] = ()

    def absent(self, usual: AbsentMeans) -> AbsentMeans:
        return self.absent_means or usual

    def filtered(self, genotypes: Genotypes) -> Genotypes:
        """What the filter keeps of genotypes whose reader does not filter."""
        return genotypes if self.site_filter is None else filter_genotypes(genotypes, self.site_filter)

    def with_two_copies(self, genotypes: Genotypes, file: Path) -> Genotypes:
        """Of what does not tell haploid calls."""
        return double_single_copies(genotypes, self.men, file.name) if self.men else genotypes

    def of_table(self, genotypes: Genotypes, file: Path) -> Genotypes:
        """Of a table, which tells no haploid calls, and writes what is missing: only sites that it lacks are absent."""
        found = self.with_two_copies(genotypes, file)
        if self.absent_means == "reference" and (found.features["kind"] == "dosage").any():
            found = replace(found, reference=ReferenceCalls(np.ones(found.shape[0], dtype=bool), {}))
        return self.filtered(found)

    def words(self) -> dict[str, Any]:
        """What readers of gene tables look at."""
        return {name: getattr(self, name) for name in ("known_samples", "known_features", "aliases")}


_ONE_BY_ONE: Mapping[str, Callable[[Path, _Asked], Genotypes]] = {
    "vcf": lambda file, asked: read_variants(file, absent_means=asked.absent("missing"), site_filter=asked.site_filter),
    "plink": lambda file, asked: read_plink(file, absent_means=asked.absent("missing"), site_filter=asked.site_filter),
    "plink-raw": lambda file, asked: asked.filtered(
        asked.with_two_copies(read_raw(file, features=asked.features, absent_means=asked.absent("missing")), file)
    ),
    "plink-traw": lambda file, asked: asked.filtered(
        asked.with_two_copies(
            read_traw(file, absent_means=asked.absent("missing"), known_samples=asked.known_samples), file
        )
    ),
    "matrix": lambda file, asked: asked.of_table(
        read_matrix(file, features=asked.features, kind=asked.kind, known_samples=asked.known_samples), file
    ),
    "anndata": lambda file, asked: asked.of_table(read_anndata(file, layer=asked.layer, kind=asked.kind), file),
}
_TOGETHER: Mapping[str, Callable[[Sequence[Path], _Asked], Genotypes]] = {
    "alterations": lambda files, asked: asked.filtered(
        read_alterations(files, absent_means=asked.absent("reference"), **asked.words())
    ),
    "star-alleles": lambda files, asked: asked.filtered(read_star_alleles(files, **asked.words())),
}
"""Files of these formats hold some samples each, and are read as one table."""


def read_genotypes(
    paths: str | Path | Sequence[str | Path],
    *,
    features: str | Path | None = None,
    genotype_format: str = "auto",
    absent_means: str | None = None,
    filters: str = "all",
    kind: str | None = None,
    layer: str | None = None,
    known_samples: Collection[str] | None = None,
    known_features: pd.DataFrame | None = None,
    aliases: GeneNames | None = None,
    site_filter: SiteFilter | None = None,
    men: Collection[str] = (),
) -> Genotypes:
    r"""Read one or several sources of genotypes and put them side by side.

    Parameters
    ----------
    paths
        VCF, compressed VCF, BCF; PLINK 1 or 2 (the .bed or .pgen file, or the folder of one fileset), and its
        text of dosages (.raw, .traw); a table of
        alterations or MAF; a table of star alleles; a matrix as text or Parquet; .h5ad. Formats may be mixed.
    features
        Table that explains the features of the matrices.
    genotype_format
        `auto` tells the format of each file by its content; every other insists on one.
    absent_means
        What a call that is not there means: `missing` (also None, for VCF and PLINK) or `reference` (also None, for
        alterations). Of a matrix and .h5ad, only a site of a trained model that they lack altogether can be meant.
    filters
        `all` keeps variants and calls of VCF and PLINK 2 that failed a filter of their caller (FILTER, FT), and counts
        them in a warning; `pass` leaves them out.
    kind
        Kind of matrix features that the features table does not tell; None guesses it.
    layer
        Layer of .h5ad files; None reads `X`.
    known_samples
        Sample ids of the other tables, which tell a matrix from its transpose, and which samples were assayed for
        alterations.
    known_features
        Features of a trained model, which tables of alterations and star alleles then have too.
    aliases
        Names of genes in use, for tables of alterations and star alleles.
    site_filter
        Which variants are kept. VCF and PLINK are filtered while they are read, every other format afterwards, as
        `filter_genotypes` tells.
    men
        Ids of the male samples. Where a table writes their one copy of X as 1, it counts as 2, as in VCF and PLINK.

    Raises
    ------
    InputError
        No file, an unknown option, a format that is not read, or a file that is damaged.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     file = Path(folder, "mutations.dat")
    ...     _ = file.write_text("sample_id\tTP53\ns1\t1\ns2\t\n")
    ...     read_genotypes(file, kind="altered").dense()
    array([[ 1.], [nan]], dtype=float32)
    """
    files = [Path(paths)] if isinstance(paths, str | Path) else [Path(each) for each in paths]
    if absent_means is not None and absent_means not in ABSENT_MEANS:
        raise InputError(f'`absent_means`: "{absent_means}" is unknown. {nearest(absent_means, ABSENT_MEANS)}')
    if not files:
        raise InputError("genotypes: no source was given. Give at least one file of genotypes.")
    if filters not in FILTERS:
        raise InputError(f'`filters`: "{filters}" is unknown. {nearest(filters, FILTERS)}')
    if filters == "pass":
        site_filter = replace(site_filter or SiteFilter(), passed_only=True)
    means = cast("AbsentMeans | None", absent_means)
    asked = _Asked(features, means, kind, layer, known_samples, known_features, aliases, site_filter, men)
    together: dict[str, list[Path]] = {}
    for file in files:
        found = genotype_format_of(file, genotype_format)
        # a group stands where its first file stands
        together.setdefault(found if found in _TOGETHER else f"{found} {len(together)}", []).append(file)
    sources = [
        _TOGETHER[name](group, asked) if name in _TOGETHER else _ONE_BY_ONE[name.split()[0]](group[0], asked)
        for name, group in together.items()
    ]
    if len(sources) > 1:
        _report_overlap([group[0] for group in together.values()], sources)
    return Genotypes.join(sources)


def _report_overlap(files: Sequence[Path], sources: Sequence[Genotypes]) -> None:
    for at, source in enumerate(sources):
        for before, earlier in zip(files, sources[:at], strict=False):
            shared = earlier.features.index.intersection(source.features.index)
            if len(shared) and not len(earlier.sample_ids.intersection(source.sample_ids)):
                raise InputError(
                    f"{files[at].name}: it has features of {before.name} ({show_ids(shared)}) and none of its samples "
                    "(expected other features of the same samples). Merge such files first, "
                    "for instance with bcftools merge."
                )
            _warn_of_other_spellings(files[at].name, source.sample_ids, before.name, earlier.sample_ids)
    everywhere, anywhere = set(sources[0].sample_ids), set(sources[0].sample_ids)
    for source in sources[1:]:
        everywhere &= set(source.sample_ids)
        anywhere |= set(source.sample_ids)
    logger.info(
        "genotypes: %d samples are in all %d sources, %d in only some of them.",
        len(everywhere),
        len(sources),
        len(anywhere) - len(everywhere),
    )


def _warn_of_other_spellings(where: str, ids: pd.Index, before: str, earlier: pd.Index) -> None:
    here, there = ids[~ids.isin(earlier)], earlier[~earlier.isin(ids)]
    if spellings_alike(here, there):
        logger.warning(
            "%s: samples of it and of %s count as different ones. %s", where, before, suggest_ids(here, there)
        )
