"""What the header of a VCF or BCF file tells, and its records up to the calls."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from drugresponse.errors import InputError, show_ids

__all__ = ["Site", "VariantHeader"]

_FIXED = ["#CHROM", "POS", "ID", "REF", "ALT", "QUAL", "FILTER", "INFO"]
_INFO_LINE = re.compile(r'##INFO=<ID=([^,>]+),.*?Description="(.*)"', re.DOTALL)


class Site(NamedTuple):
    """A record: where it stands in the file, and its alleles.

    `info` gives the text of a field of INFO, or None; `calls` are the names of the fields of the samples, and their
    columns.
    """

    number: int
    chromosome: str
    position: int
    reference: str
    alternates: tuple[str, ...]
    info: Callable[[str], str | None]
    calls: tuple[bytes, bytes]


@dataclass(frozen=True)
class VariantHeader:
    """What the header tells.

    Attributes
    ----------
    samples
        Names of the samples, in the order of the columns.
    descriptions
        What the header says about each field of INFO.
    """

    samples: tuple[str, ...]
    descriptions: dict[str, str] = field(default_factory=dict)

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
            repeated = dict.fromkeys(each for each in samples if samples.count(each) > 1)
            raise InputError(
                f"{where}: {show_ids(repeated)} names more than one sample (expected each once). Rename or remove one."
            )
        told = (_INFO_LINE.match(line) for line in lines)
        return cls(tuple(samples), {found[1]: found[2] for found in told if found})
