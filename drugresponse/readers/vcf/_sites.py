"""What the header of a VCF or BCF file tells, and its records up to the calls."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from drugresponse.data.variants.chromosomes import are_human, plain_chromosome
from drugresponse.data.variants.genome_build import GenomeBuild
from drugresponse.errors import InputError, show_ids
from drugresponse.readers.variants.allele_calls import NO_ALLELE, SPANNED
from drugresponse.readers.vcf._calls import only_field

__all__ = ["Site", "VariantHeader"]

_ANY_OTHER = frozenset(NO_ALLELE) - frozenset(SPANNED)
_FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
_CONTIG = re.compile(r"##contig=<(?:.*,)?ID=([^,>]+)")
_LENGTH = re.compile(r"##contig=<.*\blength=(\d+)")
_REFERENCE = re.compile(r"##(?:reference=|assembly=|contig=<.*\bassembly=)([^,>]*)")
_LENGTHS = {
    "GRCh37": """
    249250621 243199373 198022430 191154276 180915260 171115067 159138663 146364022 141213431 135534747 135006516
    133851895 115169878 107349540 102531392 90354753 81195210 78077248 59128983 63025520 48129895 51304566 155270560
    59373566""",
    "GRCh38": """
    248956422 242193529 198295559 190214555 181538259 170805979 159345973 145138636 138394717 133797422 135086622
    133275309 114364328 107043718 101991189 90338345 83257441 80373285 58617616 64444167 46709983 50818468 156040895
    57227415""",
}
"""Bases of the human chromosomes 1 to 22, X and Y in each build, as the Genome Reference Consortium gives them."""
_BUILD_OF = {length: build for build, lengths in _LENGTHS.items() for length in lengths.split()}
_INFO_LINE = re.compile(r'##INFO=<ID=([^,>]+),.*?Description="(.*)"', re.DOTALL)


class Site(NamedTuple):
    """A record: where it stands in the file, and its alleles.

    `info` gives the text of a field of INFO, or None; `calls` are the names of the fields of the samples, and their
    columns; `failed` names the filters that the record did not pass.

    Examples
    --------
    >>> Site(1, "1", 9, "C", ("T",), {}.get, (b"GT:DP", b"0/1:7")).sample_field(b"DP")
    b'7'
    """

    number: int
    chromosome: str
    position: int
    reference: str
    alternates: tuple[str, ...]
    info: Callable[[str], str | None]
    calls: tuple[bytes, bytes]
    failed: str = ""

    @property
    def reference_only(self) -> bool:
        """Whether there is no alternate but any other allele, as in blocks of gVCF."""
        return _ANY_OTHER.issuperset(self.alternates)

    def sample_field(self, name: bytes) -> bytes | None:
        """The columns of the samples with nothing but this field; None where the record does not have it."""
        fields, text = self.calls
        if fields == name:
            return text
        # most records have none of those that are asked for: no list is made for them
        if name not in fields or name not in (names := fields.split(b":")):
            return None
        return only_field(text, names.index(name))


@dataclass(frozen=True)
class VariantHeader:
    """What the header tells.

    Attributes
    ----------
    samples
        Names of the samples, in the order of the columns.
    descriptions
        What the header says about each field of INFO.
    build
        The human genome build, `GRCh37` or `GRCh38`; "" where the header tells none, or both.
    contigs
        Names of the chromosomes that the header lists.
    lengths
        Bases of those of which it tells them, by the plain name.
    """

    samples: tuple[str, ...]
    descriptions: dict[str, str] = field(default_factory=dict)
    build: str = ""
    contigs: tuple[str, ...] = ()
    lengths: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def parse(cls, text: str, where: str) -> VariantHeader:
        r"""Read the header up to the line with the names of the columns.

        Raises
        ------
        InputError
            That line is absent or wrong, there are no samples, or two bear one name.

        Examples
        --------
        >>> VariantHeader.parse("#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\ts1\n", "cohort.vcf").samples
        ('s1',)
        """
        lines = text.rstrip("\r\n").split("\n")
        cells = lines[-1].rstrip("\r").split("\t")
        if cells[: len(_FIXED)] != _FIXED or cells[len(_FIXED) :][:1] not in ([], ["FORMAT"]):
            raise InputError(
                f"{where}: the header of this VCF or BCF file cannot be read (expected a line #CHROM, POS, ID, REF, "
                "ALT, QUAL, FILTER, INFO, FORMAT and samples, separated by tabs). Check it with: bcftools view -h"
            )
        samples = cells[len(_FIXED) + 1 :]
        if not samples:
            raise InputError(f"{where}: found no samples (expected columns after FORMAT). Give a file with genotypes.")
        if len(set(samples)) < len(samples):
            repeated = dict.fromkeys(name for name, count in Counter(samples).items() if count > 1)
            raise InputError(
                f"{where}: {show_ids(repeated)} names more than one sample (expected each once). Rename or remove one."
            )
        described = {match[1]: match[2] for line in lines if (match := _INFO_LINE.match(line))}
        contigs = tuple(match[1] for line in lines if (match := _CONTIG.match(line)))
        lengths = _lengths_of(lines, human=are_human(contigs))
        return cls(tuple(samples), described, _build_of(lines), contigs, lengths)


def _lengths_of(lines: list[str], *, human: bool) -> dict[str, int]:
    told = ((_CONTIG.match(line), _LENGTH.match(line)) for line in lines)
    return {plain_chromosome(name[1], human=human): int(length[1]) for name, length in told if name and length}


def _build_of(lines: list[str]) -> str:
    """By the lengths of chromosomes, which do not lie; else by what the header calls the reference."""
    lengths = (match[1] for line in lines if (match := _LENGTH.match(line)))
    builds = {_BUILD_OF[length] for length in lengths if length in _BUILD_OF}
    if not builds:
        named = (GenomeBuild.named(match[1]).name for line in lines if (match := _REFERENCE.match(line)))
        builds = {name for name in named if name in _LENGTHS}
    return builds.pop() if len(builds) == 1 else ""
