"""What each format of genotypes is, in one record: choices of options, recognition and reading are made of it."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from drugresponse.errors import DrugResponseError, InputError, nearest
from drugresponse.plugins import READER_GROUP, Plugin, find_plugin, plugin_names

if TYPE_CHECKING:
    from drugresponse.data.genotypes import Genotypes
    from drugresponse.readers.source.source import Source

__all__ = ["FORMATS", "FORMAT_LABELS", "GENOTYPE_FORMATS", "GenotypeFormat", "find_format"]


@dataclass(frozen=True)
class GenotypeFormat:
    """A format of genotypes.

    Attributes
    ----------
    name
        As on the command line.
    place
        Module and function that reads it, imported only when it is needed. The function takes a `Source`, or all of
        them where `is_joint`, and those of the options of `read_genotypes` that it names as its parameters.
    label
        What forms show for it.
    description
        What was expected, in an error.
    contents
        Contents of a file (`Source.content`) that are this format.
    header
        Function in the same module that says whether a first row is that of a table in this format; "" where text is
        never taken for it.
    insisted
        Further contents that may be this format, and are only where it is insisted on.
    stacked
        Module and function that reads a list of files of other samples each; "" where such files are not read.
    is_joint
        Whether files of this format hold some samples each, and are read as one table.
    plugin
        Where the reader of another distribution comes from, which takes a path; None for those of this package.
    """

    name: str
    place: str
    label: str
    description: str
    contents: tuple[str, ...] = ()
    header: str = ""
    insisted: tuple[str, ...] = ()
    stacked: str = ""
    is_joint: bool = False
    plugin: Plugin | None = None

    def reader(self, *, stacked: bool = False) -> Callable[..., Genotypes]:
        """The function that reads it, or several files of it as a stack."""
        if self.plugin is not None:
            return functools.partial(_read_by, self.plugin)
        module, _, name = (self.stacked if stacked else self.place).partition(":")
        reader: Callable[..., Genotypes] = self._function(module, name)
        return reader

    def has_header(self, first_row: Sequence[str]) -> bool:
        """Whether a first row is that of a table in this format."""
        return bool(self.header and self._function(self.place.partition(":")[0], self.header)(first_row))

    @staticmethod
    def _function(module: str, name: str) -> Any:
        return getattr(importlib.import_module(module), name)


_ALL = (
    GenotypeFormat(
        "vcf",
        "drugresponse.readers.vcf.reader:read_variants",
        label="VCF or BCF",
        description="VCF or BCF",
        contents=("vcf", "bcf"),
        stacked="drugresponse.readers.vcf.patients:read_patients",
    ),
    GenotypeFormat(
        "plink",
        "drugresponse.readers.plink.reader:read_plink",
        label="PLINK",
        description="a PLINK file",
        contents=("plink",),
    ),
    GenotypeFormat(
        "plink-raw",
        "drugresponse.readers.plink.text_reader:read_raw",
        label="PLINK's table for R, samples by variants (.raw)",
        description="what PLINK writes as .raw",
        header="looks_like_raw",
    ),
    GenotypeFormat(
        "plink-traw",
        "drugresponse.readers.plink.text_reader:read_traw",
        label="PLINK's table for R, variants by samples (.traw)",
        description="what PLINK writes as .traw",
        header="looks_like_traw",
    ),
    GenotypeFormat(
        "alterations",
        "drugresponse.readers.alterations.reader:read_alterations",
        label="List of alterations, such as Mutation Annotation Format",
        description="a table of alterations",
        contents=("maf",),
        header="looks_like_alterations",
        is_joint=True,
    ),
    GenotypeFormat(
        "star-alleles",
        "drugresponse.readers.star_alleles.reader:read_star_alleles",
        label="Star alleles, from PharmCAT or PyPGx or as a list",
        description="a table of star alleles",
        contents=("pypgx",),
        header="looks_like_star_alleles",
        is_joint=True,
    ),
    GenotypeFormat(
        "amrfinderplus",
        "drugresponse.readers.resistance.amrfinderplus:read_amrfinderplus",
        label="Resistance genes and mutations, from AMRFinderPlus",
        description="a table of AMRFinderPlus",
        header="looks_like_amrfinderplus",
        is_joint=True,
    ),
    GenotypeFormat(
        "resfinder",
        "drugresponse.readers.resistance.resfinder:read_resfinder",
        label="Resistance genes and mutations, from ResFinder and PointFinder",
        description="a table of ResFinder or PointFinder",
        header="looks_like_resfinder",
        is_joint=True,
    ),
    GenotypeFormat(
        "rgi",
        "drugresponse.readers.resistance.rgi:read_rgi",
        label="Resistance genes and variants, from RGI (CARD)",
        description="a table of RGI",
        header="looks_like_rgi",
        is_joint=True,
    ),
    GenotypeFormat(
        "hamronization",
        "drugresponse.readers.resistance.hamronization:read_hamronization",
        label="Resistance genes and mutations, from hAMRonization",
        description="a table of hAMRonization",
        header="looks_like_hamronization",
        is_joint=True,
    ),
    GenotypeFormat(
        "tb-profiler",
        "drugresponse.readers.resistance.tb_profiler:read_tb_profiler",
        label="Variants of tuberculosis, from TB-Profiler (JSON)",
        description="JSON of TB-Profiler",
        contents=("tb-profiler",),
        insisted=("a JSON document",),
        is_joint=True,
    ),
    GenotypeFormat(
        "sierra",
        "drugresponse.readers.resistance.sierra:read_sierra",
        label="Substitutions of HIV, from Sierra or sierra-local (JSON)",
        description="JSON of Sierra",
        contents=("sierra",),
        insisted=("a JSON document",),
        is_joint=True,
    ),
    GenotypeFormat(
        "substitutions",
        "drugresponse.readers.resistance.substitutions:read_substitutions",
        label="Lists of HIV substitutions, such as RT:M184V",
        description="a table of substitutions",
        header="looks_like_substitutions",
        is_joint=True,
    ),
    GenotypeFormat(
        "matrix",
        "drugresponse.readers.matrix.reader:read_matrix",
        label="Table of samples and features",
        description="a matrix",
        contents=("parquet",),
    ),
    GenotypeFormat(
        "gct",
        "drugresponse.readers.matrix.gct:read_gct",
        label="GCT table",
        description="a GCT table",
        contents=("gct",),
    ),
    GenotypeFormat(
        "anndata",
        "drugresponse.readers.matrix.anndata_file:read_anndata",
        label=".h5ad or .h5mu",
        description="an .h5ad file",
        contents=("hdf5",),
    ),
)
FORMATS: Mapping[str, GenotypeFormat] = MappingProxyType({record.name: record for record in _ALL})
"""Every format by name, in the order in which headers are tried; text of none of them is a matrix."""
FORMAT_LABELS: Mapping[str, str] = MappingProxyType(
    {"auto": "Told by content"} | {record.name: record.label for record in _ALL}
)
GENOTYPE_FORMATS: tuple[str, ...] = tuple(FORMAT_LABELS)


def find_format(name: str) -> GenotypeFormat:
    """A format by its name: of this package, or the one that another installed distribution reads under this name.

    Raises
    ------
    InputError
        No such format; the nearest name is suggested.

    Examples
    --------
    >>> find_format("matrix").description
    'a matrix'
    """
    if name in FORMATS:
        return FORMATS[name]
    plugin = find_plugin(READER_GROUP, name)
    if plugin is None:
        choices = [*GENOTYPE_FORMATS, *plugin_names(READER_GROUP)]
        raise InputError(f'`genotype_format`: "{name}" is unknown. {nearest(name, choices)}')
    return GenotypeFormat(name, plugin.place, name, f"a file that {plugin.distribution} reads", plugin=plugin)


def _read_by(plugin: Plugin, source: Source) -> Genotypes:
    """Genotypes by the reader of another distribution, whose mistakes are told as its own."""
    from drugresponse.data.genotypes import Genotypes

    reader = plugin.load()
    origin = f'{source.name}: the reader "{plugin.name}" of {plugin.distribution} {plugin.version}'
    try:
        genotypes = reader(source.path)
    except (DrugResponseError, OSError, MemoryError):
        raise
    except (Exception, SystemExit) as error:
        raise InputError(f"{origin} cannot read it ({error!r}). Check the file, or tell the authors.") from error
    if not isinstance(genotypes, Genotypes):
        raise InputError(
            f"{origin} gave {type(genotypes).__name__} (expected drugresponse.Genotypes). Tell the authors."
        )
    return genotypes
